import type { EngineRun } from '../../engine/contract.ts';
import { pause } from '../../engine/waiting.ts';
import { nextId, type Database } from '../database/database.ts';
import type { ServerTask } from '../database/documents.ts';

const LOOK_MS = 200;

/** Pauses the task until somebody has submitted the interruption, or the task is cancelled. */
export function intervention(database: Database, task: ServerTask, cancelled: AbortSignal): EngineRun['intervene'] {
  return async ({ title, instructions }) => {
    const id = database.write((content) => {
      const Id = nextId(content, 'Interruptions');
      content.Collections.Interruptions.push({ Id, SpaceId: task.SpaceId ?? '', Title: title, Created: new Date().toISOString(), IsPending: true, TaskId: task.Id, Instructions: instructions, ResponsibleUserId: null, Result: null, Notes: null });
      return Id;
    });
    const now = () => database.read().Collections.Interruptions.find((each) => each.Id === id);
    while (now()?.IsPending === true && !cancelled.aborted) await pause(LOOK_MS, cancelled);
    if (cancelled.aborted) {
      database.write(({ Collections }) => Object.assign(Collections.Interruptions.find((each) => each.Id === id) ?? {}, { IsPending: false }));
      return null;
    }
    const { Result, Notes, ResponsibleUserId } = now()!;
    const user = database.read().Collections.Users.find((each) => each.Id === ResponsibleUserId)?.Username ?? '';
    return { result: Result === 'Proceed' ? 'Proceed' : 'Abort', notes: Notes ?? '', user };
  };
}
