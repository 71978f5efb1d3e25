import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

/** Field 22 of /proc/<pid>/stat, counted after the command name, which may hold blanks and brackets. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

const me = `${process.pid} ${startTimeOf(process.pid) ?? ''}`;

function isHeld(content: string): boolean {
  const [pid, start] = content.split(' ');
  return startTimeOf(Number(pid)) === start;
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Takes away a lock whose owner was killed; puts it back when another process was faster. */
function breakLock(lock: string, stale: string): void {
  const aside = `${lock}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  try {
    if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, lock);
  } catch { /* the lock was taken again meanwhile */ }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding the lock file, which names its owner by process id and start time, so that the lock of a killed
 * process does not outlive it. Throws after `timeoutMs`.
 */
export function withLock<T>(lock: string, work: () => T, timeoutMs = 10_000): T {
  const own = `${lock}.${process.pid}.${randomBytes(4).toString('hex')}.new`;
  const deadline = Date.now() + timeoutMs;
  writeFileSync(own, me, { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(own, lock);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      let holder = '';
      try {
        holder = readFileSync(lock, 'utf8');
      } catch {
        continue;
      }
      if (!isHeld(holder)) breakLock(lock, holder);
      else if (Date.now() > deadline) throw new Error(`The database is locked by process ${holder.split(' ')[0]}.`);
      else pause(2);
    }
  } finally {
    unlinkSync(own);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}
