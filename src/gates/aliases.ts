import type { PlannedMachine } from '../journal/contract.ts';

/**
 * Joins machines that are one Tentacle under several addresses (A26), as `sets` of keys say. The first key of a set is the machine's;
 * it keeps its address and gets the registrations of all. Keys that are not there any more are left out. Pure.
 */
export function joinAliases(machines: readonly PlannedMachine[], sets: readonly (readonly string[])[]): PlannedMachine[] {
  const byKey = new Map(machines.map((machine) => [machine.key, machine]));
  const joined = new Set<string>();
  const result: PlannedMachine[] = [];
  for (const keys of sets) {
    const members = keys.flatMap((key) => byKey.get(key) ?? []);
    const [first] = members;
    if (!first || members.length < 2) continue;
    for (const member of members) joined.add(member.key);
    result.push({
      ...first,
      aliases: members.slice(1).map((member) => member.key),
      isDisabled: members.every((member) => member.isDisabled),
      environmentIds: [...new Set(members.flatMap((member) => member.environmentIds))].sort(),
      registrations: members.flatMap((member) => member.registrations),
    });
  }
  return [...result, ...machines.filter((machine) => !joined.has(machine.key))].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The sets of keys that a plan found to be one Tentacle each. */
export function aliasSets(machines: readonly PlannedMachine[]): string[][] {
  return machines.filter((machine) => machine.aliases.length > 0).map((machine) => [machine.key, ...machine.aliases]);
}

/** Machines that share their certificate under different addresses: one Tentacle registered twice, or clones (B9); only they can tell. */
export function doubtful(machines: readonly PlannedMachine[]): PlannedMachine[][] {
  const groups = new Map<string, PlannedMachine[]>();
  for (const machine of machines) groups.set(machine.own, [...(groups.get(machine.own) ?? []), machine]);
  return [...groups.values()].filter((group) => group.length > 1);
}
