import { Refusal, Refusals, refusalsOf } from '../errors/refusal.ts';
import type { Entry } from '../journal/contract.ts';
import type { Rotation } from './rotation.ts';

/** Why the relay that queued this very run gave up, unless a step of it told so already; empty where it did not, or queued another run. */
export function relayFindings(rotation: Pick<Rotation, 'entries'>, taskId: string): Refusal[] {
  const finished = rotation.entries().filter((entry): entry is Entry<'phase-finished'> => entry.kind === 'phase-finished');
  const last = finished.findLast((entry) => entry.runner === 'relay');
  const queued = rotation.entries().findLast((entry): entry is Entry<'run-queued'> => entry.kind === 'run-queued');
  if (!last || queued?.data.taskId !== taskId) return [];
  const told = new Set(finished.filter((entry) => entry.runner !== 'relay' && entry.taskId === taskId).flatMap((entry) => entry.data.refusals.map((one) => one.message)));
  return last.data.refusals.filter((one) => !told.has(one.message)).map((one) => new Refusal(one.code, { message: one.message, safe: 'What the relay found is told here; this step itself changed nothing.', next: one.next }));
}

/** A relay that gave up queued this very run so that it says why, once. The next run tries again. */
export function tellWhatTheRelayFound(rotation: Rotation, taskId: string): void {
  const found = relayFindings(rotation, taskId);
  if (found.length > 0) throw new Refusals(found);
}

/** A step that refuses before the one that would tell it ends that run: then it tells first what stopped the relay. */
export function withRelayFindings(error: unknown, rotation: Pick<Rotation, 'entries'>, taskId: string): unknown {
  const refusals = refusalsOf(error);
  if (refusals.length === 0) return error;
  const found = relayFindings(rotation, taskId).filter((one) => refusals.every((other) => other.message !== one.message));
  return found.length === 0 ? error : new Refusals([...found, ...refusals]);
}
