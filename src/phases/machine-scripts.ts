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
const TASK_TIMEOUT_MS = 15 * 60_000;
/** Of the five tasks that a node runs by default, one is ours already. */
const TASKS_AT_ONCE = 4;

/** How long a Tentacle may wait for its running scripts before its restart is deferred. */
export const IDLE_LIMIT_SECONDS = 120;
const RESTART_DELAY_SECONDS = 1;
/** How long a machine may take from its script to the wished list in force. */
export const SETTLE_MS = (IDLE_LIMIT_SECONDS + RESTART_DELAY_SECONDS + 60) * 1000;

/** What a script task told about one machine: its own result, or why there is none. */
export type ScriptOutcome = { result: MachineResult } | { result: null; reason: string };

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

/**
 * Runs a script on machines by AdHocScript tasks in batches and collects what each machine says of itself. A result counts only with
 * the rotation id and that Tentacle's own thumbprint in it (rule 9); machines without one are asked once more, singly.
 */
export async function runOnMachines(context: PhaseContext, octopus: OctopusClient, rotationId: string, machines: readonly PlannedMachine[], description: string, bodyFor: (machine: PlannedMachine) => string): Promise<Map<string, ScriptOutcome>> {
  const outcomes = new Map<string, ScriptOutcome>();
  await inParallel(batchesOf(machines), TASKS_AT_ONCE, (batch) => runBatch(context, octopus, rotationId, batch, description, bodyFor, outcomes));
  const again = machines.filter((machine) => outcomes.get(machine.key)?.result === null);
  await inParallel(again.map((machine) => [machine]), TASKS_AT_ONCE, (batch) => runBatch(context, octopus, rotationId, batch, `${description} (again)`, bodyFor, outcomes));
  return outcomes;
}

async function runBatch(context: PhaseContext, octopus: OctopusClient, rotationId: string, batch: readonly PlannedMachine[], description: string, bodyFor: (machine: PlannedMachine) => string, outcomes: Map<string, ScriptOutcome>): Promise<void> {
  const registrations = batch.map(addressed);
  const { spaceId, kind } = registrations[0]!;
  const ids = registrations.map((one) => one.id) as [string, ...string[]];
  const first = batch[0]!;
  const queued = await octopus.runScript({ description: `${description} [${rotationId}]`, syntax: first.shell, body: bodyFor(first), spaceId, targets: { kind, ids } });
  context.voice.verbose(`${queued.id}: ${description} on ${batch.length} machine(s)`);
  const { task, timedOut } = await octopus.waitForTask(queued.id, { timeoutMs: TASK_TIMEOUT_MS });
  const activity = await octopus.activity(queued.id);
  const { results } = parseMachineResults(textOf(activity), rotationId);
  for (const machine of batch) {
    const result = results.findLast((one) => one.own === machine.own);
    const state = timedOut ? 'still running' : task.state;
    outcomes.set(machine.key, result ? { result } : { result: null, reason: `${queued.id} ended as ${state} without a result of this machine` });
  }
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
