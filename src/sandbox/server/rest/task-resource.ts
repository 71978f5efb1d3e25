import { isFinal } from '../tasks/queue.ts';
import type { Interruption, ServerTask } from '../database/documents.ts';

/** `32 seconds`, `5 minutes`: how long a task took. */
function duration(task: ServerTask): string {
  if (task.StartTime === null) return '';
  const seconds = Math.max(1, Math.round((Date.parse(task.CompletedTime ?? new Date().toISOString()) - Date.parse(task.StartTime)) / 1000));
  const [value, unit] = seconds < 60 ? [seconds, 'second'] : [Math.round(seconds / 60), 'minute'];
  return `${value} ${unit}${value === 1 ? '' : 's'}`;
}

/** `Monday, January 5, 2026 10:00 AM`, or the state with dots while unfinished. */
function completedText(task: ServerTask): string {
  if (task.CompletedTime === null) return `${task.State}...`;
  const part = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).format(new Date(task.CompletedTime ?? 0));
  return `${part({ weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' })} ${part({ hour: 'numeric', minute: '2-digit' })}`;
}

const offset = (time: string | null) => (time === null ? null : time.replace(/Z$/, '+00:00'));

/** Kinds that the server makes by itself for a run cannot be run again. */
const canRerun = (task: ServerTask) => isFinal(task.State) && (task.Name === 'Health' || task.Name === 'AdHocScript');

/** A task as octopus-rest.md 4.3 has it; `interruptions` are those of all tasks, where it may have one. */
export function taskResource(task: ServerTask, interruptions: readonly Interruption[] = []): Record<string, unknown> {
  const isWaiting = interruptions.some((each) => each.TaskId === task.Id && each.IsPending);
  const self = `/api/tasks/${task.Id}`;
  const base = task.SpaceId === null || task.SpaceId === 'Spaces-1' ? '/api' : `/api/${task.SpaceId}`;
  return {
    Id: task.Id, SpaceId: task.SpaceId, ProjectId: task.ProjectId, Name: task.Name, Description: task.Description, Arguments: task.Arguments, State: task.State, Completed: completedText(task),
    QueueTime: offset(task.QueueTime), QueueTimeExpiry: offset(task.QueueTimeExpiry), StartTime: offset(task.StartTime), LastUpdatedTime: offset(task.LastUpdatedTime), CompletedTime: offset(task.CompletedTime), ServerNode: task.ServerNode, Duration: duration(task), ErrorMessage: task.ErrorMessage,
    HasBeenPickedUpByProcessor: task.StartTime !== null, IsCompleted: isFinal(task.State), FinishedSuccessfully: task.State === 'Success', HasPendingInterruptions: isWaiting, HasPendingPreconditions: false, PendingInterruptionTypes: isWaiting ? ['ManualIntervention'] : [], PendingPreconditionTypes: [],
    EstimatedRemainingQueueDurationSeconds: 0, CanRerun: canRerun(task), HasWarningsOrErrors: task.HasWarningsOrErrors,
    Links: {
      Self: self, Web: `/app#/${task.SpaceId ?? 'Spaces-1'}/tasks/${task.Id}`, Raw: `${self}/raw`, Details: `${self}/details{?verbose,tail}`, QueuedBehind: `${self}/queued-behind{?skip}`, Rerun: `/api/tasks/rerun/${task.Id}`, Cancel: `${self}/cancel`, State: `${self}/state`, Prioritize: `${self}/prioritize`,
      Artifacts: `${base}/artifacts?regarding=${task.Id}`, Interruptions: `${base}/interruptions?regarding=${task.Id}`,
    },
  };
}
