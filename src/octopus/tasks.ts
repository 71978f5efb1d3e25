import { octopusErrors } from '../errors/octopus.ts';
import { segment, type Query } from './address.ts';
import type { AdHocScript, OctopusClient, Task, TaskActivity } from './contract.ts';
import { failure, isPassing, type OctopusFailure } from './failure.ts';
import type { Http } from './http.ts';
import { either, filledText, flag, list, mapped, maybe, object, oneOf, text, type Reader } from './reader.ts';

const task: Reader<Task> = mapped(
  object({
    Id: filledText, Name: filledText, Description: either(text, ''), State: oneOf('Queued', 'Executing', 'Cancelling', 'Success', 'Failed', 'Canceled', 'TimedOut'),
    IsCompleted: flag, ErrorMessage: either(text, ''), StartTime: maybe(text), CompletedTime: maybe(text), ServerNode: maybe(text), SpaceId: maybe(text), HasPendingInterruptions: either(flag, false),
  }),
  (found) => ({
    id: found.Id, name: found.Name, description: found.Description, state: found.State, isCompleted: found.IsCompleted, errorMessage: found.ErrorMessage, startTime: found.StartTime,
    completedTime: found.CompletedTime, serverNode: found.ServerNode, spaceId: found.SpaceId, hasPendingInterruptions: found.HasPendingInterruptions,
  }),
);

export function readTask(http: Http, id: string, deadlineMs?: number): Promise<Task> {
  return http.get(`/api/tasks/${segment(id)}`, task, deadlineMs === undefined ? {} : { deadlineMs });
}

const NEWEST = 1_000;

/** The newest tasks, at most a thousand, of every space and the system. The server's filter on the description is narrowed to those that contain it. */
export async function readTasks(http: Http, filter: { name?: string; active?: boolean; description?: string }): Promise<Task[]> {
  const query: Query = { ...(filter.name === undefined ? {} : { name: filter.name }), ...(filter.active === undefined ? {} : { active: filter.active }), skip: 0, take: NEWEST };
  const { Items } = await http.get('/api/tasks', object({ Items: list(task) }), { query });
  return Items.filter((each) => (filter.name === undefined || each.name === filter.name) && (filter.description === undefined || each.description.includes(filter.description))
    && (filter.active === undefined || filter.active !== each.isCompleted));
}

/** Queues a task; never sent a second time unless Octopus said that it did not process it (D10). */
function queue(http: Http, name: string, description: string, spaceId: string, args: Record<string, unknown>): Promise<Task> {
  return http.send('POST', '/api/tasks', task, { body: { Name: name, Description: description, SpaceId: spaceId, Arguments: args } });
}

/** octopus-rest.md 4.4: targets and workers are addressed by `TargetType` with `MachineIds`, as the .NET client does. */
export function queueScript(http: Http, script: AdHocScript): Promise<Task> {
  const { targets } = script;
  return queue(http, 'AdHocScript', script.description, script.spaceId, { MachineIds: targets.ids, TargetType: targets.kind === 'worker' ? 'Workers' : 'Machines', Syntax: script.syntax, ScriptBody: script.body });
}

/** The tasks of document 1 (octopus-rest.md 1.3). */
export function queueTrustTask(http: Http, trust: Parameters<OctopusClient['runTrustTask']>[0]): Promise<Task> {
  return queue(http, trust.name, trust.description, trust.spaceId, { MachineIds: trust.machineIds, Thumbprint: trust.thumbprint });
}

/** The same for certificates: no thumbprint, since the server reads the new one itself. */
export function queueRegenerateTask(http: Http, task: Parameters<OctopusClient['runRegenerateTask']>[0]): Promise<Task> {
  return queue(http, 'TentacleRegenerateCertificate', task.description, task.spaceId, { MachineIds: task.machineIds });
}

export function queueHealthCheck(http: Http, options: Parameters<OctopusClient['checkHealth']>[0]): Promise<Task> {
  const timeout = duration(options.timeoutMs);
  return queue(http, 'Health', options.description, options.spaceId, { Timeout: timeout, MachineTimeout: timeout, OnlyTestConnection: options.onlyTestConnection, MachineIds: options.machineIds });
}

/** `hh:mm:ss` as .NET reads it, rounded up to whole seconds; a day at most. */
export function duration(milliseconds: number): string {
  const seconds = Math.min(86_399, Math.max(1, Math.ceil(milliseconds / 1_000)));
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

interface ActivityAnswer { Name: string; Status: string; ProgressPercentage: number; ProgressMessage: string; LogElements: { Category: string; OccurredAt: string; MessageText: string }[]; Children: ActivityAnswer[] }
const percentage: Reader<number> = (value) => (typeof value === 'number' && value >= 0 && value <= 100 ? value : 0);
const activity: Reader<ActivityAnswer> = object({
  Name: text, Status: text, ProgressPercentage: percentage, ProgressMessage: either(text, ''),
  LogElements: either(list(object({ Category: either(text, 'Info'), OccurredAt: either(text, ''), MessageText: either(text, '') })), []),
  Children: either(list((value, at) => activity(value, at)), []),
});

/** The whole activity log with its verbose lines (octopus-rest.md 4.5). */
export async function readActivity(http: Http, id: string): Promise<TaskActivity[]> {
  const { ActivityLogs } = await http.get(`/api/tasks/${segment(id)}/details`, object({ ActivityLogs: list(activity) }), { query: { verbose: true } });
  return ActivityLogs.map(activityOf);
}

const activityOf = (found: ActivityAnswer): TaskActivity => ({
  name: found.Name, status: found.Status, progressPercentage: found.ProgressPercentage, progressMessage: found.ProgressMessage,
  log: found.LogElements.map((line) => ({ category: line.Category, at: line.OccurredAt, text: line.MessageText })), children: found.Children.map(activityOf),
});

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** Seen so late at most, as a part of the time that the task took so far. */
const LATENESS = 0.15;

/**
 * Waits until a task is completed, asking after 0.2 s, then ever more seldom up to every 5 s. A server that is down or starting is borne until the
 * deadline (D12); `longestPauseMs` for who waits for nothing else. Passing the deadline is an answer, not an error, as long as the task was seen once; else OCTOPUS_TASK_UNKNOWN.
 */
export async function waitForTask(http: Http, id: string, options: { timeoutMs: number; longestPauseMs?: number; onProgress?: (task: Task) => void }): Promise<{ task: Task; timedOut: boolean }> {
  const { clock } = http;
  const begun = clock.monotonic();
  const until = begun + options.timeoutMs;
  let last: Task | undefined;
  let problem: OctopusFailure | undefined;
  for (;;) {
    const left = until - clock.monotonic();
    try {
      last = await readTask(http, id, Math.max(1_000, left));
      if (last.isCompleted) return { task: last, timedOut: false };
      options.onProgress?.(last);
    } catch (error) {
      if (!isPassing(error)) throw error;
      problem = error;
    }
    const remaining = until - clock.monotonic();
    if (remaining <= 0) break;
    const pause = Math.min(options.longestPauseMs ?? LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, (clock.monotonic() - begun) * LATENESS));
    await clock.sleep(Math.min(pause, remaining));
  }
  if (last !== undefined) return { task: last, timedOut: true };
  throw failure(octopusErrors.OCTOPUS_TASK_UNKNOWN({ taskId: id, seconds: Math.ceil(options.timeoutMs / 1_000), reason: problem?.message ?? 'no answer' }));
}
