import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerInstance } from '../tentacle/instances.ts';
import { Settings, writeSettings } from '../tentacle/settings-file.ts';
import { randomSubscription } from '../tentacle/subscription.ts';
import { passiveEntry, storeTrustedServers, style, type TrustedServer } from '../tentacle/trusted-servers.ts';
import { unitText } from '../tentacle/commands/service.ts';
import { freePort } from './free-port.ts';
import { machineDirectory, machineLayout } from './layout.ts';
import type { MachineRecord } from './sandbox-file.ts';

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
  /** The folder of the sandbox's bundles, and the Node that runs them. */
  programs: string;
  node: string;
}

export const tentacleInstance = 'Tentacle';
export const serverUnit = 'octopusserver.service';
export const tentacleUnit = `${tentacleInstance}.service`;

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
  writeFileSync(join(dir, 'machine.json'), `${JSON.stringify({ name: spec.name, tentacleVersion: spec.tentacleVersion }, null, 2)}\n`);

  program(spec, dir, 'Tentacle', 'tentacle.js');
  program(spec, dir, 'systemctl', 'systemctl.js');
  program(spec, dir, 'systemd-run', 'systemd-run.js');
  if (spec.isServer) program(spec, dir, 'Octopus.Server', 'octopus-server.js');
  script(join(layout.bin, 'sudo'), sudo);
  script(layout.shell, `${mark(dir)}export PATH=${quoted(layout.bin)}:"$PATH"\nif [ "\${1-}" = -c ]; then exec bash -c "$2"; fi\nexec bash --noprofile --norc -i\n`);

  enabledUnit(dir, tentacleUnit, unitText(join(layout.bin, 'Tentacle'), tentacleInstance));
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
  const thumbprint = await configureTentacle(dir, port, entriesOf(spec, subscription), noListen);
  return {
    mode: spec.polls ? 'polling' : 'listening', subscription, noListen,
    name: spec.name, dir, port, thumbprint, config: layout.tentacleConfig, bin: layout.bin, shell: layout.shell, state: spec.state, isServer: spec.isServer,
  };
}

/** One passive entry a thumbprint; a polling Tentacle has one active entry a server address instead of the server's own. */
function entriesOf(spec: MachineSpec, subscription: string | null): TrustedServer[] {
  const [own, ...foreign] = spec.trusted;
  if (!spec.polls || own === undefined) return spec.trusted.map(passiveEntry);
  const active = spec.polls.addresses.map((address): TrustedServer => ({ Thumbprint: own, CommunicationStyle: style.active, Address: address, Squid: null, SubscriptionId: subscription }));
  return [...active, ...foreign.map(passiveEntry)];
}

async function configureTentacle(dir: string, port: number, trusted: TrustedServer[], noListen: boolean): Promise<string> {
  const { generateCertificate, toPfx } = await import('../server/certificate.ts');
  const layout = machineLayout(dir);
  const certificate = generateCertificate('Octopus Tentacle');
  const settings = new Settings();
  settings.set('Octopus.Home', layout.tentacleHome);
  settings.set('Tentacle.Deployment.ApplicationDirectory', join(layout.tentacleHome, 'Applications'));
  settings.set('Tentacle.Certificate', toPfx(certificate, '').toString('base64'));
  settings.set('Tentacle.CertificateThumbprint', certificate.thumbprint);
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

/** A program of the machine: a wrapper that says which machine it is on. */
function program(spec: MachineSpec, dir: string, name: string, bundle: string): void {
  script(join(machineLayout(dir).bin, name), `${mark(dir)}exec ${quoted(spec.node)} ${quoted(join(spec.programs, bundle))} "$@"\n`);
}

function mark(dir: string): string {
  return `export SANDBOX_MACHINE=${quoted(dir)}\n`;
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
