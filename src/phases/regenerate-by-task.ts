import type { PlannedMachine } from '../journal/contract.ts';
import { CERTIFICATE_EFFECTS, tentacleFacts } from '../journal/tentacle-views.ts';
import { openIntents } from '../journal/views.ts';
import { shownByMachines, thumbprintShown } from './certificate-observation.ts';
import type { PhaseContext } from './context.ts';
import { isProbed } from './looking.ts';
import { lookUntil } from './look-until.ts';
import { addressed } from './machine-scripts.ts';
import type { Rotation } from './rotation.ts';

const TASK_MS = 15 * 60_000;
/** A Tentacle that was given its certificate may still be restarting when the task has ended. */
const SETTLE_MS = 60_000;
const PAUSE_MS = 2_000;

/**
 * Method `task`: lets the server's own TentacleRegenerateCertificate do it, where it lists that task and we can see ourselves which certificate a
 * machine shows before and after. It has no way back, and NEW is not known before it is used (B1). Whoever shows another certificate afterwards
 * has it on record, and goes the way of every machine from there: each registration, health, signature, its own word. The others get the switch.
 */
export async function regenerateByTask(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[]): Promise<void> {
  if (rotation.tentacles.options.method !== 'task') return;
  const untouched = machines.filter((machine) => {
    const { fresh, keepOld } = tentacleFacts(rotation.entries(), machine.key);
    return isProbed(machine) && fresh === null && keepOld === null;
  });
  if (untouched.length === 0 || !(await rotation.octopus.capabilities()).regenerates) return;
  const before = await shownByMachines(context, untouched);
  const asked = untouched.filter((machine) => thumbprintShown(before.get(machine.key)) === machine.own);
  await rotation.guard();
  await Promise.all(asked.map((machine) => rotation.intend(CERTIFICATE_EFFECTS.task, machine.key, { thumbprint: machine.own })));
  for (const spaceId of new Set(asked.map((machine) => addressed(machine).spaceId))) {
    const machineIds = asked.map(addressed).filter((one) => one.spaceId === spaceId).map((one) => one.id) as [string, ...string[]];
    const queued = await rotation.octopus.runRegenerateTask({ description: `Octopus Rotation: regenerate certificates [${rotation.id}]`, spaceId, machineIds });
    context.voice.info(`${queued.id}: TentacleRegenerateCertificate on ${machineIds.length} machine(s)`);
    await rotation.octopus.waitForTask(queued.id, { timeoutMs: TASK_MS });
  }
  const after = await lookUntil(context.clock, { limitMs: SETTLE_MS, pauseMs: PAUSE_MS }, () => shownByMachines(context, asked), (seen) => asked.every((machine) => thumbprintShown(seen.get(machine.key)) !== null));
  // Also of whom a run that was killed had asked.
  const open = new Set(openIntents(rotation.entries()).filter((entry) => entry.data.effect === CERTIFICATE_EFFECTS.task).map((entry) => entry.subject));
  for (const machine of untouched.filter(({ key }) => open.has(key))) {
    const fresh = thumbprintShown(after.get(machine.key) ?? before.get(machine.key));
    if (fresh !== null && fresh !== machine.own) await rotation.record({ kind: 'tentacle-certificate', subject: machine.key, data: { old: machine.own, new: fresh, signature: 'unknown' } });
    await rotation.done(CERTIFICATE_EFFECTS.task, machine.key, { thumbprint: fresh });
  }
}
