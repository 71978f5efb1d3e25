import { Refusal, Refusals } from '../errors/refusal.ts';
import type { Entry } from '../journal/contract.ts';
import type { Rotation } from './rotation.ts';

/** Why the relay that queued this very run gave up; empty where it did not, or queued another run. */
export function relayFindings(rotation: Rotation, taskId: string): Refusal[] {
  const last = rotation.entries().findLast((entry): entry is Entry<'phase-finished'> => entry.kind === 'phase-finished' && entry.runner === 'relay');
  const queued = rotation.entries().findLast((entry): entry is Entry<'run-queued'> => entry.kind === 'run-queued');
  if (!last || queued?.data.taskId !== taskId || last.data.refusals.length === 0) return [];
  return last.data.refusals.map((one) => new Refusal(one.code, { message: one.message, safe: 'What the relay found is told here; this step itself changed nothing.', next: one.next }));
}

/** A relay that gave up queued this very run so that it says why, once. The next run tries again. */
export function tellWhatTheRelayFound(rotation: Rotation, taskId: string): void {
  const found = relayFindings(rotation, taskId);
  if (found.length > 0) throw new Refusals(found);
}
