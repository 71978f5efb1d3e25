import { isPassing } from '../../octopus/failure.ts';
import type { OctopusClient, TaskState } from '../../octopus/contract.ts';
import { systemClock } from '../../runners/ports/clock.ts';
import { TaskFollower, type Told } from './task-follower.ts';

const POLL_MS = 250;

export interface FollowOptions {
  client: Pick<OctopusClient, 'task' | 'activity'>;
  task: string;
  /** Aborted: following ends with the signal's reason, the run itself goes on. */
  signal: AbortSignal;
  tell(told: Told): void;
  /** Called after every look. */
  looked?(): Promise<void>;
}

/** How a run ended, and its last step that failed. */
export interface RunEnd { state: TaskState; failedStep: string | null }

/** Follows one run to its end and tells what its steps say. Times in which the server does not answer are borne. */
export async function followRun({ client, task, signal, tell, looked }: FollowOptions): Promise<RunEnd> {
  const follower = new TaskFollower();
  for (;;) {
    signal.throwIfAborted();
    try {
      // Asked for before its activities, so that what a completed run said last is not missed.
      const { state, isCompleted } = await client.task(task);
      for (const told of follower.look(await client.activity(task), systemClock.monotonic())) tell(told);
      await looked?.();
      if (isCompleted) return { state, failedStep: [...follower.failures.keys()].at(-1) ?? null };
    } catch (error) {
      // The server may be restarted while it is followed; until it answers again there is nothing to see.
      if (!isPassing(error)) throw error;
    }
    await systemClock.sleep(POLL_MS, signal);
  }
}
