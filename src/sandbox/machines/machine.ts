import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CertificateKind } from '../server/certificate.ts';
import { registerInstance } from '../tentacle/instances.ts';
import { TentacleConfiguration } from '../tentacle/configuration.ts';
import { certificateKey, thumbprintKey } from '../tentacle/own-certificate.ts';
import { Settings, writeSettings } from '../tentacle/settings-file.ts';
import { randomSubscription } from '../tentacle/subscription.ts';
import { passiveEntry, storeTrustedServers, style, type TrustedServer } from '../tentacle/trusted-servers.ts';
import { unitText } from '../tentacle/commands/service.ts';
import { windowsModule, windowsModuleManifest, windowsModuleName } from '../windows/module.ts';
import type { Pwsh } from '../windows/pwsh.ts';
import { freePort } from './free-port.ts';
import { machineDirectory, machineLayout } from './layout.ts';
import { machineKeyPath, protectForMachine } from './machine-key.ts';
import { mountShare } from './mount.ts';
import { preloading } from './preload.ts';
import type { LoadBalancerRecord, MachineRecord } from './sandbox-file.ts';

export type { MachineRecord } from './sandbox-file.ts';

export interface MachineSpec {
  name: string;
  state: 'on' | 'off';
  tentacleVersion: string;
  /** Thumbprints that its Tentacle trusts from the beginning, in this order: the server's own, then foreign ones. */
  trusted: string[];
  /** Makes it a polling Tentacle: the server addresses that it polls, as `https://host:port`, expecting the first of `trusted`. */
  polls?: { addresses: string[]; noListen: boolean };
  /** Whether an Octopus Server node runs here. */
  isServer: boolean;
  /** Makes it a Windows machine, played by this PowerShell. */
  windows?: Pwsh;
  /** The shared folder of several nodes, to be mounted here. */
  share?: string;
  /** The Octopus Server version that is installed here, when it is not the one of the database. */
  serverVersion?: string;
  /** Lets the machine's clock, network and mounts be disturbed: a module that each of its Node processes loads first. */
  preload?: string;
  /** What differs in the Tentacle's certificate; its keys, where they are made already. */
  certificate?: CertificateKind;
  /** The folder of the sandbox's bundles, and the Node that runs them. */
  programs: string;
  node: string;
}

export const tentacleInstance = 'Tentacle';
export const serverUnit = 'octopusserver.service';
export const tentacleUnit = `${tentacleInstance}.service`;
export const loadBalancerUnit = 'loadbalancer.service';

/**
 * Makes one machine below `home`: its programs, an enabled `Tentacle.service` (named after the instance, as Tentacle's own
 * installer names it), a configured Tentacle with a certificate of its own, and on server machines an enabled
 * `octopusserver.service`. Nothing runs afterwards.
 */
export async function createMachine(home: string, spec: MachineSpec): Promise<MachineRecord> {
  const dir = machineDirectory(home, spec.name);
  const layout = machineLayout(dir);
  for (const folder of [layout.bin, layout.wanted, layout.run, layout.journal, layout.root, join(layout.tentacleHome, 'Work')]) mkdirSync(folder, { recursive: true });
  writeFileSync(layout.power, spec.state);
  writeFileSync(layout.about, `${JSON.stringify({ name: spec.name, tentacleVersion: spec.tentacleVersion, preload: spec.preload, environment: environmentOf(spec, dir), serverVersion: spec.serverVersion, ...(spec.windows ? { windows: { shellVersion: spec.windows.version } } : {}) }, null, 2)}\n`);
  if (spec.share !== undefined) mountShare(dir, spec.share);

  if (spec.windows) windowsPrograms(spec, spec.windows, dir);
  else linuxPrograms(spec, dir);
  enabledUnit(dir, tentacleUnit, spec.windows ? windowsServiceUnit(join(layout.bin, 'Tentacle.exe')) : unitText(join(layout.bin, 'Tentacle'), tentacleInstance));
  if (spec.isServer) {
    enabledUnit(dir, serverUnit, [
      '[Unit]', 'Description=Octopus Server', 'After=network.target', '',
      '[Service]', 'Type=simple', 'User=root', `ExecStart=${join(layout.bin, 'Octopus.Server')} run --instance OctopusServer --noninteractive`, 'Restart=always', '',
      '[Install]', 'WantedBy=multi-user.target', '',
    ].join('\n'));
  }
  const port = await freePort();
  const subscription = spec.polls ? `poll://${randomSubscription()}/` : null;
  const noListen = spec.polls?.noListen ?? false;
  const thumbprint = await configureTentacle(dir, port, entriesOf(spec, subscription), noListen, spec.certificate);
  return {
    platform: spec.windows ? 'windows' : 'linux', mode: spec.polls ? 'polling' : 'listening', subscription, noListen,
    name: spec.name, dir, port, thumbprint, signatureAlgorithm: `${spec.certificate?.digest ?? 'sha256'}RSA`, config: layout.tentacleConfig, bin: layout.bin, shell: layout.shell, state: spec.state, isServer: spec.isServer,
    ...(spec.share === undefined ? {} : { share: layout.share }),
  };
}

/** Gives the copy of a machine's disk what makes the two one for a server: the key of the machine, and the certificate that it protects. */
export function copyCertificate(from: MachineRecord, to: MachineRecord): void {
  mkdirSync(dirname(machineKeyPath(to.dir)), { recursive: true });
  copyFileSync(machineKeyPath(from.dir), machineKeyPath(to.dir));
  const original = new TentacleConfiguration(from.config);
  new TentacleConfiguration(to.config).set(Object.fromEntries([certificateKey, thumbprintKey].map((key) => [key, original.get(key) ?? ''])));
  Object.assign(to, { thumbprint: from.thumbprint, signatureAlgorithm: from.signatureAlgorithm });
}

/** Makes the machine of the load balancer: no Tentacle, one enabled unit. The balancer reads its nodes from `sandbox.json` while it runs. */
export async function createLoadBalancer(home: string, spec: Pick<MachineSpec, 'name' | 'preload' | 'programs' | 'node'>): Promise<LoadBalancerRecord> {
  const dir = machineDirectory(home, spec.name);
  const layout = machineLayout(dir);
  for (const folder of [layout.bin, layout.wanted, layout.run, layout.journal, layout.root]) mkdirSync(folder, { recursive: true });
  writeFileSync(layout.power, 'on');
  writeFileSync(layout.about, `${JSON.stringify({ name: spec.name, preload: spec.preload, environment: environmentOf(spec, dir) }, null, 2)}\n`);
  const path = join(layout.bin, 'load-balancer');
  program(spec, dir, path, 'load-balancer.js');
  enabledUnit(dir, loadBalancerUnit, ['[Unit]', 'Description=Load balancer of the Octopus portals', '', '[Service]', 'Type=simple', `ExecStart=${path}`, 'Restart=always', '', '[Install]', 'WantedBy=multi-user.target', ''].join('\n'));
  return { machine: spec.name, dir, port: await freePort() };
}

function linuxPrograms(spec: MachineSpec, dir: string): void {
  const { bin, shell } = machineLayout(dir);
  program(spec, dir, join(bin, 'Tentacle'), 'tentacle.js');
  program(spec, dir, join(bin, 'systemctl'), 'systemctl.js');
  program(spec, dir, join(bin, 'systemd-run'), 'systemd-run.js');
  if (spec.isServer) program(spec, dir, join(bin, 'Octopus.Server'), 'octopus-server.js');
  script(join(bin, 'sudo'), sudo);
  script(shell, `${mark(spec, dir)}export PATH=${quoted(bin)}:"$PATH" HOME=${quoted(machineLayout(dir).root)}\nif [ "\${1-}" = -c ]; then exec bash -c "$2"; fi\nexec bash --noprofile --norc -i\n`);
}

/**
 * A Windows machine as far as a Tentacle's scripts see it: `Tentacle.exe`, PowerShell under both of its names, `schtasks.exe`,
 * and a module with the cmdlets for services and scheduled tasks. Its service manager is the sandbox's, out of their sight.
 */
function windowsPrograms(spec: MachineSpec, pwsh: Pwsh, dir: string): void {
  const { bin, shell, serviceManager, modules } = machineLayout(dir);
  const module = join(modules, windowsModuleName);
  for (const folder of [serviceManager, module, join(dir, 'ProgramData'), join(dir, 'ProgramFiles', 'Octopus Deploy', 'Tentacle'), join(dir, 'Temp')]) mkdirSync(folder, { recursive: true });
  for (const folder of [bin, join(dir, 'ProgramFiles', 'Octopus Deploy', 'Tentacle')]) program(spec, dir, join(folder, 'Tentacle.exe'), 'tentacle.js');
  program(spec, dir, join(serviceManager, 'systemctl'), 'systemctl.js');
  program(spec, dir, join(serviceManager, 'systemd-run'), 'systemd-run.js');
  program(spec, dir, join(bin, 'windows-machine'), 'windows-machine.js');
  for (const name of ['schtasks', 'schtasks.exe']) program(spec, dir, join(bin, name), 'windows-machine.js', 'schtasks ');
  for (const name of ['pwsh', 'pwsh.exe', 'powershell', 'powershell.exe']) script(join(bin, name), `${mark(spec, dir)}exec ${quoted(pwsh.path)} "$@"\n`);
  writeFileSync(join(module, `${windowsModuleName}.psd1`), windowsModuleManifest);
  writeFileSync(join(module, `${windowsModuleName}.psm1`), windowsModule);
  script(shell, `${mark(spec, dir)}export PATH=${quoted(bin)}:"$PATH"\nif [ "\${1-}" = -c ]; then exec ${quoted(pwsh.path)} -NoProfile -NonInteractive -Command "$2"; fi\nexec ${quoted(pwsh.path)} -NoProfile -NoLogo\n`);
}

/** The service as Tentacle's installer makes it on Windows: started with the machine, without recovery actions, and started as often as asked. */
function windowsServiceUnit(executable: string): string {
  return [
    '[Unit]', 'Description=Octopus Tentacle', 'StartLimitIntervalSec=0', '',
    '[Service]', 'Type=simple', 'User=root', `ExecStart=${executable} run --instance=${tentacleInstance} --noninteractive`, 'Restart=no', '',
    '[Install]', 'WantedBy=multi-user.target', '',
  ].join('\n');
}

/** One passive entry a thumbprint; a polling Tentacle has one active entry a server address instead of the server's own. */
function entriesOf(spec: MachineSpec, subscription: string | null): TrustedServer[] {
  const [own, ...foreign] = spec.trusted;
  if (!spec.polls || own === undefined) return spec.trusted.map(passiveEntry);
  const active = spec.polls.addresses.map((address): TrustedServer => ({ Thumbprint: own, CommunicationStyle: style.active, Address: address, Squid: null, SubscriptionId: subscription }));
  return [...active, ...foreign.map(passiveEntry)];
}

async function configureTentacle(dir: string, port: number, trusted: TrustedServer[], noListen: boolean, kind?: CertificateKind): Promise<string> {
  const { generateCertificate, toPfx } = await import('../server/certificate.ts');
  const layout = machineLayout(dir);
  const certificate = generateCertificate('Octopus Tentacle', kind);
  const settings = new Settings();
  settings.set('Octopus.Home', layout.tentacleHome);
  settings.set('Tentacle.Deployment.ApplicationDirectory', join(layout.tentacleHome, 'Applications'));
  settings.set(certificateKey, protectForMachine(dir, toPfx(certificate, '').toString('base64')));
  settings.set(thumbprintKey, certificate.thumbprint);
  settings.set('Tentacle.Services.PortNumber', String(port));
  if (noListen) settings.set('Tentacle.Services.NoListen', 'true');
  storeTrustedServers(settings, trusted);
  writeSettings(layout.tentacleConfig, settings);
  registerInstance(dir, { name: tentacleInstance, configurationFile: layout.tentacleConfig });
  return certificate.thumbprint;
}

function enabledUnit(dir: string, unit: string, text: string): void {
  const { units, wanted } = machineLayout(dir);
  writeFileSync(join(units, unit), text);
  symlinkSync(join(units, unit), join(wanted, unit));
}

type ProgramSpec = Pick<MachineSpec, 'name' | 'programs' | 'node' | 'windows' | 'preload'>;

/** A program of the machine: a wrapper that says which machine it is on. */
function program(spec: ProgramSpec, dir: string, path: string, bundle: string, words = ''): void {
  script(path, `${mark(spec, dir)}exec ${quoted(spec.node)} ${quoted(join(spec.programs, bundle))} ${words}"$@"\n`);
}

/**
 * What every process of the machine finds in its environment, whoever started it: where it is, and on Windows what the system
 * itself sets there. The service manager reads it from machine.json, so that services and scheduled tasks have it too.
 */
function environmentOf(spec: ProgramSpec, dir: string): Record<string, string> {
  const temp = join(dir, 'Temp');
  return {
    SANDBOX_MACHINE: dir,
    ...(spec.preload === undefined ? {} : { NODE_OPTIONS: preloading(spec.preload) }),
    ...(spec.windows ? { OS: 'Windows_NT', COMPUTERNAME: spec.name.toUpperCase(), ProgramData: join(dir, 'ProgramData'), ProgramFiles: join(dir, 'ProgramFiles'), TEMP: temp, TMP: temp, TMPDIR: temp, SANDBOX_PWSH: spec.windows.path, PSModulePath: machineLayout(dir).modules } : {}),
  };
}

function mark(spec: ProgramSpec, dir: string): string {
  return Object.entries(environmentOf(spec, dir)).map(([name, value]) => `export ${name}=${quoted(value)}\n`).join('');
}

function script(path: string, body: string): void {
  writeFileSync(path, `#!/usr/bin/env bash\n${body}`);
  chmodSync(path, 0o755);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whoever works on a sandbox machine is its root already, so sudo only runs the command. */
const sudo = `validate=
while [ $# -gt 0 ]; do
  case "$1" in
    -u|-g|-h|-p) shift 2 ;;
    --) shift; break ;;
    --*) shift ;;
    -*v*) validate=1; shift ;;
    -*) shift ;;
    *=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -eq 0 ] && [ -n "$validate" ] && exit 0
[ $# -eq 0 ] && { echo 'usage: sudo [-nvE] [-u user] [VAR=value] command' >&2; exit 1; }
exec "$@"
`;
