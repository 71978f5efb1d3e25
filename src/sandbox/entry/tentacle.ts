/** The `Tentacle` executable of a machine of the sandbox. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { faultStrikes, machineFaults, resultIsLost } from '../machines/faults.ts';
import { homeOf, machineLayout } from '../machines/layout.ts';
import { pollingPauseFactor } from '../machines/sandbox-file.ts';
import { setClock } from '../preload/clock.ts';
import { startAgent } from '../tentacle/agent.ts';
import type { TentacleHost } from '../tentacle/command.ts';
import { TentacleConfiguration } from '../tentacle/configuration.ts';
import { UnexpectedFailure } from '../tentacle/failures.ts';
import { OwnCertificate, thumbprintKey, userHomeOn } from '../tentacle/own-certificate.ts';
import { main } from '../tentacle/program.ts';
import { recordEvent } from '../truth/events.ts';
import { reportRunning } from '../truth/running.ts';

/** How soon a process notices that the clock of its machine jumps; milliseconds. */
const clockNoticeMs = 250;

const machine = process.env.SANDBOX_MACHINE ?? '';
if (machine === '') {
  process.stderr.write('This program works only on a machine of the sandbox.\n');
  process.exit(1);
}
const { tentacleVersion, preload, windows } = JSON.parse(readFileSync(join(machine, 'machine.json'), 'utf8')) as { tentacleVersion: string; preload?: string; windows?: { shellVersion: string } };

const version = machineFaults(machine).tentacleVersion ?? tentacleVersion;
const userHome = windows ? null : userHomeOn(machine, homeOf(machine), process.env);

const host: TentacleHost = {
  root: machine,
  cwd: process.cwd(),
  env: process.env,
  executable: join(machineLayout(machine).bin, windows ? 'Tentacle.exe' : 'Tentacle'),
  ...(windows ? { windowsServices: join(machineLayout(machine).serviceManager, 'systemctl') } : {}),
  version,
  stdout: (text) => { process.stdout.write(text); },
  stderr: (text) => { process.stderr.write(text); },
  run([file = '', ...args]) {
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { exitCode: status ?? 143, output: stdout + stderr };
  },
  configurationWritten(path) {
    recordEvent(homeOf(machine), basename(machine), 'tentacle-config-written', { path, ...writtenIn(path) });
  },
  userHome,
  strikes: (trouble) => faultStrikes(machine, trouble),
  runAgent,
};

/** What is in force from the next start on. `thumbprint` names the certificate, `certificate` is the one that is there. */
function writtenIn(path: string): { trusted: string[] | null; thumbprint: string | null; certificate: string | null } {
  try {
    const configuration = new TentacleConfiguration(path);
    const own = new OwnCertificate(configuration, { machineDir: machine, userHome });
    return { trusted: configuration.trustedServers.map(({ Thumbprint }) => Thumbprint), thumbprint: configuration.get(thumbprintKey), certificate: own.stored()?.thumbprint ?? null };
  } catch {
    return { trusted: null, thumbprint: null, certificate: null };
  }
}

/** Calls once for each thing. */
function firstOfEach(call: (thing: string) => void): (thing: string) => void {
  const seen = new Set<string>();
  return (thing) => {
    if (seen.has(thing)) return;
    seen.add(thing);
    call(thing);
  };
}

/** Where no module is loaded first that does it for every process, the clock of the machine is wrong at least for its Tentacle. */
function followClock(): void {
  const look = () => setClock(machineFaults(machine).clock ?? 0);
  look();
  setInterval(look, clockNoticeMs).unref();
}

async function runAgent(configuration: TentacleConfiguration, instanceName: string | null): Promise<number> {
  // Scripts and connections that are still open end with the process, as the service manager expects.
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0));
  const faults = machineFaults(machine);
  if (faults.failsAboveTrusted !== undefined && configuration.trustedServers.length > faults.failsAboveTrusted) {
    throw new UnexpectedFailure('The agent cannot start with this configuration', 'System.InvalidOperationException');
  }
  if (faults.slowStart !== undefined) await delay(faults.slowStart);
  let own = '';
  await startAgent({
    configuration, instanceName, version, place: { machineDir: machine, userHome }, executable: host.executable, env: process.env, ...(windows ? { windows } : {}),
    started({ effective, thumbprint, signatureAlgorithm, port }) {
      own = thumbprint;
      reportRunning(machine, 'tentacle', { effective, thumbprint, signatureAlgorithm, port });
      recordEvent(homeOf(machine), basename(machine), 'tentacle-started', { pid: process.pid, thumbprint, signatureAlgorithm, effective: effective.map(({ Thumbprint }) => Thumbprint) });
    },
    pollingPauseFactor: pollingPauseFactor(homeOf(machine)),
    polling: (loops) => reportRunning(machine, 'polling', { loops }),
    dropConnections: () => machineFaults(machine).dropConnections === true,
    losesResult: (output) => resultIsLost(machine, output),
    authenticated: firstOfEach((server) => recordEvent(homeOf(machine), basename(machine), 'tentacle-authenticated', { pid: process.pid, own, server })),
  });
  return new Promise<never>(() => undefined);
}

if (preload === undefined) followClock();
void main(process.argv.slice(2), host).then((exitCode) => {
  process.exitCode = exitCode;
});
