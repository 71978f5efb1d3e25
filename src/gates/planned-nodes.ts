import { nodeErrors } from '../errors/nodes.ts';
import { planErrors } from '../errors/plan.ts';
import type { RotationOptions } from '../journal/contract.ts';
import type { Registration, ServerNode } from '../octopus/contract.ts';
import { hasRole, HOST_ROLE, NODE_ROLE } from './roles.ts';
import { all, PASS, refuse, type Verdict } from './verdict.ts';

/**
 * Every server node can be restarted with proof: it is up, runs what the others run, and has a Tentacle of its own that steps can run on.
 * Which Tentacle belongs to which node is found out on the machines, by the phase Prepare server nodes. `registrations` are those of the
 * runbook's space; one Tentacle may be registered several times. While the row is walked nodes present different certificates: both have
 * to stay trusted, which update-trust cannot do (A15).
 */
export function everyNodeServed(nodes: readonly ServerNode[], registrations: readonly Registration[], { pollingRoute }: Pick<RotationOptions, 'pollingRoute'>): Verdict {
  const usable = registrations.filter((one) => one.kind === 'target' && !one.isDisabled);
  const hosts = byTentacle(usable.filter((one) => hasRole(one, HOST_ROLE)));
  const tentacles = byTentacle(usable.filter((one) => hasRole(one, HOST_ROLE) || hasRole(one, NODE_ROLE)));
  const versions = new Set(nodes.map((node) => node.version).filter((version) => version !== ''));
  return all(
    refuse(...nodes.filter((node) => node.isOffline).map((node) => planErrors.NODE_DOWN({ node: node.name, lastSeen: node.lastSeen }))),
    versions.size > 1 ? refuse(nodeErrors.NODE_VERSIONS_DIFFER({ nodes: nodes.map(({ name, version }) => ({ name, version })) })) : PASS,
    hosts.length > 1 ? refuse(nodeErrors.SEVERAL_HOSTS({ machines: hosts })) : PASS,
    nodes.length > 1 && pollingRoute === 'update-trust' ? refuse(nodeErrors.UPDATE_TRUST_WITH_SEVERAL_NODES({ nodes: nodes.map((node) => node.name) })) : PASS,
    nodes.length > 1 && tentacles.length < nodes.length ? refuse(nodeErrors.NODE_WITHOUT_TENTACLE({ nodes: nodes.map((node) => node.name), tentacles })) : PASS,
  );
}

/** Names, one for each Tentacle. */
function byTentacle(registrations: readonly Registration[]): string[] {
  return [...new Map(registrations.map((one) => [one.thumbprint ?? one.id, one.name])).values()];
}
