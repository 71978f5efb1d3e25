import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GroundTruth } from '../../src/sandbox/truth/ground-truth.ts';

export type { GroundTruth, TentacleTruth } from '../../src/sandbox/truth/ground-truth.ts';
export type { TruthEvent } from '../../src/sandbox/truth/events.ts';

/** The line that a sandbox prints when it is ready. */
export interface SandboxLine {
  url: string;
  apiKey: string;
  serverThumbprint: string;
  serverCertificate: string;
  serverMachine: string;
  commsPort: number;
  controlUrl: string;
  controlToken: string;
  home: string;
  /** Each server node at its own addresses; `url` is that of the load balancer where there is one. */
  nodes: NodeLine[];
  loadBalancer: { machine: string; url: string } | null;
  /** What the nodes' shared folder really is; each node has its own mount of it. */
  share: string | null;
  tentacles: { name: string; address: string; config: string; thumbprint: string; state: 'on' | 'off'; bin: string; shell: string }[];
}

export interface NodeLine { name: string; machine: string; url: string; commsPort: number; commsAddress: string; bin: string; shell: string; share: string | null }
/** What adding a node answers. */
export interface AddedNode extends NodeLine { thumbprint: string; tentacleAddress: string; config: string }

export interface UnitState { name: string; activeState: string; subState: string; mainPid: number; unitFileState: string; restarts: number }
export interface MachineState { name: string; on: boolean; bootId: string; units: UnitState[]; timers: { name: string; unit: string; elapsesInMs: number }[] }

/** An embedded Octopus that runs as processes of its own, with the control API of its supervisor. */
export interface TestSandbox {
  line: SandboxLine;
  truth(): Promise<GroundTruth>;
  machines(): Promise<MachineState[]>;
  setFaults(faults: object): Promise<void>;
  /** `stop` pulls the plug; `kill` SIGKILLs every process and leaves the service manager to apply its restart policies. */
  power(machine: string, verb: 'stop' | 'start' | 'kill' | 'reboot' | 'suspend' | 'resume'): Promise<MachineState>;
  unit(machine: string, unit: string, verb: 'kill' | 'stop' | 'start' | 'suspend' | 'resume'): Promise<MachineState>;
  /** One process of a machine: SIGSTOP or SIGCONT, never within a transaction. */
  process(machine: string, pid: number, verb: 'suspend' | 'resume'): Promise<void>;
  nodes(): Promise<NodeLine[]>;
  /** Sets up a further node on a new machine, and starts it unless `start` is false. */
  addNode(node: { name: string; machine: string; version?: string; start?: boolean }): Promise<AddedNode>;
  /** In force from the node's next start. */
  renameNode(name: string, next: string): Promise<NodeLine>;
  /** Ends it, with every process that it started; removes the home when it was made here. */
  stop(): Promise<void>;
}

const READY_MS = 90_000;
const STOP_MS = 30_000;

/** Starts dist/sandbox/start.js on an estate file and waits for its line. Without `home` it gets one of its own, removed by `stop`. */
export async function startSandbox({ estate, home }: { estate: string; home?: string }): Promise<TestSandbox> {
  const folder = home ?? await mkdtemp(join(tmpdir(), 'oct-'));
  const child = spawn(process.execPath, ['dist/sandbox/start.js', '--estate', estate, '--home', folder, '--json'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const remove = async () => {
    if (home === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const text = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    ended.then(() => null),
    new Promise<null>((resolve) => setTimeout(() => resolve(null), READY_MS).unref()),
  ]);
  if (text === null) {
    await end(child, ended);
    await remove();
    throw new Error(`The sandbox did not start: ${errors.join('\n')}`);
  }
  const line = JSON.parse(text) as SandboxLine;

  async function control<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${line.controlUrl}/${path}`, { method, headers: { 'x-sandbox-token': line.controlToken }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${answer}`);
    return JSON.parse(answer) as T;
  }
  return {
    line,
    truth: () => control('GET', 'truth'),
    machines: () => control('GET', 'machines'),
    setFaults: async (faults) => void await control('PUT', 'faults', faults),
    power: (machine, verb) => control('POST', `machines/${encodeURIComponent(machine)}/${verb}`),
    unit: (machine, unit, verb) => control('POST', `machines/${encodeURIComponent(machine)}/units/${encodeURIComponent(unit)}/${verb}`),
    process: async (machine, pid, verb) => void await control('POST', `machines/${encodeURIComponent(machine)}/processes/${pid}/${verb}`),
    nodes: () => control('GET', 'nodes'),
    addNode: (node) => control('POST', 'nodes', node),
    renameNode: (name, next) => control('POST', `nodes/${encodeURIComponent(name)}/rename`, { name: next }),
    async stop() {
      await end(child, ended);
      await remove();
    },
  };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

/** Waits for a condition, looking often; the error says what was waited for. Failures of a look count as "not yet". */
export async function until<T>(what: string, limitMs: number, look: () => Promise<T | null | undefined | false>, everyMs = 50): Promise<T> {
  const end = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`Waited ${limitMs / 1000} s for this: ${what}.${last instanceof Error ? ` Last: ${last.message}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
