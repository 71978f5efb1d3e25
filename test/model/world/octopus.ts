import type { LibrarySet, OctopusClient, Registration, ServerNode, Task, TaskActivity, TaskState } from '../../../src/octopus/contract.ts';
import { octopusErrors } from '../../../src/errors/octopus.ts';
import { capabilitiesOf } from '../../../src/octopus/capabilities.ts';
import { HOST_ROLE, NODE_ROLE } from '../../../src/gates/roles.ts';
import { wishOf } from '../../phases/fleet/machine.ts';
import { AnswerLost, type Actor, type Effect } from './actor.ts';
import type { Tentacle } from './tentacle.ts';
import type { Time } from './time.ts';

export const URL = 'https://octopus.test';
const SPACE = 'Spaces-1';
const NOW = '2026-11-24T08:00:00.000Z';
const START_MS = 4_000;
const TRY_AGAIN_MS = 5_000;
/** As long as the pauses between six attempts last. */
const PATIENCE_MS = 7_500;
const SCRIPT_MS = 1_500;
const HEALTH_MS = 2_000;

type Thumbprint = Registration['thumbprint'] & string;

/** One server node: a process with the certificate that it read when it started (A15, B5). */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly machine: string;
  /** As polling Tentacles dial it. */
  readonly address: string;
  isOn: boolean;
  /** What its service manager was told last. */
  isWanted: boolean;
  presents: string | null;
  readyAt: number;
  isDraining: boolean;
  seesDatabase: boolean;
  /** Whatever starts it, it does not come up. */
  staysDown: boolean;
}

/** What the world is told by its Octopus. */
export interface Heard {
  nodeStarted(node: Node): void;
  nodeStopped(node: Node, isRequested: boolean): void;
  drained(node: Node): void;
  /** A run of a runbook may begin. */
  begin(run: Run, node: Node): void;
  /** A process has written the variables of a set. */
  wrote(actor: Actor, variables: Record<string, string>): void;
  violate(text: string): void;
}

export interface Run { task: Task; runbook: string; snapshot: string; variables: Record<string, string> }

interface Known { task: Task; activity: TaskActivity[]; node: Node | null; begin: (node: Node) => void }

type Availability = 'ok' | 'starting' | 'refused' | 'cut-off' | 'failing';

/** Octopus Server after octopus-rest.md and octopus-server-cli.md section 5: one database, nodes, tasks, registrations. */
export class Octopus {
  readonly nodes: Node[] = [];
  /** What the database holds. */
  thumbprint: string;
  readonly tentacles: Tentacle[] = [];
  /** Machines of server nodes whose processes cannot reach it. */
  readonly cutOff = new Set<string>();
  private readonly known = new Map<string, Known>();
  private readonly sets = new Map<string, LibrarySet>();
  private number = 100;
  private taken = 0;
  private balanced = 0;

  constructor(thumbprint: string, private readonly time: Time, private readonly heard: Heard) {
    this.thumbprint = thumbprint;
  }

  addNode(name: string, machine: string): Node {
    const node: Node = { id: `OctopusServerNodes-${name}`, name, machine, address: `https://${machine}:10943/`, isOn: true, isWanted: true, presents: null, readyAt: 0, isDraining: false, seesDatabase: true, staysDown: false };
    this.nodes.push(node);
    this.start(node);
    node.readyAt = this.time.monotonic();
    return node;
  }

  // Its nodes.

  start(node: Node): void {
    node.isWanted = true;
    if (!node.isOn || node.presents !== null) return;
    if (!node.seesDatabase || node.staysDown) {
      // Its service manager starts it again and again.
      this.time.after(TRY_AGAIN_MS, () => node.isWanted && this.start(node));
      return;
    }
    node.presents = this.thumbprint;
    node.readyAt = this.time.monotonic() + START_MS;
    for (const tentacle of this.tentacles) tentacle.meetsOther();
    this.heard.nodeStarted(node);
    this.time.after(START_MS, () => this.pump());
  }

  /** `isRequested` false: it crashes. Whatever it was executing is marked as failed; what runs on machines goes on running. */
  stop(node: Node, isRequested: boolean): void {
    if (node.presents === null) return;
    node.presents = null;
    for (const { task, node: executing } of this.known.values()) if (executing === node && !task.isCompleted) this.end(task.id, 'Failed');
    this.heard.nodeStopped(node, isRequested);
  }

  /** The database is cut off from a node, or seen by it again. */
  connect(node: Node, seesDatabase: boolean): void {
    node.seesDatabase = seesDatabase;
    this.pump();
  }

  isReady(node: Node): boolean {
    return node.presents !== null && this.time.monotonic() >= node.readyAt;
  }

  /** How its REST interface answers a process on that machine: behind a load balancer, if there are several nodes. */
  private availability(machine: string): Availability {
    if (this.cutOff.has(machine)) return 'cut-off';
    const running = this.nodes.filter((node) => node.presents !== null);
    if (running.length === 0) return 'refused';
    const ready = running.filter((node) => this.isReady(node));
    if (ready.length === 0) return 'starting';
    return ready.some((node) => node.seesDatabase) ? 'ok' : 'failing';
  }

  /** The node that the load balancer chooses. */
  private answering(): Node {
    const able = this.nodes.filter((node) => this.isReady(node) && node.seesDatabase);
    return able[this.balanced++ % able.length]!;
  }

  // Its tasks.

  private newTask(name: string, description: string, begin: (node: Node, task: Task) => void): Task {
    const task: Task = { id: `ServerTasks-${this.number++}`, name, description, state: 'Queued', isCompleted: false, errorMessage: '', startTime: null, completedTime: null, serverNode: null, spaceId: SPACE, hasPendingInterruptions: false };
    this.known.set(task.id, { task, activity: [], node: null, begin: (node) => begin(node, task) });
    this.time.after(0, () => this.pump());
    return task;
  }

  /** Whoever waits begins as soon as a node takes tasks. */
  private pump(): void {
    for (const one of this.known.values()) {
      if (one.task.state !== 'Queued') continue;
      const able = this.nodes.filter((candidate) => this.isReady(candidate) && candidate.seesDatabase && !candidate.isDraining);
      if (able.length === 0) return;
      // Which node takes a task is nobody's choice.
      const node = able[this.taken++ % able.length]!;
      Object.assign(one.task, { state: 'Executing', startTime: NOW, serverNode: node.id });
      one.node = node;
      one.begin(node);
    }
  }

  end(id: string, state: TaskState, lines: readonly string[] = []): void {
    const one = this.known.get(id)!;
    if (one.task.isCompleted) return;
    Object.assign(one.task, { state, isCompleted: true, completedTime: NOW });
    one.activity = lines.map((text) => ({ name: 'machine', status: state, progressPercentage: 100, progressMessage: '', log: text.split('\n').map((line) => ({ category: 'Info', at: NOW, text: line })), children: [] }));
  }

  task(id: string): Task {
    return this.known.get(id)!.task;
  }

  get unfinished(): Task[] {
    return [...this.known.values()].map((one) => one.task).filter((task) => !task.isCompleted);
  }

  queueRun(runbook: string, snapshot: string, variables: Record<string, string>): Run {
    const run: Run = { task: null as unknown as Task, runbook, snapshot, variables };
    run.task = this.newTask('RunbookRun', `Run ${snapshot} of runbook ${runbook} for project Octopus Rotation`, (node) => this.heard.begin(run, node));
    return run;
  }

  // Its registrations.

  register(tentacle: Tentacle): void {
    tentacle.registration = { id: `Machines-${this.number++}`, name: tentacle.name, isDisabled: false, health: 'Unknown' };
  }

  private get registered(): Tentacle[] {
    return this.tentacles.filter((one) => one.registration !== null);
  }

  /** Whether a server node runs on the same machine. */
  isNode(tentacle: Tentacle): boolean {
    return this.nodes.some((node) => node.machine === tentacle.name);
  }

  private machine(id: string): Tentacle | undefined {
    return this.registered.find((one) => one.registration!.id === id);
  }

  private registrations(): Registration[] {
    return this.registered.map((one) => ({
      id: one.registration!.id, kind: 'target', spaceId: SPACE, name: one.name, isDisabled: one.registration!.isDisabled, healthStatus: one.registration!.health, statusSummary: '', style: one.route === 'polling' ? 'TentacleActive' : 'TentaclePassive',
      uri: one.uri, thumbprint: one.thumbprint as Thumbprint, thumbprintText: one.thumbprint, proxyId: one.viaProxy ? 'Proxies-1' : null, shell: 'Bash', tentacleVersion: '8.3.2', signatureAlgorithm: 'sha256RSA', roles: one.isHost ? [HOST_ROLE] : this.isNode(one) ? [NODE_ROLE] : [], environmentIds: ['Environments-1'], workerPoolIds: [],
    }));
  }

  /** The text of a variable, as it is in the database. */
  variable(set: string, name: string): string | null {
    return this.sets.get(set)?.variables[name] ?? null;
  }

  /** A person empties a set. */
  empty(set: string): void {
    const found = this.sets.get(set)!;
    found.version += 1;
    found.variables = {};
  }

  // Its REST interface, as one process sees it.

  client(actor: Actor, deadlineMs = 60_000): OctopusClient {
    const waitFor = async (request: string, isSafe: boolean): Promise<void> => {
      const until = this.time.monotonic() + Math.min(deadlineMs, this.cutOff.has(actor.machine) ? 60_000 : PATIENCE_MS);
      for (;;) {
        const found = this.availability(actor.machine);
        if (found === 'ok') return;
        if (!isSafe || this.time.monotonic() >= until) throw failureOf(found, request);
        await this.time.sleep(Math.max(1, Math.min(500, until - this.time.monotonic())));
      }
    };
    const see = async <T>(request: string, look: () => T): Promise<T> => {
      await actor.look(() => waitFor(request, true));
      return actor.look(look);
    };
    const change = async <T>(request: string, isSafe: boolean, effect: Omit<Effect<T>, 'port'>): Promise<T> => {
      await actor.look(() => waitFor(request, isSafe));
      try {
        return await actor.effect({ ...effect, port: 'octopus' });
      } catch (error) {
        if (!(error instanceof AnswerLost)) throw error;
        if (isSafe) return effect.act();
        throw octopusErrors.OCTOPUS_UNREACHABLE({ request, url: URL, reason: 'ECONNRESET', sent: true });
      }
    };
    const notFound = (request: string) => octopusErrors.OCTOPUS_NOT_FOUND({ request, url: URL, status: 404, said: '' });
    const readTask = (id: string) => see('task', () => {
      const one = this.known.get(id);
      if (!one) throw notFound('task');
      return { ...one.task };
    });
    return {
      url: URL,
      about: () => see('about', () => ({ version: '2024.4.1', installationId: '1f1f1f1f-0000-4000-8000-000000000000' })),
      certificate: () => see('certificate', () => ({ thumbprint: this.answering().presents as Thumbprint, signatureAlgorithm: 'sha256RSA' })),
      nodes: () => see('nodes', () => this.nodes.map((node) => this.resource(node))),
      drain: (id, draining) => change('drain', true, {
        name: `${draining ? 'drain' : 'undrain'} ${id}`, guarded: true, act: () => {
          const node = this.nodes.find((one) => one.id === id)!;
          if (node.isDraining === draining) return;
          node.isDraining = draining;
          this.heard.drained(node);
          this.pump();
        },
      }),
      spaces: () => see('spaces', () => [{ id: SPACE, name: 'Default', isDefault: true }]),
      permissions: () => see('permissions', () => {
        const here = [{ spaceId: SPACE, restricted: false }];
        return { username: 'rotator', system: ['AdministerSystem'], inSpace: { TaskCreate: here, MachineEdit: here, WorkerEdit: here } };
      }),
      registrations: () => see('machines', () => this.registrations()),
      setDisabled: ({ id }, disabled) => change('machine', true, { name: `${disabled ? 'disable' : 'enable'} ${id}`, guarded: true, act: () => void (this.machine(id)!.registration!.isDisabled = disabled) }),
      environments: () => Promise.resolve([]),
      capabilities: () => see('what the server can do', () => capabilitiesOf('2024.4.1', ['AdHocScript', 'Health', 'RunbookRun'])),
      registration: () => Promise.reject(new Error('No phase of this rotation reads a single registration.')),
      setThumbprint: () => Promise.reject(new Error('No phase of this rotation changes a registration.')),
      runRegenerateTask: () => Promise.reject(new Error('This server has no such task.')),
      runTrustTask: () => Promise.reject(new Error('This server has no such task.')),
      runScript: ({ body, targets, description }) => {
        const wish = wishOf(body);
        return change('task', false, { name: `script "${wish.operation}" on ${targets.ids.map((id) => this.machine(id)?.name ?? id).join(', ')}`, guarded: wish.operation !== 'observe', act: () => ({ ...this.newTask('AdHocScript', description, (node, task) => this.runScript(node, task, body, targets.ids)) }) });
      },
      checkHealth: ({ machineIds, description, onlyTestConnection }) => change('task', false, { name: `health of ${machineIds.length}`, act: () => ({ ...this.newTask('Health', description, (node, task) => this.checkHealth(node, task, machineIds, onlyTestConnection)) }) }),
      task: readTask,
      tasks: ({ name, active, description }) => see('tasks', () => [...this.known.values()].map((one) => ({ ...one.task })).reverse().filter((one) => (name === undefined || one.name === name) && (description === undefined || one.description.includes(description)) && (active === undefined || active !== one.isCompleted))),
      activity: (id) => see('task details', () => this.known.get(id)!.activity),
      waitForTask: async (id, { timeoutMs }) => {
        const begun = this.time.monotonic();
        let last: Task | null = null;
        for (;;) {
          try {
            last = await readTask(id);
            if (last.isCompleted) return { task: last, timedOut: false };
          } catch (error) {
            if (!['OCTOPUS_UNREACHABLE', 'OCTOPUS_STARTING', 'OCTOPUS_FAILED'].includes((error as { code?: string }).code ?? '')) throw error;
          }
          const elapsed = this.time.monotonic() - begun;
          if (elapsed >= timeoutMs) break;
          await actor.look(() => this.time.sleep(Math.min(timeoutMs - elapsed, 5_000, Math.max(200, elapsed * 0.15))));
        }
        if (last !== null) return { task: last, timedOut: true };
        throw octopusErrors.OCTOPUS_TASK_UNKNOWN({ taskId: id, seconds: Math.ceil(timeoutMs / 1_000), reason: 'no answer' });
      },
      librarySet: (_space, name) => see('library set', () => {
        const set = this.sets.get(name);
        return set ? { ...set, variables: { ...set.variables } } : null;
      }),
      createLibrarySet: (_space, name) => change('library set', false, {
        name: `make set ${name}`, act: () => {
          if (this.sets.has(name)) throw octopusErrors.OCTOPUS_REJECTED({ request: 'library set', url: URL, status: 400, said: 'A variable set with this name exists already.' });
          const set: LibrarySet = { id: `LibraryVariableSets-${this.number++}`, name, variableSetId: `variableset-${name}`, version: 0, variables: {} };
          this.sets.set(name, set);
          return { ...set };
        },
      }),
      writeLibrarySet: (_space, { name, version }, variables) => change('variable set', false, {
        name: `write set ${name}`, act: () => {
          const set = this.sets.get(name)!;
          if (set.version !== version) throw octopusErrors.OCTOPUS_STALE({ request: 'variable set', url: URL, status: 400, said: '' });
          set.version += 1;
          set.variables = { ...variables };
          this.heard.wrote(actor, variables);
          return { ...set, variables: { ...variables } };
        },
      }),
      runRunbook: ({ runbookName, snapshotName, variables }) => change('runbook', false, { name: `queue a run of ${runbookName}`, guarded: true, act: () => ({ taskId: this.queueRun(runbookName, snapshotName, variables).task.id }) }),
      attach: () => change('artifact', false, { name: 'attach an artifact', act: () => undefined }),
    };
  }

  private resource(node: Node): ServerNode {
    const runningTasks = [...this.known.values()].filter((one) => one.node === node && !one.task.isCompleted).length;
    return { id: node.id, name: node.name, isOffline: node.presents === null || !node.seesDatabase, isDraining: node.isDraining, maxConcurrentTasks: 5, runningTasks, version: '2024.4.1', lastSeen: NOW };
  }

  private runScript(node: Node, task: Task, body: string, ids: readonly string[]): void {
    const wish = wishOf(body);
    const machines = ids.map((id) => this.machine(id));
    this.time.after(SCRIPT_MS / 2, () => {
      if (task.isCompleted) return;
      const lines: string[] = [];
      let isGood = true;
      for (const machine of machines) {
        if (machine?.registration == null || machine.registration.isDisabled) {
          lines.push('skipped');
          continue;
        }
        if (machine.isHost) this.heard.violate('A41: the host is in a task of its own run');
        if (machine.route !== wish.route) this.heard.violate(`${machine.name} is in a task of another route`);
        const isThere = node.presents !== null && machine.serves(node.presents, node.address);
        isGood &&= isThere;
        lines.push(isThere ? machine.run(body) : 'no answer');
      }
      this.time.after(SCRIPT_MS / 2, () => this.end(task.id, isGood ? 'Success' : 'Failed', lines));
    });
  }

  private checkHealth(node: Node, task: Task, ids: readonly string[], onlyTestConnection: boolean): void {
    this.time.after(HEALTH_MS, () => {
      if (task.isCompleted) return;
      let isGood = true;
      for (const machine of ids.map((id) => this.machine(id))) {
        if (machine?.registration == null || machine.registration.isDisabled) continue;
        if (machine.isHost && !onlyTestConnection) this.heard.violate('A41: a full health check of the host waits for the step that asks for it');
        const isThere = node.presents !== null && machine.serves(node.presents, node.address);
        machine.registration.health = isThere ? 'Healthy' : 'Unavailable';
        isGood &&= isThere;
      }
      this.end(task.id, isGood ? 'Success' : 'Failed');
    });
  }
}

function failureOf(found: Exclude<Availability, 'ok'>, request: string): Error {
  const answered = (status: number) => ({ request, url: URL, status, said: '' });
  if (found === 'starting') return octopusErrors.OCTOPUS_STARTING(answered(503));
  if (found === 'failing') return octopusErrors.OCTOPUS_FAILED(answered(500));
  return octopusErrors.OCTOPUS_UNREACHABLE({ request, url: URL, reason: found === 'refused' ? 'ECONNREFUSED' : 'ETIMEDOUT', sent: found === 'cut-off' });
}
