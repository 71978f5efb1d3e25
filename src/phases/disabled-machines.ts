import { printable } from '../errors/printable.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { openIntents } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { endEarlierTasks } from './earlier-tasks.ts';
import type { Rotation } from './rotation.ts';

const ENABLE = 'enable-machine';

/**
 * Does `work` while disabled machines are enabled, where the administrator allows it (EnableDisabled); they are disabled again whatever
 * happens, also by the next phase when this one is killed (A8). `work` is handed the machines as they are then.
 */
export async function whileEnabled<Result>(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], work: (machines: PlannedMachine[]) => Promise<Result>): Promise<Result> {
  const disabled = new Set(rotation.scope.options.enableDisabled ? machines.filter((machine) => machine.isDisabled) : []);
  const touched: PlannedMachine[] = [];
  try {
    for (const machine of disabled) {
      const registration = machine.registrations[0]!;
      await rotation.guard();
      await rotation.intend(ENABLE, machine.key, { registration: registration.id });
      touched.push(machine);
      await rotation.octopus.setDisabled(registration, false);
      context.voice.verbose(`${printable(machine.name)} is enabled for the task.`);
    }
    return await work(machines.map((machine) => (disabled.has(machine) ? enabled(machine) : machine)));
  } finally {
    await disableAgain(context, rotation, touched);
  }
}

/** What a killed phase left enabled is disabled again, once its tasks have ended: Octopus would skip a disabled machine, and nobody would know whether it did. */
export async function disableWhatWasLeft(context: PhaseContext, rotation: Rotation): Promise<void> {
  const left = new Set(openIntents(rotation.entries()).filter((entry) => entry.data.effect === ENABLE).map((entry) => entry.subject));
  if (left.size === 0) return;
  await endEarlierTasks(context, rotation);
  await disableAgain(context, rotation, rotation.scope.machines.filter((machine) => left.has(machine.key)));
}

async function disableAgain(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[]): Promise<void> {
  for (const machine of machines) {
    await rotation.octopus.setDisabled(machine.registrations[0]!, true);
    await rotation.done(ENABLE, machine.key, { disabledAgain: true });
    context.voice.verbose(`${printable(machine.name)} is disabled again.`);
  }
}

function enabled(machine: PlannedMachine): PlannedMachine {
  return withRegistrations(machine, (one, index) => one.isDisabled && index > 0);
}

function withRegistrations(machine: PlannedMachine, isDisabled: (one: PlannedMachine['registrations'][number], index: number) => boolean): PlannedMachine {
  const registrations = machine.registrations.map((one, index) => ({ ...one, isDisabled: isDisabled(one, index) }));
  return { ...machine, registrations, isDisabled: registrations.every((one) => one.isDisabled) };
}
