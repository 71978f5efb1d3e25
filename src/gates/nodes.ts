import type { Thumbprint } from '../certificates/thumbprint.ts';
import { printable } from '../errors/printable.ts';
import { swapErrors } from '../errors/swap.ts';
import type { ServerNode } from '../octopus/contract.ts';
import { certificateKnown } from './certificate-expected.ts';
import { all, PASS, refuse, unknown, type Verdict } from './verdict.ts';

/** One node as it was seen at its own address; null where it could not be seen. */
export interface SeenNode { name: string; presents: Thumbprint | null; database: Thumbprint | null; text: string }

/**
 * Make sure that the nodes of this server are those of the plan (A15, A28): a node that came later has no relay and is in nobody's list, one
 * that was renamed is another one, and one of another version is being upgraded. `row` says who shows what when the row has begun.
 * Whether a node is offline counts only before it, on the way forward; later each is looked at by itself.
 */
export function nodesAsPlanned(planned: readonly { id: string; name: string }[], now: readonly ServerNode[], { offlineCounts, row }: { offlineCounts: boolean; row: string | null }): Verdict {
  const added = now.filter((node) => !planned.some((one) => one.id === node.id)).map((node) => node.name);
  const gone = planned.filter((one) => !now.some((node) => node.id === one.id)).map((one) => one.name);
  const renamed = now.flatMap((node) => planned.filter((one) => one.id === node.id && one.name !== node.name).map((one) => `${one.name} (now ${node.name})`));
  const offline = offlineCounts && now.length > 1 ? now.filter((node) => node.isOffline).map((node) => node.name) : [];
  const isMixed = new Set(now.map((node) => node.version)).size > 1;
  const versions = isMixed ? now.map((node) => `${node.name} ${node.version}`) : [];
  return added.length + gone.length + renamed.length + offline.length + versions.length === 0 ? PASS : refuse(swapErrors.NODES_CHANGED({ added, gone, renamed, offline, versions, row }));
}

/**
 * Make sure that a certificate may be imported: whatever a node presents or reads from the database is one of the two (rule 10), and none is
 * out of sight. Going back, a node out of sight is no obstacle: both certificates are trusted, and nothing ends before it was seen.
 */
export function mayImport(nodes: readonly SeenNode[], goal: Thumbprint, other: Thumbprint, isBack: boolean): Verdict {
  const isKnown = (thumbprint: Thumbprint | null) => thumbprint === null || thumbprint === goal || thumbprint === other;
  const foreign = nodes.find((node) => !isKnown(node.presents) || !isKnown(node.database));
  const shown = foreign && (isKnown(foreign.presents) ? foreign.database : foreign.presents);
  const unseen = nodes.filter((node) => node.presents === null || node.database === null);
  return all(
    foreign ? refuse(swapErrors.IMPORT_NOT_EXPECTED({ found: shown!, expected: other })) : PASS,
    unseen.length > 0 && !isBack ? unknown(swapErrors.NODE_NOT_SEEN({ nodes: unseen.map(({ name, text }) => ({ name, reason: text })) })) : PASS,
  );
}

/** What stands against saying that every node presents this certificate; empty when nothing does. Out of sight is unknown, and never yes (rule 20). */
export function notPresenting(nodes: readonly SeenNode[], thumbprint: Thumbprint): string[] {
  const named = (node: SeenNode) => (nodes.length === 1 ? 'the node' : `node ${printable(node.name)}`);
  return nodes.filter((node) => node.presents !== thumbprint).map((node) => (node.presents === null ? `${named(node)} could not be seen (${printable(node.text, 200) || 'it does not answer'})` : `${named(node)} presents ${node.presents}`));
}

/** Make sure that no node shows a certificate that is neither OLD nor NEW, be it by itself or in the database that it reads. */
export function nodesKnown(nodes: readonly SeenNode[], old: Thumbprint, fresh: Thumbprint | null): Verdict {
  return all(...nodes.flatMap((node) => [node.presents, node.database]).filter((one) => one !== null).filter((one, index, found) => found.indexOf(one) === index).map((one) => certificateKnown(one, old, fresh)));
}
