import type { Thumbprint } from '../certificates/thumbprint.ts';
import { printable } from '../errors/printable.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { leftBehind } from '../journal/views.ts';
import type { Registration } from '../octopus/contract.ts';
import type { PhaseContext } from './context.ts';
import { disableWhatWasLeft } from './disabled-machines.ts';
import { registeredKey } from './inventory.ts';
import { routeOf } from '../gates/routes.ts';
import { repairHint } from './repair-hint.ts';
import type { Rotation } from './rotation.ts';

/** A machine of the plan as it is registered now; `isGone`: nothing names it any more, and it is as it was planned. */
export interface Present { machine: PlannedMachine; isGone: boolean }

/**
 * The machines of the plan, disabled or not as they are registered now: a person may enable one at any time, so that it can be caught up
 * with. What a killed phase left enabled is disabled first.
 */
export async function presentMachines(context: PhaseContext, rotation: Rotation): Promise<PlannedMachine[]> {
  return (await readPresent(context, rotation)).present.map(({ machine }) => machine);
}

/**
 * Whom a phase after the swap has to see: registered, and not left behind. The plan is fixed by then, so a machine that was removed from
 * Octopus since (A28) is told aloud and left behind: no task reaches it any more, and it may trust the certificate that lost.
 */
export async function machinesToSee(context: PhaseContext, rotation: Rotation, { tellsNewcomers = false } = {}): Promise<PlannedMachine[]> {
  const behind = leftBehind(rotation.entries());
  const read = await readPresent(context, rotation);
  if (tellsNewcomers) tellNewcomers(context, rotation, read.newcomers);
  const present = read.present.filter(({ machine }) => !behind.has(machine.key));
  for (const { machine } of present.filter((one) => one.isGone)) {
    const { fresh } = rotation;
    const text = `it is registered no longer, and Octopus cannot ask it; ${fresh ? 'it may still trust the old certificate' : 'which certificate it has, only a look on it can tell'}`;
    context.voice.warn(`${printable(machine.name)}: ${text}.${fresh ? ` ${repairHint(machine, { trust: fresh.thumbprint, distrust: rotation.plan.old })}` : ''}`);
    await rotation.record({ kind: 'left-behind', subject: machine.key, data: { reason: 'unregistered', text, waiver: null } });
  }
  return present.filter((one) => !one.isGone).map(({ machine }) => machine);
}

/** Registered after the swap had begun, a machine may trust OLD alone (A28): it is in no plan any more, and nothing else would name it. */
function tellNewcomers({ voice }: PhaseContext, { fresh, plan }: Rotation, newcomers: readonly Registration[]): void {
  for (const registration of newcomers) {
    const way = routeOf(registration);
    if (fresh === null || (way.route !== 'listening' && way.route !== 'polling')) continue;
    voice.warn(`${printable(registration.name)}: it was registered after the plan was made, and is no part of this rotation. If it trusts only the old certificate, Octopus does not reach it. ${repairHint(way, { trust: fresh.thumbprint, distrust: plan.old })}`);
  }
}

/** One that was removed and registered anew has another id; certificate and address tell that it is the same. */
export async function readPresent(context: PhaseContext, rotation: Rotation): Promise<{ present: Present[]; newcomers: Registration[] }> {
  await disableWhatWasLeft(context, rotation);
  const byId = new Map<string, Here>();
  const byKey = new Map<string, Here[]>();
  for (const { id, name } of rotation.scope.spaces) {
    for (const registration of await rotation.octopus.registrations(id)) {
      const here = { registration, spaceName: name };
      byId.set(registration.id, here);
      const key = registeredKey(registration);
      if (key !== null) byKey.set(key, [...(byKey.get(key) ?? []), here]);
    }
  }
  const fresh = new Map<string, Thumbprint[]>();
  for (const entry of rotation.entries()) if (entry.kind === 'tentacle-certificate') fresh.set(entry.subject, [...(fresh.get(entry.subject) ?? []), entry.data.new]);
  const found = new Set<Here>();
  const present = rotation.scope.machines.map((machine) => {
    const known = keysOf(machine, fresh.get(machine.key) ?? []).flatMap((key) => byKey.get(key) ?? []);
    const here = new Set([...machine.registrations.flatMap((one) => byId.get(one.id) ?? []), ...known]);
    for (const one of here) found.add(one);
    if (here.size === 0) return { machine, isGone: true };
    const registrations = [...here].map(({ registration, spaceName }) => ({ id: registration.id, kind: registration.kind, spaceId: registration.spaceId, spaceName, name: registration.name, isDisabled: registration.isDisabled }));
    return { machine: { ...machine, registrations, isDisabled: registrations.every((one) => one.isDisabled) }, isGone: false };
  });
  return { present, newcomers: [...byId.values()].filter((one) => !found.has(one)).map((one) => one.registration) };
}

/** A machine is known by its certificate and address; where its certificate is exchanged, by each that the journal names for it. */
function keysOf(machine: PlannedMachine, fresh: readonly Thumbprint[]): string[] {
  const keys = [machine.key, ...machine.aliases];
  return [...keys, ...fresh.flatMap((thumbprint) => keys.map((key) => key.replace(machine.own, thumbprint)))];
}

interface Here { registration: Registration; spaceName: string }
