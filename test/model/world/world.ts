import { createHash } from 'node:crypto';
import type { RelayJob } from '../../../schemas/types/relay-job.ts';
import { refusalsOf } from '../../../src/errors/refusal.ts';
import type { LeaseMarker } from '../../../src/journal/contract.ts';
import { LEASE_SET, LEASE_VARIABLE } from '../../../src/journal/lease-store.ts';
import type { PhaseContext, PhaseResult } from '../../../src/phases/context.ts';
import { relayControl } from '../../../src/runners/relay-control.ts';
import { retireRelay, runRelay } from '../../../src/runners/relay.ts';
import { Actor, type ActorKind, type Effect, type Fate, type Trap } from './actor.ts';
import { certificates } from './certificates.ts';
import { Disk } from './disk.ts';
import { Host, SHARE, TENTACLE } from './host.ts';
import { Octopus, URL, type Node, type Run } from './octopus.ts';
import { runbooks, type RunbookName, type Setting, type Step } from './runbooks.ts';
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
  /** The folder that all server nodes share. */
  readonly share = new Disk();
  readonly octopus: Octopus;
  /** The machines of the server nodes; the first leads. */
  readonly hosts: Host[] = [];
  readonly actors: Actor[] = [];
  readonly traps: Trap[] = [];
  readonly story: string[] = [];
  readonly events: WorldEvent[] = [];
  readonly violations: string[] = [];
  readonly ends = new Map<string, RunEnd>();
  /** True times of the lines of each journal. */
  stamps = new Map<string, string[]>();
  /** Told of each rotation whose journal is made. */
  onJournal: (id: string) => void = () => undefined;
  /** Told of each machine that joins. */
  onJoin: (tentacle: Tentacle) => void = () => undefined;
  private isNew = true;
  /** Machines that joined after the world began. */
  readonly joinedLater: string[] = [];
  /** Those of them that joined while some node had not taken yet what the database held: they may not trust that. */
  readonly joinedInTheRow: Tentacle[] = [];
  /** Fences that processes hold the lease with. */
  private readonly taken = new Map<Actor, number>();
  private highest = 0;
  private leased: string | null = null;
  private pid = 1000;
  private randoms = 0;
  /** Of runs that a person stops after so many steps. */
  readonly setting: Setting = { graceHours: 0 };
  readonly stepLimits = new Map<string, number>();
  private readonly executing = new Map<string, Actor[]>();
  /** Certificates that were made. */
  made = 0;

  constructor(given: readonly { name: string; route: 'listening' | 'polling'; viaProxy?: boolean }[], nodes = 1) {
    this.octopus = new Octopus(certificates().old.thumbprint, this.time, {
      nodeStarted: (node) => {
        this.note('server-started', node.machine, { thumbprint: node.presents });
        this.tell(`${this.theServer(node)} starts and presents ${this.called(node.presents!)}`);
      },
      nodeStopped: (node, isRequested) => {
        this.note('unit-stopped', node.machine, { unit: 'octopusserver.service', requested: isRequested });
        this.tell(`${this.theServer(node)} ${isRequested ? 'is stopped' : 'crashes'}`);
      },
      drained: (node) => {
        this.note('drain-changed', node.machine, { drained: node.isDraining, node: node.name });
        this.tell(`${this.theNode(node)} is ${node.isDraining ? 'drained' : 'undrained'}`);
      },
      begin: (run, node) => void this.execute(run, node),
      wrote: (actor, variables) => this.noteLease(actor, variables[LEASE_VARIABLE]),
      violate: (text) => this.violate(text),
    });
    this.share.makeFolder(SHARE);
    for (let number = 1; number <= nodes; number++) this.addNode();
    for (const one of [...this.hosts.map(({ name }) => ({ name, route: 'listening' as const })), ...given]) this.join(one);
    this.isNew = false;
  }

  private addNode(): Node {
    const number = this.hosts.length + 1;
    const host: Host = new Host(this, this.octopus.addNode(`NODE${number}`, `octopus-0${number}`), (actor, jobPath) => this.relayMain(actor, host, jobPath));
    host.unpack(PROGRAM, '// the relay');
    this.hosts.push(host);
    return host.node;
  }

  /** A server node more, on a machine of its own with a Tentacle; the administrator has every polling Tentacle poll it, too, with the certificate that it presents. */
  joinNode(): void {
    const node = this.addNode();
    this.tell(`${node.name} joins and presents ${this.called(node.presents ?? 'nothing')}`);
    this.join({ name: node.machine, route: 'listening' });
    for (const tentacle of this.octopus.tentacles) if (tentacle.route === 'polling') tentacle.alsoPolls(node.address, node.presents ?? this.octopus.thumbprint);
  }

  /** An administrator takes a server node out of the cluster again, with its registration and whatever polls it. */
  removeNode({ node, tentacle }: Host): void {
    this.tell(`${node.name} is taken out of the cluster`);
    this.octopus.stop(node, false);
    node.isOn = false;
    this.octopus.nodes.splice(this.octopus.nodes.indexOf(node), 1);
    tentacle.registration = null;
    const isElsewhere = ({ address }: { address: string | null }): boolean => address !== node.address;
    for (const one of this.octopus.tentacles) {
      one.stored = one.stored.filter(isElsewhere);
      one.loaded = one.loaded?.filter(isElsewhere) ?? null;
    }
  }

  get machine(): Host {
    return this.hosts[0]!;
  }

  /** The leading host's. */
  get disk(): Disk {
    return this.machine.disk;
  }

  get isHostOn(): boolean {
    return this.machine.isOn;
  }

  private theServer(node: Node): string {
    return this.hosts.length > 1 ? node.name : 'the server';
  }

  private theNode(node: Node): string {
    return this.hosts.length > 1 ? node.name : 'the node';
  }

  get host(): Tentacle {
    return this.octopus.tentacles.find((one) => one.isHost)!;
  }

  get hostNode(): Node {
    return this.octopus.nodes[0]!;
  }

  /** A machine is set up and registered; it trusts the certificates that the nodes present then, so that each of them reaches it. */
  join({ name, route, viaProxy = false }: { name: string; route: 'listening' | 'polling'; viaProxy?: boolean }): Tentacle {
    const tentacle = new Tentacle(name, route, name === 'octopus-01', viaProxy, this.time, {
      wrote: (one) => this.note('tentacle-config-written', one.name, { trusted: one.stored.map((entry) => entry.thumbprint) }),
      started: (one) => this.note('tentacle-started', one.name, { effective: one.loaded!.map((entry) => entry.thumbprint) }),
      stopped: (one, isRequested) => {
        this.note('unit-stopped', one.name, { unit: 'Tentacle.service', requested: isRequested });
        // Whatever its scripts started goes with the unit (D15).
        for (const actor of this.actors) if (actor.kind === 'step' && actor.machine === one.name) actor.kill();
      },
    });
    this.octopus.tentacles.push(tentacle);
const seen = this.octopus.nodes.map((node) => ({ address: node.address, presents: node.presents ?? this.octopus.thumbprint }));
    tentacle.setUp(seen);
    this.octopus.register(tentacle);
    if (!this.isNew) this.joinedLater.push(name);
    if (seen.some((node) => node.presents !== this.octopus.thumbprint)) this.joinedInTheRow.push(tentacle);
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

  spawn(kind: ActorKind, name: string, host: Host): Actor {
    const fate: Fate = { next: (actor, effect) => this.next(actor, effect), strike: (actor, trap, effect) => this.strike(actor, trap, effect) };
    const actor = new Actor(kind, name, host.name, this.pid++, `b00701d0-0000-4000-8000-${String(host.boots).padStart(12, '0')}`, fate);
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

  hostOf(actor: Actor): Host {
    return this.hosts.find((one) => one.name === actor.machine)!;
  }

  private strike(actor: Actor, trap: Trap, effect: Effect<unknown>): void {
    this.tell(`${actor.name}: ${trap.what} ${trap.mode === 'torn' ? 'in the middle of' : trap.mode} "${effect.name.replace(STATE, '').replace(/sc-\d{8}-[0-9a-f]{8}/g, 'ID')}"`);
    if (trap.what === 'suspend') actor.suspend();
    else if (trap.what === 'kill') actor.kill();
    else this.powerCut(this.hostOf(actor));
  }

  context(actor: Actor): PhaseContext {
    const { time } = this;
    const host = this.hostOf(actor);
    const files = host.files(actor);
    const processes = host.processes(actor);
    const clock = { now: () => time.now(), monotonic: () => time.monotonic(), sleep: (milliseconds: number, signal?: AbortSignal) => actor.look(() => time.sleep(milliseconds, signal)) };
    const quiet = (): void => undefined;
    return {
      runner: actor.kind === 'step' ? 'runbook' : 'relay', clock, files, processes, network: host.network(actor),
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

  private async relayMain(actor: Actor, { disk }: Host, jobPath: string): Promise<void> {
    const context = this.context(actor);
    if (disk.facts(jobPath) === null) return retireRelay(context, jobPath.slice(0, jobPath.lastIndexOf('/')));
    const job = JSON.parse(disk.read(jobPath).toString()) as RelayJob;
    return runRelay(context, job, disk.read(PROGRAM));
  }

  // Runs.

  private async execute(run: Run, node: Node): Promise<void> {
    const end: RunEnd = { state: 'Executing', refusals: [], defects: [] };
    this.ends.set(run.task.id, end);
    const label = run.task.id.replace('ServerTasks-', 'run ');
    this.tell(`${label} begins: ${run.runbook}`);
    const outputs: Record<string, string> = {};
    let isFailed = false;
    let goesOn = true;
    const steps = runbooks(this.hosts.length)[run.runbook as RunbookName];
    for (const [index, step] of steps.entries()) {
      if (run.task.isCompleted) return;
      const isLast = index === steps.length - 1;
      if (!isLast && (isFailed || !goesOn)) continue;
      if ((this.stepLimits.get(run.task.id) ?? Infinity) <= index) {
        this.octopus.end(run.task.id, 'Canceled');
        this.tell(`${label} is cancelled before "${step.phase.name}"`);
        return;
      }
      // Each machine of a step for itself, all at once.
      const hosts = step.onEachNode ? this.hosts.filter((one) => one.leads || one.tentacle.registration !== null) : [this.machine];
      const results = await Promise.all(hosts.map((host) => this.executeOn(host, run, node, step, { label, outputs: { ...outputs }, end })));
      if (run.task.isCompleted) return;
      for (const result of results) {
        if (result === null) isFailed = true;
        else {
          Object.assign(outputs, result.outputs);
          if (!isLast) goesOn &&= result.outcome === 'continue';
        }
      }
    }
    end.state = isFailed ? 'Failed' : 'Success';
    this.octopus.end(run.task.id, isFailed ? 'Failed' : 'Success');
    this.tell(`${label} ends: ${end.state}`);
  }

  /** A step on one machine; null when it failed there. */
  private async executeOn(host: Host, run: Run, node: Node, step: Step, { label, outputs, end }: { label: string; outputs: Record<string, string>; end: RunEnd }): Promise<PhaseResult | null> {
    // Octopus asks again for a while when its machine does not answer.
    for (let tries = 0; tries < 60 && !this.isServed(node, host) && !run.task.isCompleted; tries++) await this.time.sleep(1_000);
    if (run.task.isCompleted) return null;
    const where = `${label}, ${step.phase.name}${step.onEachNode ? ` on ${host.name}` : ''}`;
    if (!this.isServed(node, host)) {
      this.tell(`${label}: ${host.leads ? 'the host' : host.name} does not answer`);
      return null;
    }
    const actor = this.spawn('step', where, host);
    this.executing.set(run.task.id, [...(this.executing.get(run.task.id) ?? []), actor]);
    const { tentacle } = host;
    tentacle.scripts++;
    const inputs = {
      ServerUrl: URL, ApiKey: 'API-KEY', Secret: SECRET, StateFolder: STATE, TaskId: run.task.id, SpaceId: 'Spaces-1', ProjectName: 'Octopus Rotation', RunbookName: run.runbook, EnvironmentName: 'Octopus', SnapshotName: run.snapshot,
      ...step.inputs(outputs, run.variables, this.setting),
    };
    const ended = await actor.whileAlive(step.phase.run(this.context(actor), inputs as never).then((result) => ({ result }), (error: unknown) => ({ error })));
    actor.kill();
    tentacle.scripts = Math.max(0, tentacle.scripts - 1);
    if (ended === undefined) return null;
    if ('result' in ended) return ended.result;
    const refusals = refusalsOf(ended.error);
    end.refusals.push(...refusals.map(({ code, message, next }) => ({ code, text: `${message} ${next}` })));
    if (refusals.length === 0) end.defects.push(ended.error instanceof Error ? (ended.error.stack ?? ended.error.message) : String(ended.error));
    this.tell(`${where}: ${refusals.map((one) => `${one.code}: ${one.message.slice(0, 160)}`).join('; ') || `DEFECT ${String(ended.error)}`}`);
    return null;
  }

  /** Whether that node reaches the Tentacle of that machine. */
  isServed(node: Node, host: Host = this.machine): boolean {
    return node.presents !== null && host.tentacle.serves(node.presents, node.address);
  }

  /** A person cancels a run; its step may go on all the same (octopus-rest.md 10.2). */
  cancel(taskId: string, how: 'ends' | 'goes on' | 'sleeps'): void {
    const actors = this.executing.get(taskId) ?? [];
    this.octopus.end(taskId, 'Canceled');
    for (const actor of actors.filter((one) => !one.isDead)) {
      if (how === 'ends') actor.kill();
      if (how === 'sleeps') {
        actor.suspend();
        actor.isBelievedDead = true;
      }
    }
  }

  // What befalls the machines of server nodes.

  powerCut(host: Host = this.machine): void {
    if (!host.isOn) return;
    host.isOn = false;
    this.tell(`the power of ${host.leads ? 'the host' : host.name} is cut`);
    host.node.isOn = false;
    this.octopus.stop(host.node, false);
    host.powerOff();
    host.tentacle.powerOff();
    for (const actor of this.actors) if (actor.machine === host.name) actor.kill();
  }

  boot(host: Host = this.machine): void {
    if (host.isOn) return;
    host.isOn = true;
    host.boots++;
    this.tell(`${host.leads ? 'the host' : host.name} boots`);
    host.tentacle.powerOn();
    this.time.after(BOOT_MS, () => {
      if (!host.isOn) return;
      host.node.isOn = true;
      this.octopus.start(host.node);
      host.boot();
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
