import { demand, isAdministrator, may } from './access.ts';
import { bodyOf, BodyReader } from './body.ts';
import { badRequest, notFound } from './errors.ts';
import { page, query, queryFlag, queryList } from './paging.ts';
import { created, touch, type Call, type Router } from './router.ts';
import { visibleSpaces } from './spaces.ts';
import { documentTasks, requestedTask, taskTypes } from './task-creation.ts';
import { taskResource } from './task-resource.ts';
import { rawLog, shown } from '../tasks/task-logs.ts';
import { isFinal, isRunning } from '../tasks/queue.ts';
import type { RunbookRun, ServerTask, TaskState } from '../database/documents.ts';

/** Tasks of the space of the address, or system tasks and those of every visible space; newest first. */
function visibleTasks(call: Call): ServerTask[] {
  const spaces = new Set((call.space ? [call.space] : visibleSpaces(call)).map(({ Id }) => Id));
  const sees = (task: ServerTask) => (task.SpaceId === null ? !call.space && may(call.user, 'TaskView', null) : spaces.has(task.SpaceId) && may(call.user, 'TaskView', task.SpaceId));
  return call.all.ServerTasks.filter(sees).reverse();
}

function taskOf(call: Call): ServerTask {
  const id = (call.params.id ?? '').toLowerCase();
  const task = visibleTasks(call).find((candidate) => candidate.Id.toLowerCase() === id);
  if (!task) throw notFound(call.params.id ?? '');
  return task;
}

function runOf(call: Call, task: ServerTask): RunbookRun | undefined {
  return call.all.RunbookRuns.find((run) => run.TaskId === task.Id);
}

function within(time: string | null, from: string | undefined, to: string | undefined): boolean {
  if (!from && !to) return true;
  if (time === null) return false;
  return (!from || Date.parse(time) >= Date.parse(from)) && (!to || Date.parse(time) <= Date.parse(to));
}

/** The filters of octopus-rest.md 4.1. */
function chosen(call: Call): ServerTask[] {
  const [ids, states, spaces] = [queryList(call, 'ids'), queryList(call, 'states'), queryList(call, 'spaces')];
  const [active, running, warned] = [queryFlag(call, 'active'), queryFlag(call, 'running'), queryFlag(call, 'hasWarningsOrErrors')];
  const [name, partialName, description] = [query(call, 'name'), query(call, 'partialName')?.toLowerCase(), query(call, 'description')?.toLowerCase()];
  const [node, project, environment, runbook] = ['node', 'project', 'environment', 'runbook'].map((filter) => query(call, filter));
  const includeSystem = queryFlag(call, 'includeSystem') ?? true;
  const isWaiting = (task: ServerTask) => call.all.Interruptions.some((each) => each.TaskId === task.Id && each.IsPending);
  const isActive = (state: TaskState) => !isFinal(state);
  return visibleTasks(call).filter((task) => {
    const run = environment || runbook ? runOf(call, task) : undefined;
    return (ids === null || ids.some((id) => id.toLowerCase() === task.Id.toLowerCase()))
      && (states === null || states.includes(task.State))
      && (spaces === null || (task.SpaceId !== null && spaces.includes(task.SpaceId)))
      && (includeSystem || task.SpaceId !== null)
      && (active === null || isActive(task.State) === active) && (running === null || isRunning(task.State) === running)
      && (warned === null || task.HasWarningsOrErrors === warned) && (queryFlag(call, 'hasPendingInterruptions') ?? isWaiting(task)) === isWaiting(task)
      && (!name || task.Name === name) && (!partialName || task.Name.toLowerCase().includes(partialName)) && (!description || task.Description.toLowerCase().includes(description))
      && (!node || task.ServerNode === node || `OctopusServerNodes-${task.ServerNode}` === node) && (!project || task.ProjectId === project)
      && (!environment || run?.EnvironmentId === environment) && (!runbook || run?.RunbookId === runbook)
      && within(task.QueueTime, query(call, 'fromQueueDate'), query(call, 'toQueueDate'))
      && within(task.StartTime, query(call, 'fromStartDate'), query(call, 'toStartDate'))
      && within(task.CompletedTime, query(call, 'fromCompletedDate'), query(call, 'toCompletedDate'));
  });
}

function stateCounts(tasks: ServerTask[]): Record<string, number> {
  const counts: Record<string, number> = { Canceled: 0, Cancelling: 0, Executing: 0, Failed: 0, Queued: 0, Success: 0, TimedOut: 0, Interrupted: 0 };
  for (const { State } of tasks) counts[State] = (counts[State] ?? 0) + 1;
  return counts;
}

export function taskRoutes(router: Router): void {
  const { queue, logs, database, faults } = router.context;
  router.either('GET', '/tasks', {}, (call) => {
    const tasks = chosen(call);
    return { ...page(call, 'Task', call.space ? `/api/${call.space.Id}/tasks` : '/api/tasks', tasks, (task) => taskResource(task, call.all.Interruptions)), TotalCounts: stateCounts(tasks) };
  });
  router.either('POST', '/tasks', {}, (call) => created(call, taskResource(queue.create(requestedTask(call)))));
  router.either('GET', '/tasks/tasktypes', {}, () => [...taskTypes, ...(faults.current().documentTasks ? documentTasks : [])].map((name) => ({ Id: name, Name: name, Links: {} })));
  router.either('GET', '/tasks/:id', {}, (call) => taskResource(taskOf(call), call.all.Interruptions));
  router.either('GET', '/tasks/:id/raw', {}, (call) => {
    call.reply.type('text/plain; charset=utf-8');
    return rawLog(logs.read(taskOf(call).Id));
  });
  router.either('GET', '/tasks/:id/details', {}, (call) => {
    const task = taskOf(call);
    const tail = query(call, 'tail');
    const tree = logs.read(task.Id);
    const size = Buffer.byteLength(rawLog(tree));
    return {
      Task: taskResource(task, call.all.Interruptions), Progress: { ProgressPercentage: isFinal(task.State) ? 100 : tree?.ProgressPercentage ?? 0, EstimatedTimeRemaining: '' }, PhysicalLogSize: size, Links: { Self: `/api/tasks/${task.Id}/details` },
      ActivityLogs: tree ? [shown(tree, { verbose: queryFlag(call, 'verbose') ?? false, tail: tail ? Number(tail) : null })] : [],
    };
  });
  router.either('GET', '/tasks/:id/queued-behind', {}, (call) => {
    const task = taskOf(call);
    const ahead = task.State === 'Queued' ? call.all.ServerTasks.filter((other) => !isFinal(other.State) && other.Id !== task.Id && Number(other.Id.split('-')[1]) < Number(task.Id.split('-')[1])) : [];
    return page(call, 'Task', `/api/tasks/${task.Id}/queued-behind`, ahead, (other) => taskResource(other));
  });
  router.either('POST', '/tasks/:id/cancel', { duringMaintenance: true }, (call) => {
    const task = taskOf(call);
    demand(call.user, 'TaskCancel', task.SpaceId);
    queue.cancel(task.Id);
    return taskResource(taskOf({ ...call, all: database.read().Collections }));
  });
  router.either('POST', '/tasks/rerun/:id', {}, (call) => {
    const task = taskOf(call);
    demand(call.user, 'TaskCreate', task.SpaceId);
    if (!taskResource(task).CanRerun) throw badRequest('This task cannot be re-run.');
    const { Name, Description, SpaceId, Arguments } = task;
    return taskResource(queue.create({ Name, Description, SpaceId, Arguments, CreatedBy: call.user.Username }));
  });
  router.either('POST', '/tasks/:id/state', {}, (call) => setState(call, taskOf(call)));
  router.either('POST', '/tasks/:id/prioritize', {}, (call) => {
    const task = taskOf(call);
    demand(call.user, 'TaskPrioritize', task.SpaceId);
    return changed(call, task.Id, (stored) => { stored.Priority = Date.now(); });
  });
}

function changed(call: Call, id: string, change: (task: ServerTask) => void): Record<string, unknown> {
  return call.context.database.write(({ Collections }) => {
    const stored = Collections.ServerTasks.find((task) => task.Id === id);
    if (!stored) throw notFound(id);
    change(stored);
    stored.LastUpdatedTime = new Date().toISOString();
    return taskResource(touch(call, stored));
  });
}

/** Only between final states, with a reason; cannot free a `Cancelling` task (octopus-rest.md 4.1). */
function setState(call: Call, task: ServerTask): Record<string, unknown> {
  if (!isAdministrator(call.user)) demand(call.user, 'TaskEdit', task.SpaceId);
  const read = new BodyReader(bodyOf(call.body));
  const State = read.text('State');
  read.text('Reason');
  const settable = ['Canceled', 'Failed', 'Success'];
  if (!settable.includes(State)) read.complain(`The state cannot be set to ${State}.`);
  if (!settable.includes(task.State)) read.complain(`The state of a task that is ${task.State} cannot be changed.`);
  read.check();
  return changed(call, task.Id, (stored) => { stored.State = State as TaskState; });
}
