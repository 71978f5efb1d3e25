import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A machine as it was made. `state` is what the estate says; whether it is on now is the machine's own affair. */
export interface MachineRecord {
  name: string;
  dir: string;
  /** Where its Tentacle listens on 127.0.0.1, unless it only polls. */
  port: number;
  platform: 'linux' | 'windows';
  mode: 'listening' | 'polling';
  /** `poll://.../`, when it polls. */
  subscription: string | null;
  noListen: boolean;
  thumbprint: string;
  /** Of the Tentacle's certificate as it was made; sha256RSA where nothing is said. */
  signatureAlgorithm?: string;
  config: string;
  bin: string;
  shell: string;
  state: 'on' | 'off';
  isServer: boolean;
  /** Where the nodes' shared folder is mounted on it; only on the server machines of an estate with several nodes. */
  share?: string;
}

/** A server node as it was made or added. `machine` is where it runs. */
export interface NodeRecord { name: string; machine: string; webPort: number; commsPort: number }

/** The load balancer before the nodes' portals. Its machine has no Tentacle. */
export interface LoadBalancerRecord { machine: string; dir: string; port: number }

/** What `createServer` returned, as far as others need it. */
export interface ServerSummary {
  url: string;
  apiKey: string;
  machine: string;
  commsPort: number;
  thumbprint: string;
  certificatePem: string;
  nodes?: NodeRecord[];
}

/** DIR/sandbox.json: what a second start on the same home needs. Holds the API key, so it is for its owner only. */
export interface SandboxFile {
  controlPort: number;
  controlToken: string;
  supervisorSocket: string;
  machines: MachineRecord[];
  server: ServerSummary | null;
  /** What the pauses and time-outs of polling are divided by; 1 = as the real ones. */
  pollingPauseFactor?: number;
  loadBalancer?: LoadBalancerRecord;
  /** What the mount points of the server machines lead to. */
  share?: string;
  /** Seconds without a sign of life after which a node counts as offline. */
  offlineAfterSeconds?: number;
  /** What of the estate is not there, and why: `win-01: no pwsh`. */
  notRehearsed?: string[];
}

export function sandboxFilePath(home: string): string {
  return join(home, 'sandbox.json');
}

export function readSandboxFile(home: string): SandboxFile {
  return JSON.parse(readFileSync(sandboxFilePath(home), 'utf8')) as SandboxFile;
}

export function writeSandboxFile(home: string, file: SandboxFile): void {
  const path = sandboxFilePath(home);
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the pauses and time-outs of polling are divided by in this sandbox; 1 where nothing is said. */
export function pollingPauseFactor(home: string): number {
  try {
    return readSandboxFile(home).pollingPauseFactor ?? 1;
  } catch {
    return 1;
  }
}

/** After how many milliseconds without a sign of life a node counts as offline. */
export function nodeOfflineAfterMs(home: string): number {
  try {
    return (readSandboxFile(home).offlineAfterSeconds ?? 60) * 1000;
  } catch {
    return 60_000;
  }
}
