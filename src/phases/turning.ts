import { trustErrors } from '../errors/trust.ts';
import { isTurned } from '../gates/turned.ts';
import { leftBehind } from '../journal/views.ts';
import { reasonText } from '../tentacle/reasons.ts';
import type { PhaseContext } from './context.ts';
import { machineScript, runOnMachines } from './machine-scripts.ts';
import type { Rotation } from './rotation.ts';

/** Beside the time that the drain may take: for the end of this run, the import and the restart. */
const MARGIN_SECONDS = 15 * 60;

/**
 * Arms the job of `PollingRoute: update-trust` on every machine that goes over by it, after all other gates and right before the
 * hand-over: from its restart on such a machine waits for a server with NEW, and goes back to OLD by itself when none comes in time.
 */
export async function turnPollingMachines(context: PhaseContext, rotation: Rotation): Promise<void> {
  const behind = leftBehind(rotation.entries());
  const { machines, options } = rotation.plan;
  const turned = machines.filter((machine) => isTurned(machine, options) && !behind.has(machine.key));
  if (turned.length === 0) return;
  const returnAfterSeconds = options.drainLimitMinutes * 60 + MARGIN_SECONDS;
  context.voice.warn(`${turned.length} polling machine(s) wait for the new certificate from now on, and go back to the old one after ${Math.round(returnAfterSeconds / 60)} minutes if it does not come.`);
  await rotation.guard();
  await Promise.all(turned.map((machine) => rotation.intend('update-trust', machine.key, { returnAfterSeconds })));
  const outcomes = await runOnMachines(context, rotation.octopus, rotation.id, turned, 'Octopus Rotation: turn to the new server certificate', (machine) => machineScript(rotation, machine, { operation: 'update-trust', restart: 'detached', returnAfterSeconds }));
  const failed = turned.flatMap((machine) => {
    const outcome = outcomes.get(machine.key)!;
    if (!outcome.result) return [{ name: machine.name, reason: outcome.reason }];
    return outcome.result.outcome === 'refused' || outcome.result.outcome === 'failed' ? [{ name: machine.name, reason: reasonText(outcome.result.reason) }] : [];
  });
  for (const machine of turned) if (!failed.some((one) => one.name === machine.name)) await rotation.done('update-trust', machine.key, { returnAfterSeconds });
  // Those that are armed go back by themselves; nothing is swapped.
  if (failed.length > 0) throw trustErrors.TRUST_NOT_PROVED({ machines: failed });
}
