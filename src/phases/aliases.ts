import type { Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { doubtful, joinAliases } from '../gates/aliases.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import { trustScript } from '../tentacle/trust-script.ts';
import type { PhaseContext } from './context.ts';
import { connected } from './looking.ts';
import { runOnMachines } from './machine-scripts.ts';

/**
 * Tells aliases from clones: machines with one certificate under several addresses are asked who they are, each by its own address.
 * Those with one identity are joined; whoever cannot be asked stays apart, since touching a Tentacle twice does no harm and taking two for one does.
 * The host cannot be asked in this way, as it runs this very step (A41): it must be registered under one address.
 */
export async function withoutAliases(context: PhaseContext, octopus: OctopusClient, machines: readonly PlannedMachine[], taskId: string, observed: Thumbprint): Promise<PlannedMachine[]> {
  const sets: string[][] = [];
  for (const group of doubtful(machines)) {
    if (group.some((machine) => machine.isHost)) throw planErrors.HOST_AMBIGUOUS({ own: group[0]!.own, addresses: group.map((machine) => machine.uri) });
    const rotationId = `plan-${taskId.replace(/[^A-Za-z0-9]/g, '-')}`;
    const script = (machine: PlannedMachine) => trustScript({ rotationId, fence: 0, route: machine.route, shell: machine.shell, operation: 'observe', thumbprint: observed, restart: 'none', restartDelaySeconds: 0, restartWatchSeconds: 0, idleLimitSeconds: 0 });
    // Who does not answer never enters a script task (rule 15).
    const enabled = group.filter((machine) => !machine.isDisabled);
    const answering = await connected(context, { id: rotationId, octopus }, enabled);
    const asked = enabled.filter((machine) => answering.has(machine.key));
    const outcomes = await runOnMachines(context, octopus, rotationId, asked, 'Octopus Rotation: one Tentacle or two', script);
    const byIdentity = new Map<string, string[]>();
    for (const [key, { result }] of outcomes) if (result) byIdentity.set(result.identity, [...(byIdentity.get(result.identity) ?? []), key]);
    sets.push(...[...byIdentity.values()].filter((keys) => keys.length > 1).map((keys) => keys.sort()));
  }
  return joinAliases(machines, sets);
}
