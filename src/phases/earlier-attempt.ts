import type { TrustObservation } from '../gates/trust.ts';
import type { Entry, PlannedMachine } from '../journal/contract.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import { inParallel } from './concurrency.ts';
import type { PhaseContext } from './context.ts';
import { lookAt, waitUntil } from './looking.ts';
import { endEarlierTasks } from './earlier-tasks.ts';
import { resultsOf, SETTLE_MS, TRUST } from './machine-scripts.ts';
import { saysItIsOver, watchForPutBack } from './put-back.ts';
import type { Rotation } from './rotation.ts';
import { oldListOf, thumbprintOf, type TrustChange } from './trust-change.ts';
import { TRUST_CHANGES } from './trust-changes.ts';

const READ_AT_ONCE = 4;

/**
 * What an attempt that was cut short began is let end before anything new begins, so that never more machines than `AtOnce` are under way:
 * its tasks, and then the machines that may still be restarting. Answers with the given looks, those of such machines made anew.
 */
export async function afterEarlier(context: PhaseContext, rotation: Rotation, looks: readonly TrustObservation[]): Promise<TrustObservation[]> {
  const underWay = changesUnderWay(rotation);
  const suspects = looks.filter((look) => underWay.get(look.machine.key)?.change.wished(look) === false).map(({ machine }) => machine);
  if (suspects.length === 0) return [...looks];
  const tasks = await earlierTasks(context, rotation);
  const waiting = suspects.filter((machine) => mayBeUnderWay(machine, underWay.get(machine.key)!, tasks));
  const now = context.clock.now().getTime();
  for (const [change, changed] of byChange(waiting, underWay)) {
    const began = Math.max(...changed.map(({ key }) => Date.parse(underWay.get(key)!.entry.at)));
    // By its own clock; one that jumped makes it no longer than a change may take.
    const timeoutMs = tasks.some((task) => task.wasActive) ? SETTLE_MS : Math.min(Math.max(began + SETTLE_MS - now, 0), SETTLE_MS);
    const putBack = watchForPutBack(oldListOf(change));
    await waitUntil(context, rotation, { machines: changed, total: changed.length, state: 'told' }, {
      wished: change.wished, timeoutMs, label: `told before this run: ${change.label}`, isOver: (look) => putBack.isSeen(look) || saysItIsOver(look),
    });
  }
  const anew = new Map((await lookAt(context, rotation, suspects)).map((look) => [look.machine.key, look]));
  return looks.map((look) => anew.get(look.machine.key) ?? look);
}

interface UnderWay { change: TrustChange; entry: Entry<'intent'> }

/** The last change of each machine that was neither proved nor given up since, by its key. */
function changesUnderWay(rotation: Rotation): Map<string, UnderWay> {
  const found = new Map<string, UnderWay>();
  for (const entry of rotation.entries()) {
    if (entry.kind === 'intent') {
      const change = TRUST_CHANGES.find((one) => one.effect === entry.data.effect && thumbprintOf(rotation, one) === entry.data.detail['thumbprint']);
      if (change) found.set(entry.subject, { change, entry });
    } else if ((entry.kind === 'proved' || entry.kind === 'unproved') && found.get(entry.subject)?.change.claim === entry.data.claim) found.delete(entry.subject);
  }
  return found;
}

function byChange(machines: readonly PlannedMachine[], underWay: ReadonlyMap<string, UnderWay>): Map<TrustChange, PlannedMachine[]> {
  const groups = new Map<TrustChange, PlannedMachine[]>();
  for (const machine of machines) {
    const { change } = underWay.get(machine.key)!;
    groups.set(change, [...(groups.get(change) ?? []), machine]);
  }
  return groups;
}

interface EarlierTask {
  /** The last intent that it carries out (taskDescription in trust-change.ts). */
  lastIntent: number;
  wasActive: boolean;
  results: readonly MachineResult[];
}

/** The tasks of this rotation that change trust, with what the machines said of themselves; those that still ran have been waited for. */
async function earlierTasks(context: PhaseContext, rotation: Rotation): Promise<EarlierTask[]> {
  const active = await endEarlierTasks(context, rotation);
  const tasks = (await rotation.octopus.tasks({ description: `[${rotation.id}]` })).flatMap(({ id, name, description }) => {
    const entry = TRUST_CHANGES.some((change) => description.startsWith(change.description)) ? /\(entry (\d+)\)/.exec(description) : null;
    // The documents' own tasks restart machines before they end; only a script leaves a restart behind.
    return name === 'AdHocScript' && entry ? [{ id, lastIntent: Number(entry[1]) }] : [];
  });
  return inParallel(tasks, READ_AT_ONCE, async ({ id, lastIntent }) => ({ lastIntent, wasActive: active.has(id), results: await resultsOf(rotation.octopus, id, rotation.id, TRUST) }));
}

/** Nothing is under way on a machine for which no task was begun, or that said itself that it did nothing. Silence may mean anything (rule 20). */
function mayBeUnderWay(machine: PlannedMachine, { entry }: UnderWay, tasks: readonly EarlierTask[]): boolean {
  const first = Math.min(...tasks.map((task) => task.lastIntent).filter((one) => one >= entry.sequence));
  const begun = tasks.filter((task) => task.lastIntent === first);
  const result = begun.flatMap((task) => task.results).find((one) => one.own === machine.own);
  return begun.length > 0 && result?.outcome !== 'refused' && result?.outcome !== 'failed';
}
