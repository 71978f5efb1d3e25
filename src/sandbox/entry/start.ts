/**
 * Starts a sandbox and stays in the foreground: `start --estate FILE --home DIR [--json] [--ready-timeout S]
 * [--polling-pause-factor N]`. On SIGTERM, SIGINT, or the end of a piped stdin it ends every process of the sandbox, then itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { fstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseEstate } from '../machines/estate.ts';
import { killAll, markedProcesses } from '../machines/processes.ts';
import { createSandbox } from '../machines/sandbox.ts';
import type { MachineRecord, SandboxFile } from '../machines/sandbox-file.ts';
import { describeNodes } from '../supervisor/node-addresses.ts';
import { belongsTo } from '../supervisor/supervisor.ts';
import { databaseCertificate, readGroundTruth } from '../truth/ground-truth.ts';

interface Options { estate: string | undefined; home: string; json: boolean; readySeconds: number; pauseFactor: number | undefined }

function readOptions(): Options {
  const { values } = parseArgs({ options: { estate: { type: 'string' }, home: { type: 'string' }, json: { type: 'boolean' }, 'ready-timeout': { type: 'string' }, 'polling-pause-factor': { type: 'string' } } });
  if (!values.home) throw new Error('Say with --home DIR where the sandbox is to be kept.');
  const readySeconds = Number(values['ready-timeout'] ?? 60);
  if (!(readySeconds > 0)) throw new Error('--ready-timeout wants a number of seconds.');
  const factor = values['polling-pause-factor'];
  const pauseFactor = factor === undefined ? undefined : Number(factor);
  if (pauseFactor !== undefined && !(pauseFactor >= 1)) throw new Error('--polling-pause-factor wants a number, 1 or more.');
  return { estate: values.estate, home: resolve(values.home), json: values.json ?? false, readySeconds, pauseFactor };
}

/** Resolves when the supervisor has started every unit; rejects when it ends before. */
function supervise(programs: string, home: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(programs, 'supervisor.js'), home], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  child.stdin.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('error', reject).once('exit', (code) => reject(new Error(`The supervisor of the sandbox did not start (exit code ${code ?? 'none'}).`)));
  });
}

async function waitUntilReady(file: SandboxFile, home: string, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  const missing = new Set<string>();
  for (;;) {
    missing.clear();
    const { tentacles, server: { loadBalancer, nodes: states } } = readGroundTruth(home, file);
    const on = tentacles.filter((tentacle) => tentacle.on);
    await Promise.all(on.map(async ({ machine, port, running }) => {
      const { noListen } = file.machines.find(({ name }) => name === machine) ?? {};
      if (noListen ? !running : !await answers(port)) missing.add(`the Tentacle on ${machine}`);
    }));
    const { server } = file;
    const nodes = (server?.nodes ?? []).filter((node) => on.some(({ machine }) => machine === node.machine));
    await Promise.all(nodes.map(async ({ name, webPort }) => {
      if (!await serves(`http://127.0.0.1:${webPort}`)) missing.add(nodes.length > 1 ? `Octopus Server (node ${name})` : 'Octopus Server');
    }));
    const expected = nodes.filter(({ machine }) => states.find((state) => state.machine === machine)?.drained !== true);
    if (loadBalancer?.on && loadBalancer.inService.length < expected.length) missing.add(`the load balancer on ${loadBalancer.machine}`);
    if (missing.size === 0) return;
    if (Date.now() > end) throw new Error(`The sandbox is not ready after ${seconds} seconds: ${[...missing].join(', ')} did not answer. Its logs are in ${join(home, 'machines')}.`);
    await delay(40);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => { socket.end(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

async function serves(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api`)).ok;
  } catch {
    return false;
  }
}

/** What is printed once everything answers: the certificates as they are now, not as they were when the sandbox was made. */
function summary(file: SandboxFile, home: string) {
  const { server } = file;
  const stored = databaseCertificate(home);
  const { tentacles } = readGroundTruth(home, file);
  return {
    url: server?.url ?? null,
    apiKey: server?.apiKey ?? null,
    serverThumbprint: stored?.thumbprint ?? null,
    serverCertificate: stored ? new X509Certificate(stored.der).toString() : null,
    serverMachine: server?.machine ?? null,
    commsPort: server?.commsPort ?? null,
    controlUrl: `http://127.0.0.1:${file.controlPort}`,
    controlToken: file.controlToken,
    home,
    nodes: describeNodes(file),
    loadBalancer: file.loadBalancer ? { machine: file.loadBalancer.machine, url: `http://127.0.0.1:${file.loadBalancer.port}` } : null,
    share: file.share ?? null,
    pollingPauseFactor: file.pollingPauseFactor ?? 1,
    notRehearsed: file.notRehearsed ?? [],
    tentacles: file.machines.map((machine: MachineRecord) => {
      const truth = tentacles.find((tentacle) => tentacle.machine === machine.name);
      return { name: machine.name, address: addressOf(machine), platform: machine.platform ?? 'linux', mode: machine.mode ?? 'listening', config: machine.config, thumbprint: truth?.ownThumbprint ?? machine.thumbprint, state: truth?.on ? 'on' : 'off', bin: machine.bin, shell: machine.shell };
    }),
  };
}

/** Where it is reached: its port, or the subscription that it polls for. */
function addressOf(machine: MachineRecord): string {
  return machine.noListen && machine.subscription ? machine.subscription : `127.0.0.1:${machine.port}`;
}

function print(file: SandboxFile, home: string, json: boolean): void {
  const described = summary(file, home);
  if (json) {
    process.stdout.write(`${JSON.stringify(described)}\n`);
    return;
  }
  const lines = [
    `Octopus Server   ${described.url ?? '-'}   (API key ${described.apiKey ?? '-'})`,
    `Certificate      ${described.serverThumbprint ?? '-'}, presented at 127.0.0.1:${described.commsPort ?? '-'}`,
    ...(described.nodes.length > 1 ? described.nodes.map(({ name, url, commsPort, shell }) => `Node             ${name.padEnd(16)} ${url}, Tentacles at 127.0.0.1:${commsPort} ${shell}`) : []),
    ...(described.loadBalancer ? [`Load balancer    ${described.loadBalancer.machine.padEnd(16)} ${described.loadBalancer.url}`] : []),
    `Control API      ${described.controlUrl}   (X-Sandbox-Token ${described.controlToken})`,
    ...described.tentacles.map(({ name, address, state, shell }) => `Tentacle         ${name.padEnd(16)} ${state === 'on' ? address.padEnd(16) : 'switched off    '} ${shell}`),
    ...(described.tentacles.some(({ mode }) => mode === 'polling') ? [`Polling          pauses and time-outs are those of the real ones divided by ${described.pollingPauseFactor}`] : []),
    ...described.notRehearsed.map((what) => `Not rehearsed    ${what}`),
    'Press Ctrl+C to stop it all.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function run(): Promise<number> {
  const options = readOptions();
  const programs = dirname(realpathSync(process.argv[1] ?? ''));
  const estate = options.estate === undefined ? null : parseEstate(readFileSync(options.estate, 'utf8'));
  // Links in the path would make a second name for the same sandbox.
  mkdirSync(options.home, { recursive: true, mode: 0o700 });
  const home = realpathSync(options.home);

  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const stopped = new Promise<'stopped'>((resolve) => { stop.signal.addEventListener('abort', () => resolve('stopped')); });
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on('end', () => stop.abort()).on('error', () => stop.abort()).resume();

  const file = await createSandbox(home, estate, programs, options.pauseFactor);
  if (stop.signal.aborted) return 0;
  const supervisor = await supervise(programs, home);
  const ended = new Promise<'ended'>((resolve) => {
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) resolve('ended');
    supervisor.once('exit', () => resolve('ended'));
  });
  try {
    const ready = await Promise.race([waitUntilReady(file, home, options.readySeconds).then(() => 'ready' as const), stopped, ended]);
    if (ready === 'ready') print(file, home, options.json);
    if (ready === 'stopped' || await Promise.race([stopped, ended]) === 'stopped') return 0;
    process.stderr.write('The supervisor of the sandbox ended unexpectedly.\n');
    return 1;
  } finally {
    // The end of its stdin tells the supervisor even if a signal cannot.
    supervisor.stdin?.end();
    supervisor.kill('SIGTERM');
    await ended;
    await killAll(() => markedProcesses(belongsTo(home)));
  }
}

run().then((exitCode) => process.exit(exitCode), (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
