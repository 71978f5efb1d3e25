import { spawn } from 'node:child_process';
import { constants, readFileSync } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Command, CommandResult, ProcessIdentity, Processes } from '../../ports/processes.ts';

/** Bytes kept of each stream: the head, and as much again of the tail. What is between is left out and said. */
const KEPT = 2 * 1024 * 1024;
/** How long the streams may stay open after the program's end: somebody that it left behind holds them. */
const LINGER_MS = 1000;

/** Child processes of this machine. */
export const systemProcesses: Processes = {
  self: ownIdentity(),
  runtime: process.execPath,
  host: hostname(),
  run,
  find,
  alive,
};

/**
 * Runs a program in a process group of its own. On time-out the whole group is killed, so that nothing that it started goes on. Never
 * rejects: a program that cannot be started, or was killed, is an answer.
 */
async function run(command: Command): Promise<CommandResult> {
  return new Promise((answer) => {
    const stdout = new Kept();
    const stderr = new Kept();
    let timedOut = false;
    let settled = false;
    const timers: NodeJS.Timeout[] = [];
    const settle = (result: Pick<CommandResult, 'exitCode' | 'notStarted'>): void => {
      if (settled) return;
      settled = true;
      for (const timer of timers) clearTimeout(timer);
      answer({ ...result, stdout: stdout.text(), stderr: stderr.text(), timedOut });
    };
    let child;
    try {
      child = spawn(command.file, command.args, {
        ...(command.folder === undefined ? {} : { cwd: command.folder }),
        env: { ...process.env, ...command.env },
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
    } catch (error) {
      settle({ exitCode: null, notStarted: (error as NodeJS.ErrnoException).code ?? 'EINVAL' });
      return;
    }
    const started = child;
    started.stdout.on('data', (piece: Buffer) => stdout.add(piece));
    started.stderr.on('data', (piece: Buffer) => stderr.add(piece));
    started.once('error', (error: NodeJS.ErrnoException) => {
      if (started.pid === undefined) settle({ exitCode: null, notStarted: error.code ?? 'EUNKNOWN' });
    });
    // The number may belong to somebody else once the program was waited for: kill only before its end is known.
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(started.pid);
    }, command.timeoutMs);
    timers.push(limit);
    started.once('exit', (exitCode) => {
      clearTimeout(limit);
      timers.push(setTimeout(() => {
        started.stdout.destroy();
        started.stderr.destroy();
        settle({ exitCode: timedOut ? null : exitCode });
      }, LINGER_MS));
    });
    started.once('close', (exitCode) => settle({ exitCode: timedOut ? null : exitCode }));
    // A program that does not read its input is no error of ours.
    started.stdin.on('error', () => undefined);
    started.stdin.end(command.stdin ?? '');
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** The first and the last bytes of a stream. */
class Kept {
  #head: Buffer[] = [];
  #headSize = 0;
  #tail: Buffer[] = [];
  #tailSize = 0;
  #dropped = 0;

  add(piece: Buffer): void {
    const room = KEPT - this.#headSize;
    const first = piece.subarray(0, room);
    if (first.length > 0) {
      this.#head.push(first);
      this.#headSize += first.length;
    }
    if (piece.length <= room) return;
    const rest = piece.subarray(room);
    this.#tail.push(rest);
    this.#tailSize += rest.length;
    while (this.#tailSize - this.#tail[0]!.length >= KEPT) {
      const gone = this.#tail.shift()!;
      this.#tailSize -= gone.length;
      this.#dropped += gone.length;
    }
  }

  text(): string {
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#dropped === 0) return Buffer.concat([head, tail]).toString('utf8');
    return `${head.toString('utf8')}\n... ${this.#dropped} bytes left out ...\n${tail.toString('utf8')}`;
  }
}

async function find(name: string): Promise<string | null> {
  const places = isAbsolute(name) ? [name] : name.includes('/') ? [resolve(name)] : (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder)).map((folder) => join(folder, name));
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      if ((await stat(place)).isFile()) return place;
    } catch {
      // Not here.
    }
  }
  return null;
}

/**
 * Whether that very process still runs. Dead is said only when it is proved: another boot, no such number, another start time under
 * the same number, or a process that has ended and was not yet waited for.
 */
async function alive(identity: ProcessIdentity): Promise<'alive' | 'dead' | 'unknown'> {
  const boot = systemProcesses.self.boot;
  if (identity.boot === '' || boot === '') return isGone(identity.pid) ? 'dead' : 'unknown';
  if (identity.boot !== boot) return 'dead';
  try {
    const found = parseStat(await readFile(`/proc/${identity.pid}/stat`, 'utf8'));
    if (found === null) return 'unknown';
    if (found.started !== identity.started) return 'dead';
    return found.state === 'Z' || found.state === 'X' ? 'dead' : 'alive';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ESRCH') return 'unknown';
    // A /proc mounted with hidepid hides other accounts' processes: ask the kernel in another way before saying dead.
    return isGone(identity.pid) ? 'dead' : 'unknown';
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** State and start time of /proc/PID/stat (proc(5), fields 3 and 22). The name in field 2 may itself hold blanks and brackets. */
function parseStat(text: string): { state: string; started: string } | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const started = fields[19];
  return state === undefined || started === undefined || !/^\d+$/.test(started) ? null : { state, started };
}

/** Empty `boot` where the platform has no /proc: then nobody is ever called alive for sure. */
function ownIdentity(): ProcessIdentity {
  try {
    const found = parseStat(readFileSync('/proc/self/stat', 'utf8'));
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    if (found !== null) return { pid: process.pid, started: found.started, boot };
  } catch {
    // No /proc on this platform.
  }
  return { pid: process.pid, started: '', boot: '' };
}
