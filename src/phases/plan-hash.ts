import { createHash } from 'node:crypto';
import type { EntryData } from '../journal/contract.ts';

/** SHA-256 over scope, routes and options: what people approve, and what every later phase refuses to depart from. Order and health do not count. */
export function planHash(plan: Omit<EntryData['planned'], 'planHash'>): string {
  const essence = {
    old: plan.old,
    nodes: plan.nodes.map((node) => node.id).sort(),
    spaces: plan.spaces.map((space) => space.id).sort(),
    machines: plan.machines.map((machine) => ({ key: machine.key, route: machine.route, registrations: machine.registrations.map((one) => one.id).sort() })).sort((a, b) => (a.key < b.key ? -1 : 1)),
    outOfScope: plan.outOfScope.map((one) => `${one.spaceName}/${one.name}/${one.kind}`).sort(),
    options: plan.options,
  };
  return createHash('sha256').update(canonical(essence)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
