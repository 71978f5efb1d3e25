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
  config: string;
  bin: string;
  shell: string;
  state: 'on' | 'off';
  isServer: boolean;
}

/** What `createServer` returned, as far as others need it. */
export interface ServerSummary {
  url: string;
  apiKey: string;
  machine: string;
  commsPort: number;
  thumbprint: string;
  certificatePem: string;
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
