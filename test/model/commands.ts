import fc from 'fast-check';
import type { Bench } from './bench.ts';
import type { ActorKind, PortName, Trap, TrapMode } from './world/actor.ts';
import { ABANDON_RUNBOOK_NAME, ROLL_BACK_RUNBOOK_NAME, RUNBOOK_NAME } from './world/runbooks.ts';

/** The world itself is looked at, so that nothing has to be known beforehand. */
export type Nothing = Record<string, never>;
type Command = fc.AsyncCommand<Nothing, Bench>;

/** Something that people or fate do; the rules must hold after it. */
class Act implements Command {
  constructor(private readonly text: string, private readonly act: (bench: Bench) => unknown, private readonly may: (bench: Bench) => boolean = () => true) {}

  check(): boolean {
    return true;
  }

  async run(_model: Nothing, bench: Bench): Promise<void> {
    if (!this.may(bench)) return;
    bench.tell(this.text);
    await this.act(bench);
    // What is due at this very moment happens.
    await bench.world.time.pass(0);
    await bench.hold();
  }

  toString(): string {
    return this.text;
  }
}

const act = (text: string, what: (bench: Bench) => unknown, may?: (bench: Bench) => boolean): fc.Arbitrary<Command> => fc.constant(new Act(text, what, may));

const seconds = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200 }), fc.constantFrom(600, 7_200));

const trap: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom<ActorKind>('step', 'relay'),
  port: fc.constantFrom<PortName | 'any'>('any', 'files', 'processes', 'octopus'),
  countdown: fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 150 })),
  mode: fc.constantFrom<TrapMode>('before', 'torn', 'after', 'answer-lost'),
  what: fc.constantFrom<Trap['what']>('kill', 'kill', 'suspend', 'power-cut'),
}).map((one) => new Act(`${one.mode === 'answer-lost' ? 'the answer is lost' : one.what} ${one.mode} effect ${one.countdown} (${one.port}) of a ${one.kind}`, (bench) => bench.world.traps.push({ ...one })));

const which = fc.nat(3);
const machine = (text: string, what: (bench: Bench, index: number) => unknown): fc.Arbitrary<Command> => which.map((index) => new Act(`${text} (machine ${index})`, (bench) => what(bench, index)));

export const COMMANDS: readonly { weight: number; arbitrary: fc.Arbitrary<Command> }[] = [
  // People run runbooks, and wait or do not.
  { weight: 5, arbitrary: act('run the runbook and wait', async (bench) => (bench.queue(RUNBOOK_NAME), bench.rest())) },
  { weight: 4, arbitrary: act('run the runbook', (bench) => bench.queue(RUNBOOK_NAME)) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 10 }).map((steps) => new Act(`run ${steps} step(s) of the runbook and wait`, async (bench) => (bench.queue(RUNBOOK_NAME, steps), bench.rest()))) },
  { weight: 2, arbitrary: act('run the runbook with another text that forces', (bench) => (bench.nextForce(), bench.queue(RUNBOOK_NAME))) },
  { weight: 3, arbitrary: act('roll back', (bench) => bench.queue(ROLL_BACK_RUNBOOK_NAME)) },
  { weight: 2, arbitrary: act('roll back and wait', async (bench) => (bench.queue(ROLL_BACK_RUNBOOK_NAME), bench.rest())) },
  { weight: 2, arbitrary: act('abandon', (bench) => bench.queue(ABANDON_RUNBOOK_NAME)) },
  { weight: 2, arbitrary: act('abandon and wait', async (bench) => (bench.queue(ABANDON_RUNBOOK_NAME), bench.rest())) },
  { weight: 8, arbitrary: seconds.map((time) => new Act(`wait ${time} s`, (bench) => bench.world.time.pass(time * 1_000))) },
  { weight: 2, arbitrary: fc.constantFrom('ends' as const, 'goes on' as const, 'sleeps' as const).map((how) => new Act(`cancel the run; its step ${how}`, (bench) => {
    const running = bench.world.octopus.unfinished.find((task) => task.name === 'RunbookRun');
    if (running) bench.world.cancel(running.id, how);
  })) },
  // Processes end, or are stopped and wake up.
  { weight: 8, arbitrary: trap },
  { weight: 2, arbitrary: act('kill the relay', (bench) => bench.world.machine.relayActor?.kill()) },
  { weight: 1, arbitrary: act('stop the relay (SIGSTOP)', (bench) => bench.world.machine.relayActor?.suspend()) },
  { weight: 2, arbitrary: act('whoever was stopped wakes up', (bench) => bench.world.actors.forEach((actor) => actor.wake())) },
  { weight: 1, arbitrary: act('cut the power of the host', (bench) => bench.world.powerCut()) },
  { weight: 2, arbitrary: act('boot the host', (bench) => bench.world.boot()) },
  // Octopus and its nodes.
  { weight: 2, arbitrary: act('crash the server', (bench) => bench.crashServer()) },
  { weight: 1, arbitrary: act('Octopus cannot be reached', (bench) => (bench.world.octopus.isCutOff = true)) },
  { weight: 1, arbitrary: act('Octopus can be reached again', (bench) => (bench.world.octopus.isCutOff = false)) },
  { weight: 1, arbitrary: act('the database cannot be reached', (bench) => bench.world.octopus.connect(bench.world.hostNode, false)) },
  { weight: 1, arbitrary: act('the database can be reached again', (bench) => bench.world.octopus.connect(bench.world.hostNode, true)) },
  { weight: 1, arbitrary: fc.boolean().map((isCareful) => new Act(`an administrator imports a third certificate${isCareful ? ' with care' : ''}`, (bench) => bench.importForeign(isCareful), (bench) => bench.world.isHostOn)) },
  // Machines.
  { weight: 2, arbitrary: machine('a machine goes off', (bench, index) => bench.tentacle(index).powerOff()) },
  { weight: 2, arbitrary: machine('a machine comes on', (bench, index) => bench.tentacle(index).powerOn()) },
  { weight: 1, arbitrary: machine('a machine is cut off', (bench, index) => (bench.tentacle(index).isCutOff = true)) },
  { weight: 1, arbitrary: machine('a machine is reached again', (bench, index) => (bench.tentacle(index).isCutOff = false)) },
  { weight: 1, arbitrary: machine('the next restart of a machine fails', (bench, index) => (bench.tentacle(index).failsToStart = true)) },
  { weight: 1, arbitrary: machine('a machine is disabled', (bench, index) => bench.tentacle(index).registration && (bench.tentacle(index).registration!.isDisabled = true)) },
  { weight: 2, arbitrary: fc.constantFrom('listening' as const, 'polling' as const).map((route) => new Act(`a ${route} machine joins`, (bench) => bench.join(route), (bench) => bench.world.octopus.nodes.some((node) => node.presents !== null))) },
  { weight: 1, arbitrary: machine('a machine is removed', (bench, index) => (bench.tentacle(index).registration = null)) },
  // The state folder and the clock.
  { weight: 1, arbitrary: act('the state folder is backed up', (bench) => bench.backUpState()) },
  { weight: 1, arbitrary: act('the state folder is put back from the backup', (bench) => bench.restoreState(), (bench) => bench.mayRestore) },
  { weight: 1, arbitrary: fc.constantFrom(-48, -1, 1, 48).map((hours) => new Act(`the clock jumps by ${hours} hours`, (bench) => bench.world.time.jump(hours * 3_600_000))) },
];

export const commands = (maxCommands: number): fc.Arbitrary<Iterable<Command>> => fc.commands(COMMANDS.flatMap(({ weight, arbitrary }) => Array.from({ length: weight }, () => arbitrary)), { maxCommands, size: 'max' });
