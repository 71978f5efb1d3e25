import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process as /proc shows it; `startTime` in clock ticks since boot tells a pid from its next bearer. */
export interface ProcessEntry { pid: number; parent: number; startTime: string; state: string }

/** All processes of the computer, zombies left out. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => processEntry(Number(name))).filter((entry) => entry !== undefined);
}

export function processEntry(pid: number): ProcessEntry | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, parent, startTime] = [fields[0] ?? '', Number(fields[1]), fields[19] ?? ''];
    return state === 'Z' || state === 'X' ? undefined : { pid, parent, startTime, state };
  } catch {
    return undefined;
  }
}

/** Whether this process still runs; with `startTime`, whether it is still the same one. */
export function isRunning(pid: number, startTime?: string): boolean {
  const entry = processEntry(pid);
  return entry !== undefined && (startTime === undefined || entry.startTime === startTime);
}

/** The environment a process was started with; empty when it is gone or belongs to somebody else. */
export function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** `roots` and everything below them by parent. */
export function withDescendants(roots: Iterable<number>, all: ProcessEntry[]): Set<number> {
  const found = new Set(roots);
  for (let grown = true; grown;) {
    grown = false;
    for (const entry of all) {
      if (found.has(entry.parent) && !found.has(entry.pid)) {
        found.add(entry.pid);
        grown = true;
      }
    }
  }
  return found;
}

/**
 * The processes that were started with one of these `NAME=value` settings, and their descendants: `setsid`, `nohup` and a
 * double fork do not escape. This process itself is never among them.
 */
export function markedProcesses(isMark: (setting: string) => boolean): number[] {
  const all = listProcesses();
  const marked = all.filter(({ pid }) => pid !== process.pid && environmentOf(pid).some(isMark)).map(({ pid }) => pid);
  const living = new Set(all.map(({ pid }) => pid));
  return [...withDescendants(marked, all)].filter((pid) => living.has(pid) && pid !== process.pid);
}

export function signal(pids: Iterable<number>, name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

/** Waits until `members` are gone. Resolves with whether they are within `timeoutMs`. */
export async function waitUntilGone(members: () => number[], timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (members().length === 0) return true;
    if (Date.now() >= end) return false;
    await delay(15);
  }
}

/** SIGKILL until nothing is left, however fast they fork. */
export async function killAll(members: () => number[]): Promise<void> {
  for (;;) {
    const living = members();
    if (living.length === 0) return;
    signal(living, 'SIGKILL');
    await delay(10);
  }
}

/** Kills a process and its descendants by parent at once, as a cancelled script is killed (step-packages.md 8.6): a double fork survives. */
export async function killTree(root: number): Promise<void> {
  const known = new Set<number>([root]);
  await killAll(() => {
    const all = listProcesses();
    for (const pid of withDescendants(known, all)) known.add(pid);
    return all.filter(({ pid }) => known.has(pid)).map(({ pid }) => pid);
  });
}
