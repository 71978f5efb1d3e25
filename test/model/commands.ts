import fc from 'fast-check';
import type { Bench } from './bench.ts';
import type { ActorKind, PortName, Trap, TrapMode } from './world/actor.ts';
import type { Host } from './world/host.ts';
import { ABANDON_RUNBOOK_NAME, ROLL_BACK_RUNBOOK_NAME, RUNBOOK_NAME } from './world/runbooks.ts';

const HOUR_MS = 3_600_000;
const AWAITED_MS = 600_000;

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

const trap = (...kinds: ActorKind[]): fc.Arbitrary<Command> => fc.record({
  kind: fc.constantFrom(...kinds),
  port: fc.constantFrom<PortName | 'any'>('any', 'files', 'processes', 'octopus'),
  countdown: fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 150 })),
  mode: fc.constantFrom<TrapMode>('before', 'torn', 'after', 'answer-lost'),
  what: fc.constantFrom<Trap['what']>('kill', 'kill', 'suspend', 'power-cut'),
}).map((one) => new Act(`${one.mode === 'answer-lost' ? 'the answer is lost' : one.what} ${one.mode} effect ${one.countdown} (${one.port}) of a ${one.kind === 'node' ? 'relay that does not lead' : one.kind}`, (bench) => bench.world.traps.push({ ...one })));

const blind = trap('step', 'relay');

/** The same where each strikes: an answer is lost by Octopus only, and a relay that does not lead does little. */
const aimed = (...kinds: ActorKind[]): fc.Arbitrary<Command> => fc.record({
  kind: fc.constantFrom(...kinds),
  how: fc.oneof(fc.record({ port: fc.constantFrom<PortName | 'any'>('any', 'files', 'processes'), mode: fc.constantFrom<TrapMode>('before', 'torn', 'after') }), fc.record({ port: fc.constant<PortName>('octopus'), mode: fc.constantFrom<TrapMode>('before', 'after', 'answer-lost') })),
  countdown: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 60 })),
  what: fc.constantFrom<Trap['what']>('kill', 'kill', 'suspend', 'power-cut'),
  isAwaited: fc.boolean(),
}).map(({ kind, how, countdown, what, isAwaited }) => new Act(`${how.mode === 'answer-lost' ? 'the answer is lost' : what} ${how.mode} effect ${countdown} (${how.port}) of a ${kind === 'node' ? 'relay that does not lead' : kind}${isAwaited ? ', and wait for it' : ''}`, async (bench) => {
  const trap: Trap = { kind, ...how, countdown, what };
  bench.world.traps.push(trap);
  if (isAwaited) await bench.rest(AWAITED_MS, () => !bench.world.traps.includes(trap));
}));

const which = fc.nat(3);
const machine = (text: string, what: (bench: Bench, index: number) => unknown): fc.Arbitrary<Command> => which.map((index) => new Act(`${text} (machine ${index})`, (bench) => what(bench, index)));

type Theme = 'nodes' | 'share' | 'joins' | 'runs' | 'ways out' | 'contenders' | 'ends' | 'server' | 'foreign' | 'machines' | 'state';
interface Offered { theme: Theme; weight: number; arbitrary: fc.Arbitrary<Command> }

const offered = (theme: Theme, weight: number, arbitrary: fc.Arbitrary<Command>): Offered => ({ theme, weight, arbitrary });

const waiting = (time: fc.Arbitrary<number>): fc.Arbitrary<Command> => time.map((length) => new Act(`wait ${length} s`, (bench) => bench.world.time.pass(length * 1_000)));
const waits = waiting(seconds);

const COMMANDS: readonly Offered[] = [
  // People run runbooks, and wait or do not.
  offered('runs', 5, act('run the runbook and wait', async (bench) => (bench.queue(RUNBOOK_NAME), bench.rest()))),
  offered('runs', 4, act('run the runbook', (bench) => bench.queue(RUNBOOK_NAME))),
  offered('runs', 3, fc.integer({ min: 1, max: 10 }).map((steps) => new Act(`run ${steps} step(s) of the runbook and wait`, async (bench) => (bench.queue(RUNBOOK_NAME, steps), bench.rest())))),
  offered('contenders', 2, act('run the runbook with another text that forces', (bench) => (bench.nextForce(), bench.queue(RUNBOOK_NAME)))),
  offered('ways out', 3, act('roll back', (bench) => bench.queue(ROLL_BACK_RUNBOOK_NAME))),
  offered('ways out', 2, act('roll back and wait', async (bench) => (bench.queue(ROLL_BACK_RUNBOOK_NAME), bench.rest()))),
  offered('ways out', 2, act('abandon', (bench) => bench.queue(ABANDON_RUNBOOK_NAME))),
  offered('ways out', 2, act('abandon and wait', async (bench) => (bench.queue(ABANDON_RUNBOOK_NAME), bench.rest()))),
  offered('runs', 8, waits),
  offered('contenders', 2, fc.constantFrom('ends' as const, 'goes on' as const, 'sleeps' as const).map((how) => new Act(`cancel the run; its step ${how}`, (bench) => {
    const running = bench.world.octopus.unfinished.find((task) => task.name === 'RunbookRun');
    if (running) bench.world.cancel(running.id, how);
  }))),
  // Processes end, or are stopped and wake up.
  offered('ends', 8, blind),
  offered('ends', 2, act('kill the relay', (bench) => bench.world.machine.relayActor?.kill())),
  offered('contenders', 1, act('stop the relay (SIGSTOP)', (bench) => bench.world.machine.relayActor?.suspend())),
  offered('contenders', 2, act('whoever was stopped wakes up', (bench) => bench.world.actors.forEach((actor) => actor.wake()))),
  offered('ends', 1, act('cut the power of the host', (bench) => bench.world.powerCut())),
  offered('ends', 2, act('boot the host', (bench) => bench.world.boot())),
  // Octopus and its nodes.
  offered('server', 2, act('crash the server', (bench) => bench.crashServer())),
  offered('server', 1, act('Octopus cannot be reached', (bench) => bench.world.octopus.cutOff.add(bench.world.machine.name))),
  offered('server', 1, act('Octopus can be reached again', (bench) => bench.world.octopus.cutOff.delete(bench.world.machine.name))),
  offered('server', 1, act('the database cannot be reached', (bench) => bench.world.octopus.connect(bench.world.hostNode, false))),
  offered('server', 1, act('the database can be reached again', (bench) => bench.world.octopus.connect(bench.world.hostNode, true))),
  offered('foreign', 1, fc.boolean().map((isCareful) => new Act(`an administrator imports a third certificate${isCareful ? ' with care' : ''}`, (bench) => bench.importForeign(isCareful), (bench) => bench.world.isHostOn))),
  // Machines.
  offered('machines', 2, machine('a machine goes off', (bench, index) => bench.tentacle(index).powerOff())),
  offered('machines', 2, machine('a machine comes on', (bench, index) => bench.tentacle(index).powerOn())),
  offered('machines', 1, machine('a machine is cut off', (bench, index) => (bench.tentacle(index).isCutOff = true))),
  offered('machines', 1, machine('a machine is reached again', (bench, index) => (bench.tentacle(index).isCutOff = false))),
  offered('machines', 1, machine('the next restart of a machine fails', (bench, index) => (bench.tentacle(index).failsToStart = true))),
  offered('machines', 1, machine('a machine is disabled', (bench, index) => bench.tentacle(index).registration && (bench.tentacle(index).registration!.isDisabled = true))),
  offered('machines', 2, fc.constantFrom('listening' as const, 'polling' as const).map((route) => new Act(`a ${route} machine joins`, (bench) => bench.join(route), (bench) => bench.world.octopus.nodes.some((node) => node.presents !== null)))),
  offered('machines', 1, machine('a machine is removed', (bench, index) => (bench.tentacle(index).registration = null))),
  // The state folder and the clock.
  offered('state', 1, act('the state folder is backed up', (bench) => bench.backUpState())),
  offered('state', 1, act('the state folder is put back from the backup', (bench) => bench.restoreState(), (bench) => bench.mayRestore)),
  offered('state', 1, fc.constantFrom(-48, -1, 1, 48).map((hours) => new Act(`the clock jumps by ${hours} hours`, (bench) => bench.world.time.jump(hours * 3_600_000)))),
];

const node = (text: string, what: (bench: Bench, host: Host) => unknown, may?: (host: Host) => boolean): fc.Arbitrary<Command> =>
  fc.nat(1).map((index) => new Act(`${text} (node ${index + 2})`, (bench) => what(bench, bench.host(index)), (bench) => may === undefined || may(bench.host(index))));
const anyHost = (bench: Bench, index: number): Host => bench.world.hosts[index % bench.world.hosts.length]!;

/** What may happen besides where there are several server nodes. */
const WITH_SEVERAL_NODES: readonly Offered[] = [
  // Relays of nodes look every second whether somebody wants something, so that hours of it take long.
  offered('runs', 8, waiting(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200 }), fc.constantFrom(600, 1_500)))),
  // Between the swap and retiring there is time for much.
  offered('runs', 2, fc.constantFrom(24, 24, 0).map((hours) => new Act(`a grace period of ${hours} hours is set`, (bench) => (bench.world.setting.graceHours = hours)))),
  offered('nodes', 6, aimed('node')),
  offered('ends', 8, aimed('step', 'relay')),
  offered('nodes', 2, node('kill the relay', (_bench, host) => host.relayActor?.kill())),
  offered('nodes', 2, node('stop the relay (SIGSTOP)', (_bench, host) => host.relayActor?.suspend())),
  offered('nodes', 2, act('whoever was stopped wakes up', (bench) => bench.world.actors.forEach((actor) => actor.wake()))),
  offered('nodes', 2, node('crash the server', (bench, host) => bench.crashServer(host))),
  offered('nodes', 2, node('the server does not come up again', (_bench, host) => (host.node.staysDown = true))),
  offered('nodes', 1, node('the server can come up again', (_bench, host) => (host.node.staysDown = false))),
  offered('nodes', 1, node('cut the power', (bench, host) => bench.world.powerCut(host))),
  offered('nodes', 2, node('boot', (bench, host) => bench.world.boot(host))),
  offered('share', 2, fc.tuple(fc.nat(2), fc.constantFrom('fails' as const, 'hangs' as const)).map(([index, how]) => new Act(`the shared folder ${how} (node ${index + 1})`, (bench) => (anyHost(bench, index).share = how)))),
  offered('share', 1, fc.constantFrom('fails' as const, 'hangs' as const).map((how) => new Act(`the shared folder ${how} everywhere`, (bench) => bench.world.hosts.forEach((host) => (host.share = how))))),
  offered('share', 2, act('the shared folder is there everywhere', (bench) => bench.world.hosts.forEach((host) => (host.share = 'there')))),
  offered('share', 2, node('Octopus cannot be reached', (bench, host) => bench.world.octopus.cutOff.add(host.name))),
  offered('share', 1, node('Octopus can be reached again', (bench, host) => bench.world.octopus.cutOff.delete(host.name))),
  offered('share', 2, node('the database cannot be reached', (bench, host) => bench.world.octopus.connect(host.node, false))),
  offered('share', 1, node('the database can be reached again', (bench, host) => bench.world.octopus.connect(host.node, true))),
  offered('joins', 2, act('a server node joins', (bench) => bench.world.joinNode(), (bench) => bench.world.hosts.length < 4 && bench.world.octopus.nodes.some((one) => one.presents !== null))),
];

/** One sequence has few themes, so that what belongs together comes together more often. */
const MIXTURES: readonly (readonly Theme[])[] = [
  ['runs', 'ends'], ['runs', 'ends', 'ways out'], ['runs', 'ends', 'server'], ['runs', 'contenders', 'ends'], ['runs', 'machines'], ['runs', 'machines', 'ways out', 'ends'], ['runs', 'state', 'ends'], ['runs', 'ends', 'foreign', 'ways out'], ['runs', 'server', 'machines'],
  ['runs', 'ways out', 'contenders', 'ends', 'server', 'foreign', 'machines', 'state'],
];

const MIXTURES_WITH_SEVERAL_NODES: readonly (readonly Theme[])[] = [
  ['runs', 'nodes'], ['runs', 'nodes', 'ends'], ['runs', 'nodes', 'ways out'], ['runs', 'share', 'ways out'], ['runs', 'share', 'nodes', 'ends'], ['runs', 'nodes', 'contenders', 'ways out'], ['runs', 'joins', 'ends', 'ways out'], ['runs', 'nodes', 'foreign', 'ways out'], ['runs', 'nodes', 'machines'],
  ['runs', 'nodes', 'share', 'joins', 'ways out', 'contenders', 'ends', 'server', 'foreign', 'machines', 'state'],
];

/** Sequences for a server of so many nodes. */
export function commands(maxCommands: number, nodes: number): fc.Arbitrary<Iterable<Command>> {
  const [all, mixtures] = nodes > 1 ? [[...COMMANDS.filter(({ arbitrary }) => arbitrary !== blind && arbitrary !== waits), ...WITH_SEVERAL_NODES], MIXTURES_WITH_SEVERAL_NODES] : [COMMANDS, MIXTURES];
  const mixed = mixtures.map((themes) => fc.commands(all.filter(({ theme }) => themes.includes(theme)).flatMap(({ weight, arbitrary }) => Array.from({ length: weight }, () => arbitrary)), { maxCommands, size: 'max' }));
  return fc.oneof(...mixed);
}

/** Where a sequence begins: most of what may happen to a rotation happens in the middle of one. */
export type Beginning = 'before any run' | 'in the first run' | 'in the row' | 'in the grace period' | 'in the row back';
export const BEGINNINGS: readonly Beginning[] = ['before any run', 'in the first run', 'in the row', 'in the row', 'in the grace period', 'in the row back'];

export async function begin(bench: Bench, beginning: Beginning): Promise<void> {
  if (beginning === 'before any run') return;
  bench.tell(`a sequence begins ${beginning}`);
  const { world } = bench;
  if (beginning !== 'in the first run') world.setting.graceHours = 24;
  bench.queue(RUNBOOK_NAME);
  const imported = (count: number) => (): boolean => world.events.filter((one) => one.event === 'certificate-imported').length === count;
  if (beginning === 'in the row') await bench.rest(HOUR_MS, imported(1));
  if (beginning === 'in the grace period' || beginning === 'in the row back') await bench.rest();
  await bench.hold();
  if (beginning !== 'in the row back') return;
  bench.queue(ROLL_BACK_RUNBOOK_NAME);
  await bench.rest(HOUR_MS, imported(2));
  await bench.hold();
}
