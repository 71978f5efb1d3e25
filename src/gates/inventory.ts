import { planErrors } from '../errors/plan.ts';
import type { EntryData, PlannedMachine, Waiver } from '../journal/contract.ts';
import { aliasSets, joinAliases } from './aliases.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

/** What is registered now, as far as this gate asks. */
interface Registered {
  machines: PlannedMachine[];
  /** Machines that trust the server certificate and cannot be rotated: one that was just registered has no known shell and is among them. */
  unsupported: { name: string; space: string }[];
}

/**
 * Make sure that the machines registered now are those of the plan (A28). Health and disabled state may differ; identity and route may
 * not. A machine that this version cannot rotate would be cut off like any other: it counts as new unless the plan waived it by name.
 */
export function inventoryUnchanged(plan: Pick<EntryData['planned'], 'machines' | 'outOfScope'>, now: Registered): Verdict {
  const before = new Map(plan.machines.map((machine) => [machine.key, machine]));
  const machines = joinAliases(now.machines, aliasSets(plan.machines));
  const after = new Map(machines.map((machine) => [machine.key, machine]));
  const waived = new Set(plan.outOfScope.map((one) => `${one.spaceName}/${one.name}`));
  const unserved = now.unsupported.filter((one) => !waived.has(`${one.space}/${one.name}`)).map((one) => one.name);
  const added = [...machines.filter((machine) => !before.has(machine.key)).map((machine) => machine.name), ...unserved];
  const removed = plan.machines.filter((machine) => !after.has(machine.key)).map((machine) => machine.name);
  const changed = machines.filter((machine) => before.has(machine.key) && registrationsOf(before.get(machine.key)!) !== registrationsOf(machine)).map((machine) => machine.name);
  return added.length + removed.length + changed.length === 0 ? PASS : refuse(planErrors.INVENTORY_CHANGED({ added, removed, changed }));
}

/** Make sure that every machine that trusts the server certificate can be rotated, or is waived by name: it would be cut off unnoticed (A2). */
export function everyMachineServed(unsupported: readonly { name: string; space: string; reason: string }[], waivers: readonly Waiver[], now: Date): Verdict {
  const waived = new Set(waivers.filter((waiver) => waiver.until >= now.toISOString().slice(0, 10)).map((waiver) => waiver.machine));
  const unserved = unsupported.filter((one) => !waived.has(one.name));
  return unserved.length > 0 ? refuse(planErrors.MACHINE_NOT_SERVED({ machines: unserved })) : PASS;
}

function registrationsOf(machine: PlannedMachine): string {
  return machine.registrations.map((one) => one.id).sort().join(',');
}
