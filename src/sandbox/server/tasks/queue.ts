import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseUnavailable, nextId, type Database } from '../database/database.ts';
import type { DatabaseContent, ServerTask, TaskState } from '../database/documents.ts';
import type { Faults } from '../faults.ts';
import type { ServerLog } from '../server-log.ts';
import type { TruthLog } from '../truth-log.ts';
import type { EngineOutcome, Activity } from '../../engine/contract.ts';
import type { TaskLogs } from './task-logs.ts';

export interface NewTask { Name: string; Description: string; SpaceId: string | null; ProjectId?: string | null; Arguments: Record<string, unknown>; QueueTime?: string | null; QueueTimeExpiry?: string | null; CreatedBy: string }

/** Runs one kind of task. What it throws fails the task with that message. */
export type TaskRunner = (task: ServerTask, root: Activity, cancelled: AbortSignal) => Promise<EngineOutcome>;

export const isFinal = (state: TaskState) => state === 'Success' || state === 'Failed' || state === 'Canceled' || state === 'TimedOut';
export const isRunning = (state: TaskState) => state === 'Executing' || state === 'Cancelling';

/** Adds a queued task inside a transaction. */
export function addTask(content: DatabaseContent, task: NewTask): ServerTask {
  const now = new Date().toISOString();
  const added: ServerTask = {
    Id: nextId(content, 'ServerTasks'), Name: task.Name, Description: task.Description, SpaceId: task.SpaceId, ProjectId: task.ProjectId ?? null, Arguments: task.Arguments, State: 'Queued',
    QueueTime: task.QueueTime ?? now, QueueTimeExpiry: task.QueueTimeExpiry ?? null, StartTime: null, LastUpdatedTime: now, CompletedTime: null, ServerNode: null, ErrorMessage: '', HasWarningsOrErrors: false, CreatedBy: task.CreatedBy, Priority: 0,
  };
  content.Collections.ServerTasks.push(added);
  return added;
}

/** Marks inside a transaction. */
function complete(task: ServerTask, state: TaskState, message: string): void {
  const now = new Date().toISOString();
  task.State = state;
  task.ErrorMessage = message;
  task.CompletedTime = now;
  task.LastUpdatedTime = now;
}

interface Executing { cancel: AbortController; done: Promise<void> }

export interface QueueParts { database: Database; nodeName: string; logs: TaskLogs; log: ServerLog; truth: TruthLog; faults: Faults; /** Without a sign of life for so long, a node is offline and its tasks are abandoned. */ offlineAfterMs: number }

/**
 * The task queue of one node (octopus-rest.md 10.1): at most `MaxConcurrentTasks` at a time, nothing new while the node is
 * drained or the space's queue is stopped. The database is the queue, so that other nodes and the executable take part.
 */
export class TaskQueue {
  readonly #executing = new Map<string, Executing>();
  readonly #runners = new Map<string, TaskRunner>();
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: QueueParts) {}

  runner(name: string, runner: TaskRunner): void {
    this.#runners.set(name, runner);
  }

  /** Tasks that this node left executing when it died end now: outcome unknown (octopus-rest.md 10.2). */
  markLost(): void {
    this.#markOf([this.parts.nodeName], 'The Octopus Server was restarted while this task was executing.');
  }

  /** Tasks of nodes that nobody has seen for so long that they count as offline end in the same way: any other node marks them. */
  markAbandoned(): void {
    const { database, nodeName, offlineAfterMs } = this.parts;
    const { ServerTasks, OctopusServerNodes } = database.read().Collections;
    const limit = Date.now() - offlineAfterMs;
    const offline = OctopusServerNodes.filter(({ Name, LastSeen }) => Name !== nodeName && Date.parse(LastSeen) < limit).map(({ Name }) => Name);
    if (ServerTasks.some((task) => isRunning(task.State) && offline.includes(task.ServerNode ?? ''))) this.#markOf(offline, 'The Octopus Server node that was executing this task is offline.');
  }

  #markOf(nodes: string[], message: string): void {
    const { database, faults, logs, truth } = this.parts;
    const state = faults.current().restartMarks ?? 'Failed';
    const lost = database.write((content) => content.Collections.ServerTasks.filter((task) => isRunning(task.State) && nodes.includes(task.ServerNode ?? '')).map((task) => {
      const marked = task.State === 'Cancelling' ? 'Canceled' : state;
      complete(task, marked, message);
      task.HasWarningsOrErrors = true;
      return { ...task };
    }));
    for (const task of lost) {
      logs.finish(task.Id, task.Description, task.State === 'Canceled' ? 'Canceled' : 'Failed', message);
      truth.event('task-completed', { task: task.Id, name: task.Name, state: task.State, lost: true });
    }
  }

  start(): void {
    this.#timer = setInterval(() => this.pump(), 200);
    this.pump();
  }

  /** Takes no new tasks. Those executing are left as they are: the next start marks them. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  create(task: NewTask): ServerTask {
    const added = this.parts.database.write((content) => ({ ...addTask(content, task) }));
    this.announce(added);
    return added;
  }

  /** For tasks added within a larger transaction. */
  announce(task: ServerTask): void {
    this.parts.truth.event('task-created', { task: task.Id, name: task.Name, description: task.Description, space: task.SpaceId });
    this.pump();
  }

  /** Queued -> Canceled at once; Executing -> Cancelling until its scripts have ended. */
  cancel(id: string): void {
    const state = this.parts.database.write((content) => {
      const task = content.Collections.ServerTasks.find((candidate) => candidate.Id === id);
      if (task?.State === 'Queued') complete(task, 'Canceled', '');
      else if (task?.State === 'Executing') task.State = 'Cancelling';
      return task?.State;
    });
    if (state === 'Canceled') this.parts.truth.event('task-completed', { task: id, state });
    this.pump();
  }

  /** Looks at the database: claims what may run, passes cancellations on, times out what was never started. Nothing, while the database cannot be reached. */
  pump(): void {
    if (!this.#timer) return;
    try {
      this.#look();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.parts.log.write('ERROR', `The task queue could not be looked at: ${String(error)}`);
    }
  }

  #look(): void {
    const { database, nodeName } = this.parts;
    const all = database.read().Collections;
    for (const task of all.ServerTasks) {
      if (task.State === 'Cancelling' && task.ServerNode === nodeName) this.#executing.get(task.Id)?.cancel.abort();
    }
    const wanted = all.ServerTasks.some((task) => task.State === 'Queued');
    if (!wanted) return;
    const now = new Date().toISOString();
    if (all.ServerTasks.some((task) => this.#isExpired(task, now))) {
      database.write((content) => content.Collections.ServerTasks.filter((task) => this.#isExpired(task, now)).forEach((task) => complete(task, 'TimedOut', 'The task was not started before its queue time expired.')));
    }
    if (this.#next(database.read(), now).length === 0) return;
    const claimed = database.write((content) => this.#next(content, now).map((task) => {
      task.State = 'Executing';
      task.ServerNode = nodeName;
      task.StartTime = now;
      task.LastUpdatedTime = now;
      return { ...task };
    }));
    for (const task of claimed) this.#execute(task);
  }

  #isExpired(task: ServerTask, now: string): boolean {
    return task.State === 'Queued' && task.QueueTimeExpiry !== null && Date.parse(task.QueueTimeExpiry) <= Date.parse(now);
  }

  #next(content: DatabaseContent, now: string): ServerTask[] {
    const { ServerTasks, OctopusServerNodes, Spaces } = content.Collections;
    const node = OctopusServerNodes.find(({ Name }) => Name === this.parts.nodeName);
    if (!node || node.IsInMaintenanceMode) return [];
    const running = ServerTasks.filter((task) => isRunning(task.State) && task.ServerNode === node.Name).length;
    const stopped = new Set(Spaces.filter((space) => space.TaskQueueStopped).map((space) => space.Id));
    return ServerTasks.filter((task) => task.State === 'Queued' && Date.parse(task.QueueTime) <= Date.parse(now) && !(task.SpaceId !== null && stopped.has(task.SpaceId)))
      .sort((a, b) => b.Priority - a.Priority).slice(0, Math.max(0, node.MaxConcurrentTasks - running));
  }

  #execute(task: ServerTask): void {
    const cancel = new AbortController();
    const done = this.#run(task, cancel.signal).catch((error: unknown) => {
      this.parts.log.write('ERROR', `${task.Id}: ${String(error)}`);
    }).finally(() => {
      this.#executing.delete(task.Id);
      this.pump();
    });
    this.#executing.set(task.Id, { cancel, done });
  }

  async #run(task: ServerTask, cancelled: AbortSignal): Promise<void> {
    const { logs, truth, database, faults } = this.parts;
    const live = logs.open(task.Id, task.Description);
    truth.event('task-started', { task: task.Id, name: task.Name });
    live.root.status('Running');
    let outcome: EngineOutcome;
    try {
      const runner = this.#runners.get(task.Name);
      if (!runner) throw new Error(`sandbox: tasks of kind ${task.Name} are not simulated.`);
      outcome = await runner(task, live.root, cancelled);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      live.root.log('Fatal', message);
      outcome = { state: cancelled.aborted ? 'Canceled' : 'Failed', errorMessage: message, hasWarnings: true };
    }
    if (cancelled.aborted) await delay(1000 * (faults.current().slowCancelling ?? 0));
    live.root.status(outcome.state);
    live.close();
    const isOurs = await this.#untilWritten(() => database.write((content) => {
      const stored = content.Collections.ServerTasks.find(({ Id }) => Id === task.Id);
      if (!stored || isFinal(stored.State)) return false;
      complete(stored, outcome.state, outcome.errorMessage);
      stored.HasWarningsOrErrors = outcome.hasWarnings || live.hasWarningsOrErrors();
      return true;
    }));
    if (isOurs) truth.event('task-completed', { task: task.Id, name: task.Name, state: outcome.state });
  }

  /** How a task ended must not get lost because the database cannot be written just then. */
  async #untilWritten<T>(write: () => T): Promise<T> {
    for (;;) {
      try {
        return write();
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
        await delay(250);
      }
    }
  }
}
