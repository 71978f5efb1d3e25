import { leaseErrors } from '../errors/lease.ts';
import type { Entry } from './contract.ts';
import { takeLease, type LeaseOptions } from './held-lease.ts';
import { holderText } from './lease.ts';
import { leaseStore } from './lease-store.ts';
import { openJournal, readJournal } from './journal.ts';
import { parseRotationId } from './rotation-id.ts';

/** The effect word of taking the lease by a person's command, on `estate`. Its detail says from whom. */
export const TAKE_OVER_EFFECT = 'take-over';

/** Runs that the rotation was taken from: none of their steps may go on, also those that had not begun yet. */
export function takenOver(entries: readonly Entry[]): Set<string> {
  return new Set(entries.flatMap((entry) => (entry.kind === 'done' && entry.data.effect === TAKE_OVER_EFFECT && typeof entry.data.detail['taskId'] === 'string' ? [entry.data.detail['taskId']] : [])));
}

/**
 * A person's command takes the lease from the holder that it names (rule 11): the fence rises, so that whoever held it can do nothing any more;
 * the journal says from whom; then nobody holds it, and the next run goes on. The journal must be here and authentic. Besides the refusals of
 * `takeLease`: TAKE_OVER_OTHER_HOLDER, TAKE_OVER_HOLDER_WORKS.
 */
export async function takeOverLease(options: Omit<LeaseOptions, 'runner' | 'taskId' | 'rotationId' | 'opening' | 'waitMs' | 'takeOver'>, holder: string): Promise<{ rotationId: string; fence: number; from: string }> {
  const { files, folder, secrets, clock, octopus, spaceId } = options;
  const { marker } = await leaseStore(octopus, spaceId).read();
  if (marker === null) throw leaseErrors.ROTATION_NOT_OPEN({ asked: null });
  const rotationId = parseRotationId(marker.rotationId);
  const key = secrets.journalKey(rotationId);
  // Before anything is taken: a journal that is not to be trusted is nothing to go on with.
  if (await folder.hasJournal(rotationId)) await readJournal({ files, folder, rotationId, key });
  const lease = await takeLease({ ...options, runner: 'terminal', taskId: null, rotationId, opening: false, waitMs: 0, takeOver: holder });
  try {
    const journal = await openJournal({ files, folder, rotationId, key, clock, runner: 'terminal', taskId: null, phase: TAKE_OVER_EFFECT, fence: () => lease.guardHere(), fenceNumber: lease.fence });
    const { runner, host, stateFolder, taskId, pid, since } = holderText(marker);
    // A rotation of which nothing is on record yet begins with its opening.
    if (journal.entries().length > 0) await journal.append({ kind: 'done', subject: 'estate', data: { effect: TAKE_OVER_EFFECT, detail: { runner, host, stateFolder, taskId, pid, since, fence: marker.fence } } });
  } finally {
    await lease.yieldLease(null);
  }
  return { rotationId, fence: lease.fence, from: holder };
}
