import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';
import { createMachine, type MachineRecord, type MachineSpec } from '../../../src/sandbox/machines/machine.ts';
import { writeSandboxFile } from '../../../src/sandbox/machines/sandbox-file.ts';
import { startSupervisor } from '../../../src/sandbox/supervisor/supervisor.ts';
import type { GroundTruth, TentacleTruth } from '../../../src/sandbox/truth/ground-truth.ts';

const programs = join(import.meta.dirname, '../../../dist/sandbox');

export interface Result { exitCode: number; stdout: string; stderr: string }

/** Machines without a server, under a supervisor in this process; their programs are the built bundles. */
export class TestSandbox {
  private constructor(readonly home: string, readonly machines: MachineRecord[], private readonly controlPort: number, private readonly close: () => Promise<void>) {}

  static async start(specs: (Pick<MachineSpec, 'name'> & Partial<MachineSpec>)[]): Promise<TestSandbox> {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-')));
    const machines: MachineRecord[] = [];
    for (const spec of specs) machines.push(await createMachine(home, { state: 'on', tentacleVersion: '8.3.2', trusted: [], isServer: false, programs, node: process.execPath, ...spec }));
    const controlPort = await freePort();
    writeSandboxFile(home, { controlPort, controlToken: 'token', supervisorSocket: join(home, 's.sock'), machines, server: null });
    const supervisor = await startSupervisor(home);
    return new TestSandbox(home, machines, controlPort, () => supervisor.close());
  }

  async end(): Promise<void> {
    await this.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  machine(name: string): MachineRecord {
    const found = this.machines.find((machine) => machine.name === name);
    if (!found) throw new Error(`no machine ${name}`);
    return found;
  }

  /** Runs a command line on a machine, as somebody logged in there. */
  on(name: string, command: string): Promise<Result> {
    return new Promise((resolve) => {
      execFile(this.machine(name).shell, ['-c', command], (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
      });
    });
  }

  async call(method: string, path: string, body?: unknown, token = 'token'): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://127.0.0.1:${this.controlPort}${path}`, { method, headers: { 'x-sandbox-token': token }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: await response.json() };
  }

  async truth(): Promise<GroundTruth> {
    return (await this.call('GET', '/truth')).body as GroundTruth;
  }

  async tentacle(name: string): Promise<TentacleTruth> {
    const found = (await this.truth()).tentacles.find(({ machine }) => machine === name);
    if (!found) throw new Error(`no machine ${name}`);
    return found;
  }

  /** Waits until the Tentacle runs, after it has started more than `starts` times. */
  running(name: string, starts = 0): Promise<TentacleTruth> {
    return vi.waitFor(async () => {
      const tentacle = await this.tentacle(name);
      if (!tentacle.running || tentacle.starts <= starts) throw new Error(`the Tentacle on ${name} does not run yet`);
      return tentacle;
    }, { timeout: 10_000, interval: 30 });
  }

  unitFile(name: string, unit: string, lines: string): void {
    writeFileSync(join(this.machine(name).dir, 'etc', 'systemd', unit), lines);
  }
}
