import { octopusErrors } from '../../../src/errors/octopus.ts';
import { capabilitiesOf } from '../../../src/octopus/capabilities.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';
import type { OctopusClient, Registration, Task, TaskActivity, LibrarySet, ServerNode } from '../../../src/octopus/contract.ts';
import type { CommandResult, Processes } from '../../../src/ports/processes.ts';
import type { Files } from '../../../src/ports/files.ts';
import type { Network, TlsConnection } from '../../../src/ports/network.ts';
import type { TrustEntry } from '../../../src/tentacle/contract.ts';
import { certificateFactsOf } from '../../../src/certificates/certificate.ts';
import { toPfx, type CertificateWithKey } from '../../../src/sandbox/server/certificate.ts';
import { X509Certificate } from 'node:crypto';
import { Machine, POLLED, wishOf, type Wish } from './machine.ts';
import type { Seeded } from './seeded.ts';
import { thumbprintFrom } from './seeded.ts';
import type { VirtualClock } from './virtual-clock.ts';

const VERSION = '2026.2.1000';

const URL = 'https://octopus.test';
const NOW = '2026-11-24T08:00:00.000Z';
const EXECUTABLE = '/opt/octopus/octopusserver/Octopus.Server';
export const TENTACLE = '/opt/octopus/tentacle/Tentacle';
const PORT = 10943;
const BOOT = 'b00701d0-0000-4000-8000-000000000000';

export interface Weather {
  /** Of a task to be cancelled before it reaches a machine. */
  cancelled: number;
  /** Of a window of 503 to open at a call. */
  away: number;
  /** Of a write of the lease to come late. */
  stale: number;
}

const CALM: Weather = { cancelled: 0, away: 0, stale: 0 };

/** A task with what is scripted of it. */
interface Scripted { task: Task; activity: TaskActivity[] }

/** Octopus Server with all its machines, in memory and in virtual time. Watches by itself over what must never happen. */
export class Fleet {
  readonly machines: Machine[] = [];
  readonly spaces = [{ id: 'Spaces-1', name: 'Default', isDefault: true }, { id: 'Spaces-2', name: 'Payments', isDefault: false }];
  weather: Weather = CALM;
  taskTypes: string[] = ['AdHocScript', 'Health', 'RunbookRun'];
  /** What must never happen and did. */
  readonly violations: string[] = [];
  /** Calls that change something, for "the second run writes nothing". */
  readonly changes: string[] = [];
  /** Machines in the tasks that change, in order; machines whose restart was armed, in order; and how many were on their way at once. */
  tried: Machine[] = [];
  begun: Machine[] = [];
  mostAtOnce = 0;
  /** Machines that were still on their way when another began. */
  readonly meanwhile = new Map<Machine, Machine[]>();
  /** Machines on their way. */
  readonly changing = new Set<Machine>();
  /** Octopus is away for a moment from the first call on for which this is true; safe ones change nothing. */
  awayWhen: ((isSafe: boolean) => boolean) | null = null;
  presented: string;
  database: string;
  private readonly tasks = new Map<string, Scripted>();
  private number = 100;
  private readonly sets = new Map<string, LibrarySet>();
  isDraining = false;
  private awayUntil = 0;
  private readonly byAddress = new Map<string, Machine>();
  private readonly byRegistration = new Map<string, { machine: Machine; registration: Registration }>();
  private readonly identities = new Map<string, string>();
  readonly outOfScope: Registration[] = [];
  /** Server nodes beside the host's own, as Octopus lists them; the host's is last to be restarted and first in the list. */
  readonly otherNodes: { id: string; name: string; isUp: boolean; isDraining: boolean; version: string; runningTasks: number }[] = [];
  /** The process that works now; the one before is dead. */
  pid = 4711;

  constructor(readonly clock: VirtualClock, readonly random: Seeded, readonly old: CertificateWithKey, readonly fresh: CertificateWithKey, private readonly files: Files) {
    this.presented = this.database = old.thumbprint;
  }

  violate(text: string): void {
    this.violations.push(`${Math.round(this.clock.monotonic() / 1000)} s: ${text}`);
  }

  /** A machine that is registered, and trusts OLD. */
  add(given: { name: string; route?: 'listening' | 'polling'; shell?: 'Bash' | 'PowerShell'; isHost?: boolean; own?: string; foreign?: boolean; lowerCase?: boolean; trusts?: string; viaProxy?: boolean; disabled?: boolean; unchecked?: boolean; webSocket?: boolean; registrations?: { space: string; kind: 'target' | 'worker'; disabled?: boolean }[] }): Machine {
    const { name, route = 'listening', shell = 'Bash', isHost = false } = given;
    const machine = new Machine(name, given.own ?? thumbprintFrom(name), route, shell, isHost, this.random.between(500, 8000), this.clock, this);
    const thumbprint = given.lowerCase ? this.old.thumbprint.toLowerCase() : this.old.thumbprint;
    const trusted: TrustEntry = route === 'listening' ? { thumbprint, style: 'TentaclePassive', address: null, subscriptionId: null } : { thumbprint: this.old.thumbprint, style: 'TentacleActive', address: POLLED, subscriptionId: machine.uri };
    const foreign: TrustEntry[] = given.foreign ? [{ thumbprint: thumbprintFrom(`other server of ${name}`), style: 'TentacleActive', address: 'https://elsewhere:10943/', subscriptionId: 'poll://elsewhere/' }, { thumbprint: thumbprintFrom(`third server of ${name}`).toLowerCase(), style: 'TentaclePassive', address: null, subscriptionId: null }] : [];
    if (given.webSocket) Object.assign(trusted, { thumbprint: thumbprintFrom('the certificate of the web portal'), address: 'wss://octopus.test/OctopusComms' });
    machine.stored = [...foreign.slice(0, 1), trusted, ...foreign.slice(1)];
    machine.loaded = machine.stored.map((entry) => ({ ...entry }));
    for (const [index, one] of (given.registrations ?? [{ space: 'Spaces-1', kind: 'target' as const, disabled: given.disabled ?? false }]).entries()) {
      const registration: Registration = {
        id: `${one.kind === 'target' ? 'Machines' : 'Workers'}-${this.number++}`, kind: one.kind, spaceId: one.space, name: index === 0 ? name : `${name} (${index + 1})`, isDisabled: one.disabled ?? false, healthStatus: 'Unknown', statusSummary: '',
        style: route === 'polling' ? 'TentacleActive' : 'TentaclePassive', uri: machine.uri, thumbprint: machine.own as Thumbprint, thumbprintText: machine.own, proxyId: given.viaProxy ? 'Proxies-1' : null, shell: given.unchecked ? null : shell, tentacleVersion: '8.3.2', signatureAlgorithm: 'sha256RSA', roles: [],
        environmentIds: one.kind === 'target' ? [`Environments-${this.random.between(1, 4)}`] : [], workerPoolIds: [],
      };
      machine.registrations.push(registration);
      this.byRegistration.set(registration.id, { machine, registration });
    }
    this.machines.push(machine);
    if (route === 'listening') this.byAddress.set(`${name}:10933`, machine);
    return machine;
  }

  /** Somebody deletes its registrations; the machine itself stays as it is. */
  remove(machine: Machine): void {
    for (const { id } of machine.registrations.splice(0)) this.byRegistration.delete(id);
  }

  /** Somebody deletes them and registers it again: the same machine under another id. */
  registerAnew(machine: Machine): void {
    const { id, ...rest } = machine.registrations[0]!;
    this.remove(machine);
    const registration = { id: `${id}0`, ...rest };
    machine.registrations.push(registration);
    this.byRegistration.set(registration.id, { machine, registration });
  }

  get host(): Machine {
    return this.machines.find((machine) => machine.isHost)!;
  }

  /** How Octopus reaches it at this moment. */
  answers(machine: Machine): boolean {
    return machine.isOn && machine.isUp && machine.accepts(this.presented) && this.clock.monotonic() >= machine.pausesUntil;
  }

  // What machines tell.

  writing(machine: Machine, wish: Wish, before: readonly TrustEntry[], after: readonly TrustEntry[]): void {
    const mine = new Set([this.old.thumbprint, this.fresh.thumbprint]);
    const foreign = (list: readonly TrustEntry[]) => JSON.stringify(list.filter((entry) => !mine.has(entry.thumbprint.toUpperCase())));
    if (foreign(before) !== foreign(after)) this.violate(`A25: foreign trust of ${machine.name} was changed`);
    if (machine.accepts(this.presented, before) && !machine.accepts(this.presented, after)) this.violate(`A2: ${machine.name} is cut off by ${wish.operation}`);
    if (wish.operation === 'remove' && wish.thumbprint === this.presented) this.violate(`A24: ${machine.name} is to distrust the certificate in force`);
    if (wish.operation === 'remove' && wish.thumbprint === this.old.thumbprint && !machine.accepts(this.fresh.thumbprint)) this.violate(`A2: ${machine.name} loses OLD and does not accept NEW`);
    this.changes.push(`${wish.operation} ${machine.name}`);
  }

  started(machine: Machine): void {
    this.meanwhile.set(machine, [...this.changing]);
    if (!machine.isHost) {
      this.begun.push(machine);
      this.changing.add(machine);
    }
    this.mostAtOnce = Math.max(this.mostAtOnce, this.changing.size);
  }

  settled(machine: Machine): void {
    this.changing.delete(machine);
  }

  // Network.

  readonly network: Network = {
    reach: async (host, port, timeoutMs) => {
      const machine = this.byAddress.get(`${host}:${port}`);
      if (!machine?.isOn) {
        await this.clock.sleep(timeoutMs);
        return { reached: false, code: 'ETIMEDOUT' };
      }
      return machine.isUp ? { reached: true } : { reached: false, code: 'ECONNREFUSED' };
    },
    ownAddresses: [],
    tls: async ({ host, port, identity }) => {
      if (host === '127.0.0.1' && port === PORT) {
        const certificate = this.certificateOf(this.presented);
        return connection(certificate.thumbprint, new X509Certificate(certificate.certificatePem).raw, () => false);
      }
      const machine = this.byAddress.get(`${host}:${port}`);
      if (!machine?.isOn || !machine.isUp) throw Object.assign(new Error('no connection'), { code: 'ECONNREFUSED' });
      if (machine.registrations.every((one) => one.proxyId !== null)) this.violate(`${machine.name} is behind a proxy and was dialled`);
      const client = this.thumbprintOf(identity!.certificatePem);
      const own = machine.fault === 'wrong-peer' ? thumbprintFrom('somebody else') : machine.own;
      return connection(own, new Uint8Array(), () => machine.isUp && machine.accepts(client));
    },
  };

  private thumbprintOf(pem: string): string {
    const known = this.identities.get(pem) ?? certificateFactsOf(pem).thumbprint;
    this.identities.set(pem, known);
    return known;
  }

  private certificateOf(thumbprint: string): CertificateWithKey {
    return thumbprint === this.old.thumbprint ? this.old : this.fresh;
  }

  // Processes.

  readonly processes: Processes = {
    self: { pid: 4711, started: '1', boot: BOOT },
    runtime: '/usr/bin/node',
    host: 'octopus-01',
    find: async (name) => (name === 'Octopus.Server' ? EXECUTABLE : null),
    alive: async (identity) => (identity.pid === this.pid ? 'alive' : 'dead'),
    run: async ({ file, args, stdin }) => {
      if (file === EXECUTABLE) return this.serverCommand(args);
      if (file === TENTACLE && args[0] === 'show-thumbprint') return ended(`${this.host.own}\n`);
      if (file === '/bin/bash') return ended(`${this.host.run(wishOf(String(stdin))) ?? ''}\n`);
      throw new Error(`Nobody scripted ${file} ${args.join(' ')}`);
    },
  };

  private async serverCommand([command, ...options]: string[]): Promise<CommandResult> {
    const option = (name: string): string => options.find((one) => one.startsWith(`--${name}=`))!.slice(name.length + 3);
    switch (command) {
      case 'show-thumbprint':
        return ended(`${this.database}\n`);
      case 'show-configuration':
        return ended(JSON.stringify({ 'Octopus.Communications.ServicesPort': String(PORT) }));
      case 'export-certificate':
        await this.files.create(option('export-pfx'), toPfx(this.certificateOf(this.database), option('pfx-password')));
        return ended(`The certificate has been written to ${option('export-pfx')}.\n`);
      case 'new-certificate':
        await this.files.create(option('export-pfx'), toPfx(this.fresh, option('pfx-password')));
        return ended(`This instance currently uses a certificate with thumbprint: ${this.database}\nA new certificate has been generated with thumbprint: ${this.fresh.thumbprint}\nThe new certificate has been written to ${option('export-pfx')}.\n`);
      case 'import-certificate': {
        const before = this.database;
        this.database = option('from-file').includes(this.fresh.thumbprint) ? this.fresh.thumbprint : this.old.thumbprint;
        this.changes.push('import');
        return ended(`The certificate was updated; old thumbprint = ${before}, new thumbprint = ${this.database}\nCertificate imported successfully.\n`);
      }
      case 'service':
        this.presented = this.database;
        // The other nodes answer behind the same address.
        if (this.otherNodes.length === 0) this.awayUntil = this.clock.monotonic() + 3_000;
        // A18: whoever was in the middle of polling pauses.
        for (const machine of this.machines) if (machine.route === 'polling') machine.pausesUntil = this.clock.monotonic() + this.random.between(0, 120_000);
        this.changes.push('restart-server');
        return ended('');
      default:
        throw new Error(`Nobody scripted Octopus.Server ${command}`);
    }
  }

  // Octopus.

  /** A run of the runbook; completed by whoever plays it. */
  newRun(): string {
    return this.newTask('RunbookRun', 'Executing').task.id;
  }

  endRun(id: string): void {
    Object.assign(this.tasks.get(id)!.task, { state: 'Success', isCompleted: true });
  }

  private newTask(name: string, state: Task['state'], description = ''): Scripted {
    const id = `ServerTasks-${this.number++}`;
    const one: Scripted = { task: { id, name, description, state, isCompleted: false, errorMessage: '', startTime: this.clock.now().toISOString(), completedTime: null, serverNode: null, spaceId: null, hasPendingInterruptions: false }, activity: [] };
    this.tasks.set(id, one);
    return one;
  }

  private end(one: Scripted, state: Task['state'], lines: string[]): void {
    Object.assign(one.task, { state, isCompleted: true });
    one.activity = [{ name: one.task.name, status: state, progressPercentage: 100, progressMessage: '', log: [], children: lines.map((text) => ({ name: 'machine', status: state, progressPercentage: 100, progressMessage: '', log: text.split('\n').map((line) => ({ category: 'Info', at: NOW, text: line })), children: [] })) }];
  }

  /** Every call comes through here: while the server is away, safe ones wait as the real client does, others fail at once. */
  private async call(request: string, deadlineMs: number, isSafe: boolean): Promise<void> {
    if (this.awayWhen?.(isSafe)) {
      this.awayWhen = null;
      this.awayUntil = this.clock.monotonic() + 500;
    }
    if (this.random.chance(this.weather.away)) this.awayUntil = Math.max(this.awayUntil, this.clock.monotonic() + this.random.between(500, 90_000));
    const left = this.awayUntil - this.clock.monotonic();
    if (left <= 0) return;
    if (!isSafe || left > deadlineMs) {
      if (isSafe) await this.clock.sleep(deadlineMs);
      throw octopusErrors.OCTOPUS_STARTING({ request, url: URL, status: 503, said: '' });
    }
    await this.clock.sleep(left);
  }

  octopus = (deadlineMs = 60_000): OctopusClient => {
    const safe = (request: string) => this.call(request, deadlineMs, true);
    const once = (request: string) => this.call(request, deadlineMs, false);
    const all = (spaceId: string) => [...this.byRegistration.values()].map((one) => one.registration).concat(this.outOfScope).filter((one) => one.spaceId === spaceId);
    return {
      url: URL,
      about: async () => (await safe('about'), { version: VERSION, installationId: '1f1f1f1f-0000-4000-8000-000000000000' }),
      certificate: async () => (await safe('certificate'), { thumbprint: this.presented as Thumbprint, signatureAlgorithm: 'sha256RSA' }),
      nodes: async () => (await safe('nodes'), [this.node(), ...this.otherNodes.map((node) => ({ ...this.node(), ...node, isOffline: !node.isUp }))]),
      drain: async (id, draining) => {
        await safe('drain');
        const other = this.otherNodes.find((node) => node.id === id);
        if (other) other.isDraining = draining;
        else this.isDraining = draining;
        this.changes.push(draining ? 'drain' : 'undrain');
      },
      spaces: async () => (await safe('spaces'), this.spaces),
      permissions: async () => {
        await safe('permissions');
        const everywhere = this.spaces.map((space) => ({ spaceId: space.id, restricted: false }));
        return { username: 'rotator', system: ['AdministerSystem'], inSpace: { TaskCreate: everywhere, MachineEdit: everywhere, WorkerEdit: everywhere } };
      },
      registrations: async (spaceId) => (await safe('machines'), all(spaceId).map((one) => ({ ...one }))),
      setDisabled: async ({ id }, disabled) => {
        await safe('machine');
        this.byRegistration.get(id)!.registration.isDisabled = disabled;
      },
      environments: () => Promise.resolve([]),
      capabilities: async () => (await safe('task types'), capabilitiesOf(VERSION, this.taskTypes)),
      registration: () => Promise.reject(new Error('No phase of this rotation reads a single registration.')),
      setThumbprint: () => Promise.reject(new Error('No phase of this rotation changes a registration.')),
      runRegenerateTask: () => Promise.reject(new Error('This server has no such task.')),
      runTrustTask: async ({ name, machineIds, thumbprint, description }) => {
        await once('task');
        const task = this.newTask(name, 'Executing', description);
        this.tried.push(...machineIds.map((id) => this.byRegistration.get(id)!.machine));
        this.clock.after(400, () => {
          for (const id of machineIds) {
            const { machine, registration } = this.byRegistration.get(id)!;
            if (registration.isDisabled || !this.answers(machine)) continue;
            machine.run({ operation: name === 'TentacleAddTrust' ? 'add' : 'remove', thumbprint, keep: this.presented, beside: '', route: 'listening', restart: 'detached', place: 'tentacle', rotation: '', delaySeconds: 0, watchSeconds: 60, idleSeconds: 60 });
          }
          this.clock.after(20_000, () => this.end(task, 'Success', []));
        });
        return task.task;
      },
      runScript: async ({ body, targets, description, syntax, spaceId }) => {
        await once('task');
        if (!description.includes('[')) this.violate(`a task without the rotation's id: ${description}`);
        const wish = wishOf(body);
        const task = this.newTask('AdHocScript', 'Executing', description);
        const lines: string[] = [];
        if (wish.operation !== 'observe') this.tried.push(...targets.ids.map((id) => this.byRegistration.get(id)!.machine));
        const isCancelled = this.random.chance(this.weather.cancelled);
        let good = true;
        this.clock.after(this.random.between(200, 2000), () => {
          for (const id of isCancelled ? [] : targets.ids) {
            const { machine, registration } = this.byRegistration.get(id)!;
            if (registration.spaceId !== spaceId || registration.kind !== targets.kind || machine.shell !== syntax || machine.route !== wish.route) this.violate(`${machine.name} is in a task that does not fit it`);
            if (machine.isHost) this.violate('the host is in a task of its own run (A41)');
            if (registration.isDisabled) {
              lines.push(`${registration.name} is skipped: it is disabled`);
              continue;
            }
            if (!machine.isOn) this.violate(`rule 15: ${machine.name} is off and in the task "${description}"`);
            const said = this.answers(machine) ? machine.run(wish) : null;
            if (said === null) good = false;
            lines.push(said ?? 'no answer');
          }
          this.end(task, isCancelled ? 'Canceled' : good ? 'Success' : 'Failed', lines);
        });
        return task.task;
      },
      checkHealth: async ({ machineIds, onlyTestConnection, description }) => {
        await once('task');
        const task = this.newTask('Health', 'Executing', description);
        this.clock.after(this.random.between(500, 5000), () => {
          if (this.random.chance(this.weather.cancelled)) return this.end(task, 'Canceled', []);
          let good = true;
          for (const id of machineIds) {
            const { machine, registration } = this.byRegistration.get(id)!;
            if (machine.isHost && !onlyTestConnection) this.violate('a full health check of the host waits for the step that asks for it (A41)');
            if (registration.isDisabled) continue;
            const isThere = this.answers(machine);
            if (!onlyTestConnection && description.includes('find out the shell') && !machine.isOn) this.violate(`rule 15: ${machine.name} is off and in the task "${description}"`);
            if (!onlyTestConnection && isThere) registration.shell = machine.shell;
            registration.healthStatus = isThere ? 'Healthy' : 'Unavailable';
            good &&= isThere;
          }
          this.end(task, good ? 'Success' : 'Failed', []);
        });
        return task.task;
      },
      task: async (id) => {
        await safe('task');
        const one = this.tasks.get(id);
        if (!one) throw octopusErrors.OCTOPUS_NOT_FOUND({ request: 'task', url: URL, status: 404, said: '' });
        return { ...one.task };
      },
      tasks: async ({ name, active, description = '' }) => {
        await safe('tasks');
        return [...this.tasks.values()].map((one) => ({ ...one.task })).filter((one) => one.name === (name ?? one.name) && one.isCompleted !== (active ?? !one.isCompleted) && one.description.includes(description)).reverse();
      },
      activity: async (id) => (await safe('task'), this.tasks.get(id)!.activity),
      waitForTask: async (id, { timeoutMs }) => {
        const { task } = this.tasks.get(id)!;
        const until = this.clock.monotonic() + timeoutMs;
        while (!task.isCompleted && this.clock.monotonic() < until) await this.clock.sleep(500);
        return { task: { ...task }, timedOut: !task.isCompleted };
      },
      librarySet: async (_spaceId, name) => {
        await safe('library set');
        const set = this.sets.get(name);
        return set ? { ...set, variables: { ...set.variables } } : null;
      },
      createLibrarySet: async (_spaceId, name) => {
        await once('library set');
        const set: LibrarySet = { id: 'LibraryVariableSets-1', name, variableSetId: 'variableset-1', version: 0, variables: {} };
        this.sets.set(name, set);
        return { ...set };
      },
      writeLibrarySet: async (_spaceId, { name, version }, variables) => {
        await safe('variable set');
        const set = this.sets.get(name)!;
        if (this.random.chance(this.weather.stale)) set.version += 1;
        if (set.version !== version) throw octopusErrors.OCTOPUS_STALE({ request: 'variable set', url: URL, status: 400, said: '' });
        set.version += 1;
        set.variables = { ...variables };
        return { ...set };
      },
      runRunbook: async () => (await once('runbook'), { taskId: this.newRun() }),
      attach: async () => safe('artifact'),
    };
  };

  private node(): ServerNode {
    return { id: 'OctopusServerNodes-1', name: 'octopus-01', isOffline: false, isDraining: this.isDraining, maxConcurrentTasks: 5, runningTasks: 0, version: VERSION, lastSeen: NOW };
  }
}

function ended(stdout: string): CommandResult {
  return { exitCode: 0, stdout, stderr: '', timedOut: false };
}

/** A TLS connection to a Halibut listener: greets whom it trusts, closes for others without a byte. */
function connection(peer: string, der: Uint8Array, trusts: () => boolean): TlsConnection {
  const pieces: ({ kind: 'data'; bytes: Uint8Array } | { kind: 'end' })[] = [];
  let written = '';
  return {
    peerThumbprint: peer as Thumbprint,
    peerCertificate: der,
    async write(bytes) {
      written += Buffer.from(bytes).toString('latin1');
      if (written === 'MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n') pieces.push(trusts() ? { kind: 'data', bytes: Buffer.from('MX-SERVER 1.0\r\n\r\n') } : { kind: 'end' });
    },
    async read() {
      return pieces.shift() ?? { kind: 'end' };
    },
    async end() {},
  };
}
