import { join } from 'node:path';
import { leaseErrors } from '../errors/lease.ts';
import type { Files } from '../ports/files.ts';
import type { ProcessIdentity, Processes } from '../ports/processes.ts';
import type { StateFolder } from './state-folder.ts';
import { isSameProcess } from './lease.ts';

/** At most one process works in a state folder, whatever Octopus says or whether it answers. */
export interface HostLock { release(): Promise<void> }

const NAME = /^(\d+)-(\d*)-([0-9a-f-]*)\.lock$/;

/**
 * Takes the lock of this host for the process that runs. Every process has a file named after its identity, so a dead one's file can
 * be removed without a race against a successor. Mine is made first and the others are looked at then: of two that
 * begin at once both may be refused, but never are both let in. Refuses with LEASE_LOCKED. Taking it again is no error.
 * `stopped`: a process that has stopped by a person's word, where nothing can be proved.
 */
export async function lockHost(files: Files, folder: StateFolder, processes: Processes, stopped: ProcessIdentity | null = null): Promise<HostLock> {
  const mine = nameOf(processes.self);
  const path = join(folder.locksPath, mine);
  const text = JSON.stringify(processes.self);
  await files.create(path, `${text}\n`).catch((error: { code?: string }) => {
    if (error.code !== 'EEXIST') throw error;
  });
  for (const name of await files.list(folder.locksPath)) {
    const other = identityOf(name);
    if (other === null || isSameProcess(other, processes.self)) continue;
    const liveness = await processes.alive(other);
    const otherPath = join(folder.locksPath, name);
    if (liveness === 'dead' || (liveness === 'unknown' && isSameProcess(other, stopped))) {
      await files.remove(otherPath);
      continue;
    }
    await files.remove(path);
    throw leaseErrors.LEASE_LOCKED({ path: otherPath, pid: other.pid, liveness });
  }
  return { release: () => files.remove(path) };
}

function nameOf(identity: ProcessIdentity): string {
  return `${identity.pid}-${identity.started}-${identity.boot}.lock`;
}

function identityOf(name: string): ProcessIdentity | null {
  const found = NAME.exec(name);
  return found === null ? null : { pid: Number(found[1]), started: found[2]!, boot: found[3]! };
}
