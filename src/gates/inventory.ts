import { planErrors } from '../errors/plan.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

/** Make sure that the machines registered now are those of the plan (A28). Health and disabled state may differ; identity and route may not. */
export function inventoryUnchanged(planned: PlannedMachine[], now: PlannedMachine[]): Verdict {
  const before = new Map(planned.map((machine) => [machine.key, machine]));
  const after = new Map(now.map((machine) => [machine.key, machine]));
  const added = now.filter((machine) => !before.has(machine.key)).map((machine) => machine.name);
  const removed = planned.filter((machine) => !after.has(machine.key)).map((machine) => machine.name);
  const changed = now.filter((machine) => before.has(machine.key) && registrationsOf(before.get(machine.key)!) !== registrationsOf(machine)).map((machine) => machine.name);
  return added.length + removed.length + changed.length === 0 ? PASS : refuse(planErrors.INVENTORY_CHANGED({ added, removed, changed }));
}

function registrationsOf(machine: PlannedMachine): string {
  return machine.registrations.map((one) => one.id).sort().join(',');
}
