import type { PlannedMachine, Waves } from '../journal/contract.ts';

/**
 * The order in which machines are changed (B8): canaries alone, so many of each route and shell, since each is changed in its own way;
 * then waves of a size or one environment after the other, machines without an environment (workers) last. Pure; the order within a
 * wave is that of the plan.
 */
export function wavesOf(machines: readonly PlannedMachine[], waves: Waves): PlannedMachine[][] {
  const taken = new Map<string, number>();
  const isCanary = machines.map(({ route, shell }) => {
    const kind = `${route} ${shell}`;
    const before = taken.get(kind) ?? 0;
    taken.set(kind, before + 1);
    return before < waves.canaries;
  });
  const canaries = machines.filter((_, index) => isCanary[index]);
  const rest = machines.filter((_, index) => !isCanary[index]);
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
