import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';
import { listedMachines, type UnprovedMachine } from './trust.ts';

const NOTHING = 'Nothing was changed by this step.';
const BOTH_TRUSTED = 'The new certificate stays in force and is trusted as before.';

/** Refusals of the way back after the swap. */
export const rollBackErrors = catalogue({
  NOTHING_TO_ROLL_BACK: (_values: Record<string, never>) => ({
    message: 'There is no open rotation to roll back.',
    safe: 'Nothing was changed.',
    next: 'Nothing needs to be done. A rotation that has ended is not undone: to replace the certificate in force, run "Rotate server certificate" with a ticket text of its own (Rotation.Force).',
  }),
  ROLL_BACK_TOO_EARLY: (values: { rotationId: string }) => ({
    message: `Rotation ${values.rotationId} has not been handed over to the relay: nothing was swapped that could be rolled back.`,
    safe: NOTHING,
    next: 'Run the runbook "Abandon server certificate rotation" to give it up, or "Rotate server certificate" to go on with it.',
  }),
  ROLL_BACK_TOO_LATE: (values: { rotationId: string; since: string }) => ({
    message: `Rotation ${values.rotationId} cannot be rolled back any more: trust in the old certificate is being retired since ${printable(values.since)}, and a server that presented it again would lose the machines that refuse it already.`,
    safe: NOTHING,
    next: 'Run "Rotate server certificate" again to finish this rotation. If the new certificate must go, run it once more after that with a ticket text of its own (Rotation.Force): that replaces it by another one.',
  }),
  ROLL_BACK_RELAY_AT_WORK: (values: { rotationId: string; unit: string }) => ({
    message: `The relay of rotation ${values.rotationId} is at work (${printable(values.unit)}).`,
    safe: NOTHING,
    next: 'Wait until the relay and the run that it queued have ended (cancel that run if it must not go on), then run the runbook "Roll back server certificate" again.',
  }),
  ROTATION_ROLLING_BACK: (values: { rotationId: string }) => ({
    message: `Rotation ${values.rotationId} is being rolled back; it does not go forward any more.`,
    safe: NOTHING,
    next: 'Run the runbook "Roll back server certificate" until it has ended; then this runbook can open a new rotation.',
  }),
  ROLL_BACK_NOT_PROVED: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) do not provably trust the old certificate: ${listedMachines(values.machines)}.`,
    safe: `The certificate was not put back. ${BOTH_TRUSTED}`,
    next: 'Mend or start the machines and run the runbook again. To go back without those that are off or disabled, set Rotation.OfflineMachines to leave-behind; after that only the machine itself can be mended, with the command in the report. For any other, write a waiver.',
    failureMode: 'A1',
  }),
  ROLL_BACK_NO_MACHINE_PROVED: (_values: Record<string, never>) => ({
    message: 'Not one machine provably trusts the old certificate.',
    safe: `The certificate was not put back. ${BOTH_TRUSTED}`,
    next: 'Look at the log of the script tasks in Octopus; then run the runbook again.',
    failureMode: 'A1',
  }),
  ROLL_BACK_UNDONE: (values: { reason: string; fresh: string }) => ({
    message: `The old certificate was put back, and that was undone: ${printable(values.reason, 300)}. The new certificate ${values.fresh} is in force again.`,
    safe: 'Every machine that is proved trusts both certificates.',
    next: 'Look at the server log and mend what it names. Then run "Roll back server certificate" again, or "Rotate server certificate" to finish with the new certificate.',
  }),
});
