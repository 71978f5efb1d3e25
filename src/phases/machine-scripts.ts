import type { PlannedMachine } from '../journal/contract.ts';
import type { OctopusClient, TaskActivity } from '../octopus/contract.ts';
import { parseMachineResults } from '../tentacle/machine-result.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import { batches, inParallel } from './concurrency.ts';
import type { PhaseContext } from './context.ts';

/** One bad machine must not fail many (A30), and Octopus runs ten at a time anyway. */
const BATCH = 10;
const TASKS_AT_ONCE = 4;
const TASK_TIMEOUT_MS = 15 * 60_000;

/** What a script task told about one machine: its own result, or why there is none. */
export type ScriptOutcome = { result: MachineResult } | { result: null; reason: string };

/**
 * Runs a script on machines by AdHocScript tasks in batches and collects what each machine says of itself. A result counts only with
 * the rotation id and that Tentacle's own thumbprint in it (rule 9); machines without one are asked once more, singly.
 */
export async function runOnMachines(context: PhaseContext, octopus: OctopusClient, rotationId: string, machines: readonly PlannedMachine[], description: string, body: string): Promise<Map<string, ScriptOutcome>> {
  const outcomes = new Map<string, ScriptOutcome>();
  await inParallel(batchesOf(machines), TASKS_AT_ONCE, (batch) => runBatch(context, octopus, rotationId, batch, description, body, outcomes));
  const again = machines.filter((machine) => outcomes.get(machine.key)?.result === null);
  await inParallel(again.map((machine) => [machine]), TASKS_AT_ONCE, (batch) => runBatch(context, octopus, rotationId, batch, `${description} (again)`, body, outcomes));
  return outcomes;
}

async function runBatch(context: PhaseContext, octopus: OctopusClient, rotationId: string, batch: readonly PlannedMachine[], description: string, body: string, outcomes: Map<string, ScriptOutcome>): Promise<void> {
  const registrations = batch.map(addressed);
  const { spaceId, kind } = registrations[0]!;
  const ids = registrations.map((one) => one.id) as [string, ...string[]];
  const queued = await octopus.runScript({ description: `${description} [${rotationId}]`, syntax: 'Bash', body, spaceId, targets: { kind, ids } });
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
function addressed(machine: PlannedMachine): PlannedMachine['registrations'][number] {
  return machine.registrations.find((one) => !one.isDisabled) ?? machine.registrations[0]!;
}

/** Pieces of one space and kind; two Tentacles with the same certificate (clones, B9) never share one, as their results could not be told apart. */
function batchesOf(machines: readonly PlannedMachine[]): PlannedMachine[][] {
  const groups = new Map<string, PlannedMachine[]>();
  const clones = new Map<string, number>();
  for (const machine of machines) {
    const { spaceId, kind } = addressed(machine);
    const turn = clones.get(machine.own) ?? 0;
    clones.set(machine.own, turn + 1);
    const group = `${spaceId} ${kind} ${turn}`;
    groups.set(group, [...(groups.get(group) ?? []), machine]);
  }
  return [...groups.values()].flatMap((group) => batches(group, BATCH));
}

function textOf(activity: readonly TaskActivity[]): string {
  return activity.map((one) => `${one.log.map((line) => line.text).join('\n')}\n${textOf(one.children)}`).join('\n');
}
