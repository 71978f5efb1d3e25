import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cliErrors } from '../../errors/cli.ts';

/** The one line that the embedded Octopus prints when it is ready. */
export interface SandboxLine {
  url: string;
  apiKey: string;
  serverThumbprint: string;
  serverMachine: string;
  home: string;
  pollingPauseFactor: number;
  notRehearsed: string[];
  tentacles: { name: string; address: string; config: string; state: string; bin: string; shell: string; mode: string }[];
}

export interface RunningSandbox {
  line: SandboxLine;
  /** Resolves when it has ended, for whatever reason, with the text for people. */
  ended: Promise<string>;
  /** Stops it with everything that it started, and waits until it is gone. */
  stop(): Promise<void>;
}

const STOP_MS = 20_000;
const ERROR_LINES = 20;

/** Starts the embedded Octopus as a process of its own and waits for its line. When it does not come, nothing stays behind. */
export async function startSandbox(start: string, args: { estate: string; home: string }, signal: AbortSignal): Promise<RunningSandbox> {
  // Detached: Ctrl-C reaches only us, and we stop it in order. Its standard input is its lifeline: it stops when we are gone.
  const child = spawn(process.execPath, [start, '--estate', args.estate, '--home', args.home, '--json'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdin.on('error', () => undefined);
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    if (errors.length > ERROR_LINES) errors.shift();
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, killed) => resolve(errors.join('\n') || `it ended with ${killed === null ? `exit code ${code}` : `signal ${killed}`}`));
  });
  const stop = () => stopChild(child, ended);
  const aborted = new Promise<never>((_, reject) => {
    const refuse = () => reject(signal.reason as Error);
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });
  try {
    const line = await Promise.race([
      firstLine(child),
      ended.then((reason) => Promise.reject(cliErrors.CLI_SANDBOX_NOT_STARTED({ reason }))),
      aborted,
    ]);
    return { line: JSON.parse(line) as SandboxLine, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => createInterface({ input: child.stdout! }).once('line', resolve));
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
