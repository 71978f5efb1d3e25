import { createHash } from 'node:crypto';
import type { RelayJob } from '../../../schemas/types/relay-job.ts';
import { refusalsOf } from '../../../src/errors/refusal.ts';
import type { LeaseMarker } from '../../../src/journal/contract.ts';
import { LEASE_SET, LEASE_VARIABLE } from '../../../src/journal/lease-store.ts';
import type { PhaseContext } from '../../../src/phases/context.ts';
import { relayControl } from '../../../src/runners/relay-control.ts';
import { retireRelay, runRelay } from '../../../src/runners/relay.ts';
import { Actor, type ActorKind, type Effect, type Fate, type Trap } from './actor.ts';
import { certificates } from './certificates.ts';
import { Disk } from './disk.ts';
import { Host, TENTACLE } from './host.ts';
import { Octopus, URL, type Node, type Run } from './octopus.ts';
import { RUNBOOKS, type RunbookName } from './runbooks.ts';
import { Tentacle } from './tentacle.ts';
import { Time } from './time.ts';

export const STATE = '/state';
export const SECRET = 'the secret of a world that exists only here';
const PROGRAM = '/package/relay.js';
const BOOT_MS = 20_000;

/** What happened, as the ground truth of a sandbox tells it; `at` by a clock that never jumps. */
export interface WorldEvent { at: string; event: string; machine: string; [more: string]: unknown }

/** How a run of a runbook ended. */
export interface RunEnd { state: string; refusals: { code: string; text: string }[]; defects: string[] }

/** Everything outside the product: one Octopus, its Tentacles, the host. Notes what happens, and what never may. */
export class World {
  readonly time = new Time();
  readonly disk = new Disk();
  readonly octopus: Octopus;
  readonly machine: Host;
  readonly actors: Actor[] = [];
  readonly traps: Trap[] = [];
  readonly story: string[] = [];
  readonly events: WorldEvent[] = [];
  readonly violations: string[] = [];
  readonly ends = new Map<string, RunEnd>();
  /** True times of the lines of each journal. */
  stamps = new Map<string, string[]>();
  isHostOn = true;
  /** Told of each rotation whose journal is made. */
  onJournal: (id: string) => void = () => undefined;
  /** Told of each machine that joins. */
  onJoin: (tentacle: Tentacle) => void = () => undefined;
  private isNew = true;
  /** Machines that joined after the world began. */
  readonly joinedLater: string[] = [];
  /** Fences that processes hold the lease with. */
  private readonly taken = new Map<Actor, number>();
  private highest = 0;
  private leased: string | null = null;
  private boots = 1;
  private pid = 1000;
  private randoms = 0;
  /** Of runs that a person stops after so many steps. */
  readonly stepLimits = new Map<string, number>();
  private readonly executing = new Map<string, Actor>();

  constructor(given: readonly { name: string; route: 'listening' | 'polling'; viaProxy?: boolean }[]) {
    this.octopus = new Octopus(certificates().old.thumbprint, this.time, {
      nodeStarted: (node) => {
        this.note('server-started', node.machine, { thumbprint: node.presents });
        this.tell(`the server starts and presents ${this.called(node.presents!)}`);
      },
      nodeStopped: (node, isRequested) => {
        this.note('unit-stopped', node.machine, { unit: 'octopusserver.service', requested: isRequested });
        this.tell(isRequested ? 'the server is stopped' : 'the server crashes');
      },
      drained: (node) => {
        this.note('drain-changed', node.machine, { drained: node.isDraining });
        this.tell(node.isDraining ? 'the node is drained' : 'the node is undrained');
      },
      begin: (run, node) => void this.execute(run, node),
      wrote: (actor, variables) => this.noteLease(actor, variables[LEASE_VARIABLE]),
      violate: (text) => this.violate(text),
    });
    this.machine = new Host(this, (actor, jobPath) => this.relayMain(actor, jobPath));
    this.machine.unpack(PROGRAM, '// the relay');
    this.octopus.addNode('NODE1', 'octopus-01');
    for (const one of [{ name: 'octopus-01', route: 'listening' as const }, ...given]) this.join(one);
    this.isNew = false;
  }

  get host(): Tentacle {
    return this.octopus.tentacles.find((one) => one.isHost)!;
  }

  get hostNode(): Node {
    return this.octopus.nodes[0]!;
  }

  /** A machine is set up and registered; it trusts the certificate that the server presents then. */
  join({ name, route, viaProxy = false }: { name: string; route: 'listening' | 'polling'; viaProxy?: boolean }): Tentacle {
    const tentacle = new Tentacle(name, route, name === 'octopus-01', viaProxy, this.time, {
      wrote: (one) => this.note('tentacle-config-written', one.name, { trusted: one.stored.map((entry) => entry.thumbprint) }),
      started: (one) => this.note('tentacle-started', one.name, { effective: one.loaded!.map((entry) => entry.thumbprint) }),
      stopped: (one, isRequested) => {
        this.note('unit-stopped', one.name, { unit: 'Tentacle.service', requested: isRequested });
        // Whatever its scripts started goes with the unit (D15).
        if (one.isHost) for (const actor of this.actors) if (actor.kind === 'step') actor.kill();
      },
    });
    this.octopus.tentacles.push(tentacle);
    tentacle.setUp(this.octopus.nodes.find((node) => node.presents !== null)?.presents ?? this.octopus.thumbprint, this.octopus.nodes.map((node) => node.address));
    this.octopus.register(tentacle);
    if (!this.isNew) this.joinedLater.push(name);
    this.onJoin(tentacle);
    return tentacle;
  }

  // What is noted.

  private get trueTime(): string {
    return new Date(Date.parse('2026-11-24T08:00:00Z') + this.time.monotonic()).toISOString();
  }

  note(event: string, machine: string, more: object): void {
    this.events.push({ at: this.trueTime, event, machine, ...more });
  }

  tell(text: string): void {
    this.story.push(`${String(Math.round(this.time.monotonic() / 1000)).padStart(6)} s  ${text}`);
  }

  violate(text: string): void {
    this.violations.push(text);
    this.tell(`NEVER: ${text}`);
  }

  stamp(path: string, content: string): void {
    const stamps = this.stamps.get(path) ?? [];
    for (let at = content.indexOf('\n'); at !== -1; at = content.indexOf('\n', at + 1)) stamps.push(this.trueTime);
    this.stamps.set(path, stamps);
  }

  /** OLD, NEW1 and so on instead of forty digits. */
  called(thumbprint: string): string {
    const { old, made, foreign } = certificates();
    if (thumbprint === old.thumbprint) return 'OLD';
    if (thumbprint === foreign.thumbprint) return 'FOREIGN';
    const index = made.findIndex((one) => one.thumbprint === thumbprint);
    return index === -1 ? thumbprint : `NEW${index + 1}`;
  }

  imported(thumbprint: string, by = 'octopus-01'): void {
    this.note('certificate-imported', by, { from: this.octopus.thumbprint, to: thumbprint });
    this.octopus.thumbprint = thumbprint;
    this.tell(`${this.called(thumbprint)} is imported`);
  }

  get marker(): LeaseMarker | null {
    const text = this.octopus.variable(LEASE_SET, LEASE_VARIABLE);
    return text ? (JSON.parse(text) as LeaseMarker) : null;
  }

  private noteLease(actor: Actor, text: string | undefined): void {
    const marker = text ? (JSON.parse(text) as LeaseMarker) : null;
    if (marker === null || marker.holder.process?.pid !== actor.identity.pid) return;
    // Where there is neither marker nor state folder any more, the next rotation counts anew.
    if (marker.rotationId !== this.leased) this.taken.clear();
    else if (marker.fence <= this.highest) this.violate(`the lease was taken with the fence ${marker.fence} after ${this.highest}`);
    this.leased = marker.rotationId;
    this.highest = marker.fence;
    this.taken.set(actor, marker.fence);
  }

  // Processes.

  spawn(kind: ActorKind, name: string): Actor {
    const fate: Fate = { next: (actor, effect) => this.next(actor, effect), strike: (actor, trap, effect) => this.strike(actor, trap, effect) };
    const actor = new Actor(kind, name, this.pid++, `b00701d0-0000-4000-8000-${String(this.boots).padStart(12, '0')}`, fate);
    this.actors.push(actor);
    return actor;
  }

  private next(actor: Actor, effect: Effect<unknown>): Trap | null {
    const fence = this.taken.get(actor);
    if (effect.guarded && fence !== undefined && fence < this.highest) this.violate(`${actor.name} (fence ${fence}) does "${effect.name}" although the lease was taken with the fence ${this.highest}`);
    if (effect.guarded) this.tell(`${actor.name}: ${effect.name}`);
    for (const trap of this.traps) {
      if (trap.kind !== actor.kind || (trap.port !== 'any' && trap.port !== effect.port) || (trap.mode === 'answer-lost' && effect.port !== 'octopus')) continue;
      if (--trap.countdown > 0) continue;
      this.traps.splice(this.traps.indexOf(trap), 1);
      return trap;
    }
    return null;
  }

  private strike(actor: Actor, trap: Trap, effect: Effect<unknown>): void {
    this.tell(`${actor.name}: ${trap.what} ${trap.mode === 'torn' ? 'in the middle of' : trap.mode} "${effect.name.replace(STATE, '').replace(/sc-\d{8}-[0-9a-f]{8}/g, 'ID')}"`);
    if (trap.what === 'suspend') actor.suspend();
    else if (trap.what === 'kill') actor.kill();
    else this.powerCut();
  }

  context(actor: Actor): PhaseContext {
    const { time } = this;
    const files = this.machine.files(actor);
    const processes = this.machine.processes(actor);
    const clock = { now: () => time.now(), monotonic: () => time.monotonic(), sleep: (milliseconds: number, signal?: AbortSignal) => actor.look(() => time.sleep(milliseconds, signal)) };
    const quiet = (): void => undefined;
    return {
      runner: actor.kind === 'relay' ? 'relay' : 'runbook', clock, files, processes, network: this.machine.network(actor),
      // A rotation's id is four of them: the same in every sequence, so that what is derived from it is derived once.
      random: { bytes: (length) => Uint8Array.from({ length }, (_, index) => (index === length - 1 ? ++this.randoms % 256 : 0)) },
      voice: { info: quiet, verbose: quiet, highlight: quiet, warn: quiet, error: quiet, progress: quiet, secret: quiet },
      relay: relayControl({ clock, files, processes, programs: '/package' }),
      localTentacle: { executable: TENTACLE, instance: 'Tentacle', home: '/etc/octopus' },
      scriptEnvironment: { PATH: '/usr/bin' },
      octopus: (_url, _key, deadlineMs) => this.octopus.client(actor, deadlineMs),
      artifact: async () => undefined,
    };
  }

  private async relayMain(actor: Actor, jobPath: string): Promise<void> {
    const context = this.context(actor);
    if (this.disk.facts(jobPath) === null) return retireRelay(context, jobPath.slice(0, jobPath.lastIndexOf('/')));
    const job = JSON.parse(this.disk.read(jobPath).toString()) as RelayJob;
    return runRelay(context, job, this.disk.read(PROGRAM));
  }

  // Runs.

  private async execute(run: Run, node: Node): Promise<void> {
    const { host } = this;
    const end: RunEnd = { state: 'Executing', refusals: [], defects: [] };
    this.ends.set(run.task.id, end);
    const label = run.task.id.replace('ServerTasks-', 'run ');
    this.tell(`${label} begins: ${run.runbook}`);
    const outputs: Record<string, string> = {};
    let isFailed = false;
    let goesOn = true;
    const steps = RUNBOOKS[run.runbook as RunbookName];
    for (const [index, step] of steps.entries()) {
      if (run.task.isCompleted) return;
      const isLast = index === steps.length - 1;
      if (!isLast && (isFailed || !goesOn)) continue;
      if ((this.stepLimits.get(run.task.id) ?? Infinity) <= index) {
        this.octopus.end(run.task.id, 'Canceled');
        this.tell(`${label} is cancelled before "${step.phase.name}"`);
        return;
      }
      // Octopus asks again for a while when its machine does not answer.
      for (let tries = 0; tries < 60 && !this.isServed(node) && !run.task.isCompleted; tries++) await this.time.sleep(1_000);
      if (run.task.isCompleted) return;
      if (!this.isServed(node)) {
        isFailed = true;
        this.tell(`${label}: the host does not answer`);
        continue;
      }
      const actor = this.spawn('step', `${label}, ${step.phase.name}`);
      this.executing.set(run.task.id, actor);
      host.scripts++;
      const inputs = {
        ServerUrl: URL, ApiKey: 'API-KEY', Secret: SECRET, StateFolder: STATE, TaskId: run.task.id, SpaceId: 'Spaces-1', ProjectName: 'Octopus Rotation', RunbookName: run.runbook, EnvironmentName: 'Octopus', SnapshotName: run.snapshot,
        ...step.inputs(outputs, run.variables),
      };
      const ended = await actor.whileAlive(step.phase.run(this.context(actor), inputs as never).then((result) => ({ result }), (error: unknown) => ({ error })));
      actor.kill();
      host.scripts = Math.max(0, host.scripts - 1);
      if (ended === undefined) isFailed = true;
      else if ('error' in ended) {
        isFailed = true;
        const refusals = refusalsOf(ended.error);
        end.refusals.push(...refusals.map(({ code, message, next }) => ({ code, text: `${message} ${next}` })));
        if (refusals.length === 0) end.defects.push(ended.error instanceof Error ? (ended.error.stack ?? ended.error.message) : String(ended.error));
        this.tell(`${label}, ${step.phase.name}: ${refusals.map((one) => `${one.code}: ${one.message.slice(0, 160)}`).join('; ') || `DEFECT ${String(ended.error)}`}`);
      } else {
        Object.assign(outputs, ended.result.outputs);
        if (!isLast) goesOn = ended.result.outcome === 'continue';
      }
      if (run.task.isCompleted) return;
    }
    end.state = isFailed ? 'Failed' : 'Success';
    this.octopus.end(run.task.id, isFailed ? 'Failed' : 'Success');
    this.tell(`${label} ends: ${end.state}`);
  }

  isServed(node: Node): boolean {
    return node.presents !== null && this.host.serves(node.presents, node.address);
  }

  /** A person cancels a run; its step may go on all the same (octopus-rest.md 10.2). */
  cancel(taskId: string, how: 'ends' | 'goes on' | 'sleeps'): void {
    const actor = this.executing.get(taskId);
    this.octopus.end(taskId, 'Canceled');
    if (actor === undefined || actor.isDead) return;
    if (how === 'ends') actor.kill();
    if (how === 'sleeps') {
      actor.suspend();
      actor.isBelievedDead = true;
    }
  }

  // What befalls the host.

  powerCut(): void {
    if (!this.isHostOn) return;
    this.isHostOn = false;
    this.tell('the power of the host is cut');
    this.hostNode.isOn = false;
    this.octopus.stop(this.hostNode, false);
    this.machine.powerOff();
    this.host.powerOff();
    for (const actor of this.actors) actor.kill();
  }

  boot(): void {
    if (this.isHostOn) return;
    this.isHostOn = true;
    this.boots++;
    this.tell('the host boots');
    this.host.powerOn();
    this.time.after(BOOT_MS, () => {
      if (!this.isHostOn) return;
      this.hostNode.isOn = true;
      this.octopus.start(this.hostNode);
      this.machine.boot();
    });
  }

  get isQuiet(): boolean {
    return this.machine.isQuiet && this.octopus.unfinished.length === 0;
  }

  /** A name for what is in force everywhere, to tell that nothing was written. */
  get fingerprint(): string {
    return createHash('sha256').update(JSON.stringify([this.octopus.thumbprint, this.octopus.nodes.map((node) => [node.presents, node.isDraining]), this.octopus.tentacles.map((one) => [one.stored, one.loaded])])).digest('hex');
  }
}
