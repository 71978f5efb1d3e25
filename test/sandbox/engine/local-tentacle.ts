import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LineSplitter } from '../../../src/sandbox/calamari/line-splitter.ts';
import type { ScriptRequest, ScriptStatus, TentacleConnection } from '../../../src/sandbox/wire/contract.ts';

interface Running { request: ScriptRequest; folder: string; child: ChildProcess | null; status: ScriptStatus }

/** A Tentacle without a wire: real processes in real folders, one at a time, forgetful when it is restarted. */
export class LocalTentacle {
  readonly work = mkdtempSync(join(tmpdir(), 'tentacle-work-'));
  readonly started: ScriptRequest[] = [];
  /** How many of the next calls of each kind fail as if the connection broke. */
  broken = { connect: 0, getStatus: 0 };
  off = false;
  private scripts = new Map<string, Running>();
  private queue: Running[] = [];

  connect = async (): Promise<TentacleConnection> => {
    if (this.off || this.broken.connect-- > 0) throw new Error('connect ECONNREFUSED 127.0.0.1:10933');
    return {
      about: async () => ({ version: '8.3.2', certificateSignatureAlgorithm: 'sha256RSA', shell: 'Bash', shellVersion: '5.2', operatingSystem: 'Linux' }),
      startScript: async (request) => this.start(request),
      getStatus: async (ticket, after) => this.status(ticket, after),
      cancelScript: async (ticket) => this.cancel(ticket),
      completeScript: async (ticket) => this.complete(ticket),
      close: async () => undefined,
    };
  };

  /** Everything it ran is gone, and what it knew of it. */
  restart(): void {
    for (const { child } of this.scripts.values()) kill(child);
    this.scripts = new Map();
    this.queue = [];
  }

  dispose(): void {
    this.restart();
    rmSync(this.work, { recursive: true, force: true });
  }

  folderOf(at: number): string {
    return join(this.work, (this.started[at] as ScriptRequest).ticket);
  }

  remains(at: number): boolean {
    return existsSync(this.folderOf(at));
  }

  private start(request: ScriptRequest): void {
    this.started.push(request);
    const folder = join(this.work, request.ticket);
    for (const file of request.files) {
      mkdirSync(dirname(join(folder, file.path)), { recursive: true });
      writeFileSync(join(folder, file.path), Buffer.from(file.base64, 'base64'));
    }
    const running: Running = { request, folder, child: null, status: { state: 'pending', logs: [], nextSequence: 0 } };
    this.scripts.set(request.ticket, running);
    if (request.isolation === 'none') return this.launch(running);
    const before = this.queue.at(-1);
    this.queue.push(running);
    if (before === undefined) this.launch(running);
    else this.log(running, 'debug', `Cannot start this task yet. There is already another task running that cannot be run in conjunction with any other task. Please wait... (${before.request.taskId})`);
  }

  private launch(running: Running): void {
    const [command = '', ...args] = running.request.command;
    const child = spawn(command, args, { cwd: running.folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...running.request.environment } });
    running.child = child;
    running.status.state = 'running';
    for (const source of ['stdout', 'stderr'] as const) {
      const splitter = new LineSplitter();
      child[source]?.on('data', (chunk: Buffer) => splitter.push(chunk).forEach((line) => this.log(running, source, line)));
      child[source]?.on('end', () => splitter.end().forEach((line) => this.log(running, source, line)));
    }
    child.on('close', (code) => {
      running.status.state = 'complete';
      running.status.exitCode ??= code ?? -41;
      this.queue = this.queue.filter((one) => one !== running);
      const next = this.queue[0];
      if (next?.status.state === 'pending') this.launch(next);
    });
  }

  private log(running: Running, source: 'stdout' | 'stderr' | 'debug', text: string): void {
    running.status.nextSequence += 1;
    running.status.logs.push({ sequence: running.status.nextSequence, source, occurredAt: new Date().toISOString(), text });
  }

  private status(ticket: string, after: number): ScriptStatus {
    if (this.broken.getStatus-- > 0) throw new Error('read ECONNRESET');
    const running = this.scripts.get(ticket);
    if (running === undefined) return { state: 'complete', exitCode: -45, logs: [], nextSequence: after };
    return { ...running.status, logs: running.status.logs.filter(({ sequence }) => sequence > after) };
  }

  private cancel(ticket: string): void {
    const running = this.scripts.get(ticket);
    if (running === undefined) return;
    running.status.exitCode = -43;
    if (running.child === null) running.status.state = 'complete';
    kill(running.child);
  }

  private complete(ticket: string): void {
    const running = this.scripts.get(ticket);
    if (running === undefined) return;
    this.scripts.delete(ticket);
    rmSync(running.folder, { recursive: true, force: true });
  }
}

function kill(child: ChildProcess | null): void {
  if (child?.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}
