import { trustErrors } from '../errors/trust.ts';
import type { Task } from '../octopus/contract.ts';

/** How waiting for a task ended. */
export interface Ended { task: Task; timedOut: boolean }

/** Whether a health check or connection test did not run to its end: it leaves the health of before, which says nothing (rule 20). */
export function leftHealthOfBefore({ task, timedOut }: Ended): boolean {
  return timedOut || task.state === 'Canceled' || task.state === 'TimedOut';
}

/** Throws HEALTH_UNKNOWN for one that did not. */
export function demandHealth(ended: Ended): void {
  if (leftHealthOfBefore(ended)) throw trustErrors.HEALTH_UNKNOWN({ task: ended.task.id, state: ended.timedOut ? 'still running' : ended.task.state });
}
