import { createHash } from 'node:crypto';
import type { MachinesPlan } from '../journal/contract.ts';
import { canonical } from '../schema/canonical.ts';

/** SHA-256 over what is `fixed`, scope, routes and options: what people approve, and what every later phase refuses to depart from. Order and health do not count. */
export function planHash(fixed: Record<string, string>, plan: Omit<MachinesPlan, 'planHash'>): string {
  const essence = {
    ...fixed,
    nodes: plan.nodes.map((node) => node.id).sort(),
    spaces: plan.spaces.map((space) => space.id).sort(),
    machines: plan.machines.map((machine) => ({ key: machine.key, route: machine.route, registrations: machine.registrations.map((one) => one.id).sort() })).sort((a, b) => (a.key < b.key ? -1 : 1)),
    outOfScope: plan.outOfScope.map((one) => `${one.spaceName}/${one.name}/${one.kind}`).sort(),
    options: plan.options,
  };
  return createHash('sha256').update(canonical(essence)).digest('hex');
}
