import { printable } from '../errors/printable.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { leftBehind } from '../journal/views.ts';
import type { Registration } from '../octopus/contract.ts';
import type { PhaseContext } from './context.ts';
import { disableWhatWasLeft } from './disabled-machines.ts';
import { registeredKey } from './inventory.ts';
import { repairHint } from './repair-hint.ts';
import type { Rotation } from './rotation.ts';

/** A machine of the plan as it is registered now; `isGone`: nothing names it any more, and it is as it was planned. */
export interface Present { machine: PlannedMachine; isGone: boolean }

/**
 * The machines of the plan, disabled or not as they are registered now: a person may enable one at any time, so that it can be caught up
 * with. What a killed phase left enabled is disabled first.
 */
export async function presentMachines(context: PhaseContext, rotation: Rotation): Promise<PlannedMachine[]> {
  return (await readPresent(context, rotation)).map(({ machine }) => machine);
}

/**
 * Whom a phase after the swap has to see: registered, and not left behind. The plan is fixed by then, so a machine that was removed from
 * Octopus since (A28) is told aloud and left behind: no task reaches it any more, and it may trust the certificate that lost.
 */
export async function machinesToSee(context: PhaseContext, rotation: Rotation): Promise<PlannedMachine[]> {
  const behind = leftBehind(rotation.entries());
  const present = (await readPresent(context, rotation)).filter(({ machine }) => !behind.has(machine.key));
  for (const { machine } of present.filter((one) => one.isGone)) {
    const text = 'it is registered no longer, and Octopus cannot ask it; it may still trust the old certificate';
    context.voice.warn(`${printable(machine.name)}: ${text}. ${repairHint(machine, { trust: rotation.fresh!.thumbprint, distrust: rotation.plan.old })}`);
    await rotation.record({ kind: 'left-behind', subject: machine.key, data: { reason: 'unregistered', text, waiver: null } });
  }
  return present.filter((one) => !one.isGone).map(({ machine }) => machine);
}

/** One that was removed and registered anew has another id; certificate and address tell that it is the same. */
export async function readPresent(context: PhaseContext, rotation: Rotation): Promise<Present[]> {
  await disableWhatWasLeft(context, rotation);
  const byId = new Map<string, Here>();
  const byKey = new Map<string, Here[]>();
  for (const { id, name } of rotation.plan.spaces) {
    for (const registration of await rotation.octopus.registrations(id)) {
      const here = { registration, spaceName: name };
      byId.set(registration.id, here);
      const key = registeredKey(registration);
      if (key !== null) byKey.set(key, [...(byKey.get(key) ?? []), here]);
    }
  }
  return rotation.plan.machines.map((machine) => {
    const known = [machine.key, ...machine.aliases].flatMap((key) => byKey.get(key) ?? []);
    const here = new Set([...machine.registrations.flatMap((one) => byId.get(one.id) ?? []), ...known]);
    if (here.size === 0) return { machine, isGone: true };
    const registrations = [...here].map(({ registration, spaceName }) => ({ id: registration.id, kind: registration.kind, spaceId: registration.spaceId, spaceName, name: registration.name, isDisabled: registration.isDisabled }));
    return { machine: { ...machine, registrations, isDisabled: registrations.every((one) => one.isDisabled) }, isGone: false };
  });
}

interface Here { registration: Registration; spaceName: string }
