import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { killTree } from '../machines/processes.ts';
import type { ScriptLogLine, ScriptRequest, ScriptStatus } from '../wire/contract.ts';
import { ScriptLock } from './script-lock.ts';

/** Tentacle's own exit codes for scripts (step-packages.md 8.6). */
export const scriptExit = { fatal: -41, cancelled: -43, unknownTicket: -45, resultUnknown: -46 } as const;

/** What is known of a script on disk, so that a restarted Tentacle can tell a finished one from a lost one. */
interface StoredState { taskId: string; exitCode: number | null }

/**
 * Runs scripts for servers, each in a folder of its own below `<home>/Work`. `environment` is what every script gets
 * besides what its request brings.
 */
export class Scripts {
  private readonly work: string;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly lock = new ScriptLock();
  private readonly scripts = new Map<string, RunningScript>();

  constructor(home: string, environment: NodeJS.ProcessEnv) {
    this.work = join(home, 'Work');
    this.environment = environment;
  }

  /** Starting a ticket that is known already changes nothing, so a call may be repeated. */
  start(request: ScriptRequest): void {
    const folder = this.folder(request.ticket);
    if (this.scripts.has(request.ticket) || existsSync(folder)) return;
    mkdirSync(folder, { recursive: true });
    for (const file of request.files) {
      const path = resolve(folder, file.path);
      if (!path.startsWith(folder + sep)) throw new Error(`The file '${file.path}' is outside the script's folder.`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, Buffer.from(file.base64, 'base64'), { mode: 0o700 });
    }
    const script = new RunningScript(folder, request, this.environment, this.lock);
    this.scripts.set(request.ticket, script);
    void script.run();
  }

  /** Lines after `afterSequence`. A ticket from before a restart is complete: with its own code if it had ended, -46 if not, -45 if it is not known at all. */
  status(ticket: string, afterSequence: number): ScriptStatus {
    const script = this.scripts.get(ticket);
    if (script) return script.status(afterSequence);
    const stored = readState(this.folder(ticket));
    if (!stored) return { state: 'complete', exitCode: scriptExit.unknownTicket, logs: [], nextSequence: afterSequence };
    const logs = readLog(this.folder(ticket)).filter((line) => line.sequence > afterSequence);
    return { state: 'complete', exitCode: stored.exitCode ?? scriptExit.resultUnknown, logs, nextSequence: logs.at(-1)?.sequence ?? afterSequence };
  }

  cancel(ticket: string): void {
    this.scripts.get(ticket)?.cancel();
  }

  complete(ticket: string): void {
    this.scripts.get(ticket)?.cancel();
    this.scripts.delete(ticket);
    rmSync(this.folder(ticket), { recursive: true, force: true, maxRetries: 3 });
  }

  private folder(ticket: string): string {
    if (!/^[\w-]{1,100}$/.test(ticket)) throw new Error('A ticket consists of letters, digits, _ and -.');
    return join(this.work, ticket);
  }
}

const [stateFile, logFile] = ['scriptstate.json', 'Output.log'];

function readState(folder: string): StoredState | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, stateFile), 'utf8')) as StoredState;
  } catch {
    return existsSync(folder) ? { taskId: '', exitCode: null } : undefined;
  }
}

function readLog(folder: string): ScriptLogLine[] {
  try {
    // A Tentacle that was killed may have left half a line.
    return readFileSync(join(folder, logFile), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as ScriptLogLine);
  } catch {
    return [];
  }
}

class RunningScript {
  private readonly folder: string;
  private readonly request: ScriptRequest;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly lock: ScriptLock;
  private readonly cancellation = new AbortController();
  private readonly logs: ScriptLogLine[] = [];
  private state: ScriptStatus['state'] = 'pending';
  private exitCode: number | undefined;
  private child: ChildProcess | undefined;

  constructor(folder: string, request: ScriptRequest, environment: NodeJS.ProcessEnv, lock: ScriptLock) {
    this.folder = folder;
    this.request = request;
    this.environment = environment;
    this.lock = lock;
    this.store(null);
  }

  async run(): Promise<void> {
    const { ticket, taskId, isolation } = this.request;
    try {
      await this.lock.enter({ ticket, taskId, isolation }, this.cancellation.signal, (tasks) => this.line('debug', `Cannot start this task yet. There is already another task running that cannot be run in conjunction with any other task. Please wait... (${tasks.join(', ')})`));
    } catch {
      return this.finish(scriptExit.cancelled);
    }
    try {
      this.finish(this.cancellation.signal.aborted ? scriptExit.cancelled : await this.execute());
    } catch (error) {
      this.line('stderr', error instanceof Error ? error.message : String(error));
      this.finish(scriptExit.fatal);
    } finally {
      this.lock.leave(ticket);
    }
  }

  status(afterSequence: number): ScriptStatus {
    const logs = this.logs.filter((line) => line.sequence > afterSequence);
    return {
      state: this.state,
      ...(this.exitCode === undefined ? {} : { exitCode: this.exitCode }),
      logs,
      nextSequence: logs.at(-1)?.sequence ?? afterSequence,
    };
  }

  /** A hard kill of the whole tree: no signal handler, no `finally` runs. */
  cancel(): void {
    this.cancellation.abort();
    if (this.child?.pid !== undefined && this.state === 'running') void killTree(this.child.pid);
  }

  private execute(): Promise<number> {
    this.state = 'running';
    const [file = '', ...args] = this.request.command;
    const child = spawn(file, args, { cwd: this.folder, env: { ...this.environment, ...this.request.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const source of ['stdout', 'stderr'] as const) this.collect(child, source);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      // Not `exit`: a script is done when nobody holds its output any more.
      child.once('close', (code, signal) => resolve(this.cancellation.signal.aborted ? scriptExit.cancelled : code ?? (signal === 'SIGKILL' ? 137 : 143)));
    });
  }

  private collect(child: ChildProcess, source: 'stdout' | 'stderr'): void {
    const decoder = new StringDecoder('utf8');
    let partial = '';
    const take = (text: string) => {
      const lines = (partial + text).split(/\r\n|\n/);
      partial = lines.pop() ?? '';
      for (const line of lines) this.line(source, line);
    };
    child[source]?.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
    child[source]?.on('end', () => {
      take(decoder.end());
      if (partial !== '') this.line(source, partial);
    });
  }

  private line(source: ScriptLogLine['source'], text: string): void {
    const line = { sequence: this.logs.length + 1, source, occurredAt: new Date().toISOString(), text };
    this.logs.push(line);
    try {
      appendFileSync(join(this.folder, logFile), `${JSON.stringify(line)}\n`);
    } catch {
      // The folder is gone: the script was completed while its last words came.
    }
  }

  private finish(exitCode: number): void {
    this.exitCode = exitCode;
    this.state = 'complete';
    this.store(exitCode);
  }

  private store(exitCode: number | null): void {
    try {
      writeFileSync(join(this.folder, stateFile), JSON.stringify({ taskId: this.request.taskId, exitCode } satisfies StoredState));
    } catch {
      // As above.
    }
  }
}
