import type { PlannedMachine, Waves } from '../journal/contract.ts';

/**
 * The order in which machines are changed (B8): canaries alone, then waves of a size or one environment after the other, machines
 * without an environment (workers) last. Pure; the order within a wave is that of the plan.
 */
export function wavesOf(machines: readonly PlannedMachine[], waves: Waves): PlannedMachine[][] {
  const canaries = machines.slice(0, waves.canaries);
  const rest = machines.slice(waves.canaries);
  const following = waves.by === 'size' ? bySize(rest, waves.size) : byEnvironment(rest);
  return [canaries, ...following].filter((wave) => wave.length > 0);
}

function bySize(machines: readonly PlannedMachine[], size: number): PlannedMachine[][] {
  return Array.from({ length: Math.ceil(machines.length / size) }, (_, index) => machines.slice(index * size, (index + 1) * size));
}

function byEnvironment(machines: readonly PlannedMachine[]): PlannedMachine[][] {
  const groups = new Map<string, PlannedMachine[]>();
  for (const machine of machines) {
    const environment = machine.environmentIds[0] ?? '';
    groups.set(environment, [...(groups.get(environment) ?? []), machine]);
  }
  const named = [...groups].filter(([environment]) => environment !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return [...named.map(([, group]) => group), groups.get('') ?? []];
}

/** Whether another wave may start: not once more machines failed than the threshold allows. */
export function mayGoOn(failures: number, waves: Waves): boolean {
  return failures <= waves.stopAfter;
}
