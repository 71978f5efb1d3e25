import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

/** Field 22 of /proc/<pid>/stat, counted after the command name, which may hold blanks and brackets. Null for a process that has ended, whoever is yet to hear of it. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19] ?? null;
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

/**
 * Takes away a lock whose owner was killed. Only one process does so at a time, since another one that looked earlier would
 * take away the lock of whoever was faster.
 */
function breakLock(lock: string): void {
  withLock(`${lock}.break`, () => {
    try {
      if (!isHeld(readFileSync(lock, 'utf8'))) unlinkSync(lock);
    } catch { /* another process took it away */ }
  });
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
      if (!isHeld(holder)) breakLock(lock);
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
