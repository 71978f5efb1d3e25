import { dirname } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { Files } from '../../../src/ports/files.ts';
import type { Network, TlsConnection } from '../../../src/ports/network.ts';
import type { Command, CommandResult, Processes } from '../../../src/ports/processes.ts';
import { certificateFactsOf } from '../../../src/certificates/certificate.ts';
import { wishOf } from '../../phases/fleet/machine.ts';
import type { Actor, Effect } from './actor.ts';
import { allCertificates, certificates, inPfx, pfxOf } from './certificates.ts';
import { Disk } from './disk.ts';
import type { Node } from './octopus.ts';
import type { Tentacle } from './tentacle.ts';
import type { World } from './world.ts';

export const EXECUTABLE = '/opt/octopus/octopusserver/Octopus.Server';
export const TENTACLE = '/opt/octopus/tentacle/Tentacle';
const PORT = 10943;
const RESTART_SEC = 2_000;
const SHARE_TRY_MS = 1_000;

const isShared = (path: string): boolean => path === SHARE || path.startsWith(`${SHARE}/`);

/** A relay's unit of systemd, as `systemctl enable` links it. */
interface Unit { name: string; path: string; isEnabled: boolean; state: 'active' | 'activating' | 'inactive'; actor: Actor | null }

/** Where each machine of a server node sees the folder that all of them share. */
export const SHARE = '/share';

/** The machine of a server node: its disk, its service manager, the programs on it. The first one leads: the steps run there. */
export class Host {
  private readonly units = new Map<string, Unit>();
  readonly disk = new Disk();
  isOn = true;
  boots = 1;
  /** How the shared folder answers here: it is there, gives errors, or hangs as a mount does whose server is away. */
  share: 'there' | 'fails' | 'hangs' = 'there';

  constructor(private readonly world: World, readonly node: Node, private readonly relay: (actor: Actor, jobPath: string) => Promise<void>) {}

  get name(): string {
    return this.node.machine;
  }

  get leads(): boolean {
    return this.world.hosts[0] === this;
  }

  get tentacle(): Tentacle {
    return this.world.octopus.tentacles.find((one) => one.name === this.name)!;
  }

  // Files.

  files(actor: Actor): Files {
    const at = (path: string): Disk => (isShared(path) ? this.world.share : this.disk);
    const reached = async (path: string): Promise<void> => {
      while (isShared(path) && this.share === 'hangs') await this.world.time.sleep(SHARE_TRY_MS);
      if (isShared(path) && this.share === 'fails') throw Object.assign(new Error(`EIO: ${path}`), { code: 'EIO' });
    };
    const see = <T>(path: string, look: (disk: Disk) => T): Promise<T> => actor.look(isShared(path) ? () => reached(path).then(() => look(at(path))) : () => look(at(path)));
    const write = (name: string, path: string, change: (disk: Disk) => void, torn?: (disk: Disk) => void): Promise<void> => actor.effect({
      port: 'files', name: `${name} ${path}`, act: isShared(path) ? () => reached(path).then(() => change(at(path))) : () => change(at(path)), ...(torn ? { torn: () => torn(at(path)) } : {}),
    });
    const half = (content: Uint8Array | string): Buffer => {
      const bytes = Buffer.from(content as Uint8Array);
      return bytes.subarray(0, bytes.length >> 1);
    };
    return {
      account: 0,
      read: (path) => see(path, (disk) => disk.read(path)),
      facts: (path) => see(path, (disk) => disk.facts(path)),
      list: (folder) => see(folder, (disk) => disk.list(folder)),
      makeFolder: (path, options) => write('make folder', path, (disk) => disk.makeFolder(path, options?.recursive)),
      create: (path, content, mode) => write('create', path, (disk) => {
        disk.create(path, content, mode);
        if (path.endsWith('/journal.jsonl')) this.world.onJournal(path.split('/').at(-2)!);
      }, (disk) => disk.facts(path) === null && disk.create(path, half(content), mode)),
      replace: (path, content, mode) => write('replace', path, (disk) => disk.put(path, content, mode)),
      append: (path, content) => write('append to', path, () => this.append(path, content), () => this.append(path, half(content).toString())),
      truncate: (path, length) => write('truncate', path, (disk) => disk.truncate(path, length)),
      copy: (from, to, mode) => write('copy', from, (disk) => disk.put(to, disk.read(from), mode)),
      remove: (path) => write('remove', path, (disk) => disk.remove(path)),
    };
  }

  private append(path: string, content: string): void {
    this.disk.append(path, content);
    this.world.stamp(path, content);
  }

  // Processes.

  processes(actor: Actor): Processes {
    return {
      self: actor.identity,
      runtime: '/usr/bin/node',
      host: this.name,
      find: async (name) => (name === 'Octopus.Server' ? EXECUTABLE : name === 'systemctl' ? '/usr/bin/systemctl' : null),
      alive: (identity) => actor.look(() => {
        const found = this.world.actors.find((one) => one.identity.pid === identity.pid && one.identity.boot === identity.boot);
        return found === undefined || found.isDead || found.isBelievedDead ? 'dead' : 'alive';
      }),
      run: (command) => this.run(actor, command),
    };
  }

  private async run(actor: Actor, { file, args, stdin }: Command): Promise<CommandResult> {
    if (file === EXECUTABLE) return this.server(actor, args);
    if (file === TENTACLE && args[0] === 'show-thumbprint') return actor.look(() => ended(`${this.tentacle.thumbprint}\n`));
    if (file === 'hostname') return actor.look(() => ended(`${this.name}\n`));
    if (file.endsWith('systemctl')) return this.systemctl(actor, args);
    if (file === '/bin/bash') {
      const body = String(stdin);
      const wish = wishOf(body);
      const act = (): CommandResult => ended(this.tentacle.run(body));
      return wish.operation === 'observe' ? actor.look(act) : actor.effect({ port: 'processes', name: `script "${wish.operation}" on the host`, guarded: true, act });
    }
    throw new Error(`Nobody knows the program ${file} ${args.join(' ')}`);
  }

  /** Octopus.Server after octopus-server-cli.md sections 3 to 5. */
  private async server(actor: Actor, [command = '', ...options]: string[]): Promise<CommandResult> {
    const { octopus, time } = this.world;
    const { disk, node } = this;
    const option = (name: string): string => options.find((one) => one.startsWith(`--${name}=`))!.slice(name.length + 3);
    const run = (name: string, act: Effect<CommandResult>['act']) => actor.effect({ port: 'processes', name: `Octopus.Server ${name}${this.leads ? '' : ` on ${this.name}`}`, guarded: true, act });
    if (command === 'service') {
      const isStopping = options.includes('--stop');
      return run(isStopping ? 'service --stop --start' : 'service --start', async () => {
        // Nothing can hold back a command that somebody was stopped in front of.
        if (isStopping) octopus.stop(node, !actor.isLate);
        if (isStopping) await time.sleep(1_000);
        octopus.start(node);
        return ended('Service started\n');
      });
    }
    if (command === 'show-configuration') return actor.look(() => ended(JSON.stringify({ 'Octopus.Communications.ServicesPort': String(PORT), 'Octopus.Storage.NodeName': node.name })));
    if (!node.seesDatabase) return actor.look(() => ({ exitCode: 100, stdout: '', stderr: 'A network-related or instance-specific error occurred while establishing a connection to SQL Server.', timedOut: false }));
    switch (command) {
      case 'show-thumbprint':
        return actor.look(() => ended(`${octopus.thumbprint}\n`));
      case 'export-certificate':
        return run(command, () => {
          disk.create(option('export-pfx'), pfxOf(certificateOf(octopus.thumbprint), option('pfx-password')));
          return ended(`The certificate has been written to ${option('export-pfx')}.\n`);
        });
      case 'new-certificate':
        return run(command, () => {
          const { made } = certificates();
          const fresh = made[this.world.made++ % made.length]!;
          disk.create(option('export-pfx'), pfxOf(fresh, option('pfx-password')));
          return ended(`The Octopus Server currently uses a certificate with thumbprint:\n${octopus.thumbprint}\nA new certificate has been generated with thumbprint:\n${fresh.thumbprint}\nThe new certificate has been written to ${option('export-pfx')}.\n`);
        });
      case 'import-certificate':
        return run(command, () => {
          const before = octopus.thumbprint;
          const found = inPfx(disk.read(option('from-file')), option('pfx-password'));
          if (found === null) return { exitCode: 100, stdout: '', stderr: 'The specified network password is not correct.', timedOut: false };
          this.world.imported(found.thumbprint);
          return ended(`Importing the certificate stored in PFX file in ${option('from-file')} using the provided password...\nThe certificate CN=Octopus Portal was updated; old thumbprint = ${before}, new thumbprint = ${found.thumbprint}\nCertificate imported successfully.\nThese changes require a restart of the Octopus Server.\n`);
        });
      default:
        throw new Error(`Nobody knows Octopus.Server ${command}`);
    }
  }

  // The service manager.

  private async systemctl(actor: Actor, args: string[]): Promise<CommandResult> {
    const [verb, ...rest] = args;
    const isNow = rest.includes('--now');
    const given = rest.find((one) => !one.startsWith('--'))!;
    const name = given.slice(given.lastIndexOf('/') + 1);
    if (verb === 'is-active') return actor.look(() => ({ ...ended(this.units.get(name)?.state ?? 'inactive'), exitCode: this.units.get(name)?.state === 'active' ? 0 : 3 }));
    return actor.effect({
      port: 'processes', name: `systemctl ${verb} ${name.replace(/-sc-.*/, '')}`, act: () => {
        if (verb === 'enable') {
          const unit: Unit = this.units.get(name) ?? { name, path: given, isEnabled: true, state: 'inactive', actor: null };
          Object.assign(unit, { path: given, isEnabled: true });
          this.units.set(name, unit);
          if (isNow && unit.state === 'inactive') this.start(unit);
        } else {
          const unit = this.units.get(name);
          if (unit) unit.isEnabled = false;
          if (unit && isNow) this.stop(unit);
        }
        return ended('');
      },
    });
  }

  private start(unit: Unit): void {
    const { time } = this.world;
    const { disk } = this;
    if (disk.facts(unit.path) === null) return void (unit.state = 'inactive');
    const jobPath = /"([^"]+job\.json)"/.exec(disk.read(unit.path).toString())![1]!;
    const called = this.leads ? 'the relay' : `the relay of ${this.node.name}`;
    const actor = this.world.spawn(this.leads ? 'relay' : 'node', this.leads ? 'relay' : `relay of ${this.node.name}`, this);
    Object.assign(unit, { state: 'active', actor });
    this.world.tell(`${called} starts`);
    const work = this.relay(actor, jobPath).then(() => 'done', (error: unknown) => {
      this.world.tell(`${called} fails: ${error instanceof Error ? error.message.slice(0, 160) : String(error)}`);
      return 'failed';
    });
    void actor.whileAlive(work).then((ending) => {
      actor.kill();
      if (unit.actor !== actor) return;
      unit.actor = null;
      if (ending === 'done') {
        unit.state = 'inactive';
        this.world.tell(`${called} is done`);
        return;
      }
      unit.state = 'activating';
      time.after(RESTART_SEC, () => unit.state === 'activating' && this.start(unit));
    });
  }

  private stop(unit: Unit): void {
    const { actor } = unit;
    Object.assign(unit, { state: 'inactive', actor: null });
    actor?.kill();
  }

  get relayActor(): Actor | null {
    return [...this.units.values()].find((unit) => unit.actor !== null)?.actor ?? null;
  }

  get isQuiet(): boolean {
    return [...this.units.values()].every((unit) => unit.state === 'inactive');
  }

  /** Units that are there, whether or not they run. */
  get unitNames(): string[] {
    return [...this.units.values()].filter((unit) => unit.isEnabled || unit.state !== 'inactive').map((unit) => unit.name);
  }

  powerOff(): void {
    for (const unit of this.units.values()) this.stop(unit);
  }

  boot(): void {
    for (const unit of this.units.values()) if (unit.isEnabled && unit.state === 'inactive') this.start(unit);
  }

  // Network.

  network(actor: Actor): Network {
    const { world } = this;
    const listener = (host: string) => world.octopus.tentacles.find((one) => one.name === host);
    return {
      ownAddresses: [],
      reach: (host, _port, timeoutMs) => actor.look(async () => {
        const found = listener(host);
        if (!found?.isOn || found.isCutOff || found.route === 'polling') {
          await world.time.sleep(timeoutMs);
          return { reached: false, code: 'ETIMEDOUT' } as const;
        }
        return found.isRunning ? ({ reached: true } as const) : ({ reached: false, code: 'ECONNREFUSED' } as const);
      }),
      tls: ({ host, port, identity }) => actor.look(() => {
        if (port === PORT) {
          const node = host === '127.0.0.1' ? this.node : world.octopus.nodes.find((one) => one.machine === host);
          if (!node || node.presents === null) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
          const certificate = certificateOf(node.presents);
          return connection(actor, certificate.thumbprint, derOf(certificate.certificatePem), () => false);
        }
        const found = listener(host);
        if (!found?.isOn || found.isCutOff || !found.isRunning) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
        if (found.viaProxy) world.violate(`${host} is behind a proxy and was dialled`);
        const client = thumbprintOf(identity!.certificatePem);
        return connection(actor, found.thumbprint, new Uint8Array(), () => found.isRunning && found.trusts(client, ''));
      }),
    };
  }

  /** The program that the step's package brings. */
  unpack(program: string, content: string): void {
    this.disk.makeFolder(dirname(program), true);
    this.disk.put(program, content);
  }
}

function certificateOf(thumbprint: string) {
  return allCertificates().find((one) => one.thumbprint === thumbprint)!;
}

const ders = new Map<string, Uint8Array>();
function derOf(pem: string): Uint8Array {
  const der = ders.get(pem) ?? new X509Certificate(pem).raw;
  ders.set(pem, der);
  return der;
}

const thumbprints = new Map<string, string>();
function thumbprintOf(pem: string): string {
  const found = thumbprints.get(pem) ?? certificateFactsOf(pem).thumbprint;
  thumbprints.set(pem, found);
  return found;
}

function ended(stdout: string): CommandResult {
  return { exitCode: 0, stdout, stderr: '', timedOut: false };
}

/** A TLS connection to a Halibut listener: greets whom it trusts, closes for others without a byte (tentacle-trust.md section 7). */
function connection(actor: Actor, peer: string, der: Uint8Array, trusts: () => boolean): TlsConnection {
  const pieces: ({ kind: 'data'; bytes: Uint8Array } | { kind: 'end' })[] = [];
  let written = '';
  return {
    peerThumbprint: peer as TlsConnection['peerThumbprint'],
    peerCertificate: der,
    write: (bytes) => actor.look(() => {
      written += Buffer.from(bytes).toString('latin1');
      if (written === 'MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n') pieces.push(trusts() ? { kind: 'data', bytes: Buffer.from('MX-SERVER 1.0\r\n\r\n') } : { kind: 'end' });
    }),
    read: () => actor.look(() => pieces.shift() ?? { kind: 'end' as const }),
    end: async () => undefined,
  };
}
