import { Refusal, Refusals } from '../errors/refusal.ts';
import type { Entry } from '../journal/contract.ts';
import type { Rotation } from './rotation.ts';

/** A relay that gave up queued this very run so that it says why, once. The next run tries again. */
export function tellWhatTheRelayFound(rotation: Rotation, taskId: string): void {
  const last = rotation.entries().findLast((entry): entry is Entry<'phase-finished'> => entry.kind === 'phase-finished' && entry.runner === 'relay');
  const queued = rotation.entries().findLast((entry): entry is Entry<'run-queued'> => entry.kind === 'run-queued');
  if (!last || queued?.data.taskId !== taskId || last.data.refusals.length === 0) return;
  throw new Refusals(last.data.refusals.map((one) => new Refusal(one.code, { message: one.message, safe: 'What the relay found is told here; this step itself changed nothing.', next: one.next })));
}
