import type { PhaseContext } from './context.ts';
import { TASK_TIMEOUT_MS } from './machine-scripts.ts';
import type { Rotation } from './rotation.ts';

const OUR_TASKS = ['AdHocScript', 'TentacleAddTrust', 'TentacleRemoveTrust'];

/** Waits for the tasks that an attempt which was cut short left to Octopus; answers with the ids of those that still ran. */
export async function endEarlierTasks(context: PhaseContext, rotation: Pick<Rotation, 'id' | 'octopus'>): Promise<Set<string>> {
  const active = (await rotation.octopus.tasks({ active: true, description: `[${rotation.id}]` })).filter((task) => OUR_TASKS.includes(task.name));
  for (const { id } of active) await rotation.octopus.waitForTask(id, { timeoutMs: TASK_TIMEOUT_MS, onProgress: () => context.voice.progress(0, `${id}, which was begun before this run, is waited for`) });
  return new Set(active.map((task) => task.id));
}
