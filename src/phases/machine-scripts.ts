import type { PlannedMachine } from '../journal/contract.ts';
import type { OctopusClient, TaskActivity } from '../octopus/contract.ts';
import { parseMachineResults } from '../tentacle/machine-result.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import { trustScript } from '../tentacle/trust-script.ts';
import { batches, inParallel } from './concurrency.ts';
import type { PhaseContext } from './context.ts';
import type { Rotation } from './rotation.ts';

/** One bad machine must not fail many (A30), and Octopus runs ten at a time anyway. */
const BATCH = 10;
export const TASK_TIMEOUT_MS = 15 * 60_000;
/** Of the five tasks that a node runs by default, one is ours already. */
export const TASKS_AT_ONCE = 4;

/** How long a Tentacle may wait for its running scripts before its restart is deferred. */
export const IDLE_LIMIT_SECONDS = 120;
const RESTART_DELAY_SECONDS = 1;
/** How long a machine may take from its script to the wished list in force. */
export const SETTLE_MS = (IDLE_LIMIT_SECONDS + RESTART_DELAY_SECONDS + 60) * 1000;

/** What a script task told about one machine: its own result, or why there is none. */
export type ScriptOutcome<Result = MachineResult> = { result: Result } | { result: null; reason: string };

/** A script that each machine says one line about itself after, of whichever kind. */
export interface ScriptKind<Result> {
  /** Every well-formed result of this rotation in a log. */
  parse(log: string, rotationId: string): { results: Result[] };
  /** Whether a result is that machine's own (rule 9). */
  isOf(machine: PlannedMachine, result: Result): boolean;
  /** Whether a machine that said nothing is asked a second time. */
  again: boolean;
}
/** What trust scripts say. */
export const TRUST: ScriptKind<MachineResult> = { parse: parseMachineResults, isOf: (machine, result) => result.own === machine.own, again: true };

export interface ScriptWish {
  operation: 'observe' | 'add' | 'remove' | 'update-trust';
  /** For update-trust: when the machine goes back by itself. */
  returnAfterSeconds?: number;
  /** Forward: NEW is added and OLD removed. Back: OLD is added and NEW removed. */
  direction?: 'forward' | 'back';
  restart: 'detached' | 'none';
  place?: 'tentacle' | 'host';
}

/** The script by which this machine observes or changes its own trust: its route, its shell, typed tokens only (rule 14). */
export function machineScript(rotation: Rotation, machine: PlannedMachine, { operation, direction = 'forward', restart, place = 'tentacle', returnAfterSeconds }: ScriptWish): string {
  const { old, options } = rotation.plan;
  const fresh = rotation.fresh!.thumbprint;
  const [goal, other] = direction === 'forward' ? [fresh, old] : [old, fresh];
  return trustScript({
    rotationId: rotation.id,
    fence: rotation.fence,
    route: machine.route,
    shell: machine.shell,
    operation,
    ...(operation === 'remove' ? { thumbprint: other, keep: goal } : { thumbprint: goal, beside: other }),
    ...(returnAfterSeconds === undefined ? {} : { returnAfterSeconds }),
    restart,
    place,
    restartDelaySeconds: place === 'host' ? 0 : RESTART_DELAY_SECONDS,
    restartWatchSeconds: options.restartWatchSeconds,
    idleLimitSeconds: IDLE_LIMIT_SECONDS,
  });
}

/** Is told what came of a machine as soon as that is known, while others are still at work. */
export type OutcomeListener<Result = MachineResult> = (machine: PlannedMachine, outcome: ScriptOutcome<Result>) => Promise<void>;

/** Trust scripts on machines; see `runScripts`. */
export function runOnMachines(context: PhaseContext, octopus: OctopusClient, rotationId: string, machines: readonly PlannedMachine[], description: string, bodyFor: (machine: PlannedMachine) => string, onOutcome?: OutcomeListener): Promise<Map<string, ScriptOutcome>> {
  return runScripts(context, octopus, rotationId, machines, description, bodyFor, TRUST, onOutcome);
}

/**
 * Runs a script on machines by AdHocScript tasks in batches and collects what each machine says of itself. A result counts only with
 * the rotation id and that Tentacle's own thumbprint in it (rule 9); machines without one are asked once more, singly.
 */
export async function runScripts<Result>(context: PhaseContext, octopus: OctopusClient, rotationId: string, machines: readonly PlannedMachine[], description: string, bodyFor: (machine: PlannedMachine) => string, kind: ScriptKind<Result>, onOutcome?: OutcomeListener<Result>): Promise<Map<string, ScriptOutcome<Result>>> {
  const outcomes = new Map<string, ScriptOutcome<Result>>();
  const silent: PlannedMachine[] = [];
  const run = async (batch: readonly PlannedMachine[], title: string, isLast: boolean) => {
    for (const [machine, outcome] of await runBatch(context, octopus, rotationId, batch, title, bodyFor, kind)) {
      outcomes.set(machine.key, outcome);
      if (outcome.result === null && !isLast) silent.push(machine);
      else await onOutcome?.(machine, outcome);
    }
  };
  await inParallel(batchesOf(machines), TASKS_AT_ONCE, (batch) => run(batch, description, !kind.again));
  await inParallel(silent.map((machine) => [machine]), TASKS_AT_ONCE, (batch) => run(batch, `${description} (again)`, true));
  return outcomes;
}

async function runBatch<Result>(context: PhaseContext, octopus: OctopusClient, rotationId: string, batch: readonly PlannedMachine[], description: string, bodyFor: (machine: PlannedMachine) => string, kind: ScriptKind<Result>): Promise<[PlannedMachine, ScriptOutcome<Result>][]> {
  const registrations = batch.map(addressed);
  const { spaceId, kind: targets } = registrations[0]!;
  const ids = registrations.map((one) => one.id) as [string, ...string[]];
  const first = batch[0]!;
  const queued = await octopus.runScript({ description: `${description} [${rotationId}]`, syntax: first.shell, body: bodyFor(first), spaceId, targets: { kind: targets, ids } });
  context.voice.verbose(`${queued.id}: ${description} on ${batch.length} machine(s)`);
  const { task, timedOut } = await octopus.waitForTask(queued.id, { timeoutMs: TASK_TIMEOUT_MS });
  const results = await resultsOf(octopus, queued.id, rotationId, kind);
  return batch.map((machine) => {
    const result = results.findLast((one) => kind.isOf(machine, one));
    const state = timedOut ? 'still running' : task.state;
    return [machine, result === undefined ? { result: null, reason: `${queued.id} ended as ${state} without a result of this machine` } : { result }];
  });
}

/** What the machines of a task that has ended said of themselves for this rotation. */
export async function resultsOf<Result>(octopus: OctopusClient, taskId: string, rotationId: string, kind: ScriptKind<Result>): Promise<Result[]> {
  return kind.parse(textOf(await octopus.activity(taskId)), rotationId).results;
}

/** The registration by which Octopus reaches it: an enabled one. */
export function addressed(machine: PlannedMachine): PlannedMachine['registrations'][number] {
  return machine.registrations.find((one) => !one.isDisabled) ?? machine.registrations[0]!;
}

/**
 * Pieces of one space, kind, route and shell, since a task has one script; two Tentacles with the same certificate (clones, B9) never
 * share one, as their results could not be told apart.
 */
function batchesOf(machines: readonly PlannedMachine[]): PlannedMachine[][] {
  const groups = new Map<string, PlannedMachine[]>();
  const clones = new Map<string, number>();
  for (const machine of machines) {
    const { spaceId, kind } = addressed(machine);
    const turn = clones.get(machine.own) ?? 0;
    clones.set(machine.own, turn + 1);
    const group = `${spaceId} ${kind} ${machine.route} ${machine.shell} ${turn}`;
    groups.set(group, [...(groups.get(group) ?? []), machine]);
  }
  return [...groups.values()].flatMap((group) => batches(group, BATCH));
}

function textOf(activity: readonly TaskActivity[]): string {
  return activity.map((one) => `${one.log.map((line) => line.text).join('\n')}\n${textOf(one.children)}`).join('\n');
}
