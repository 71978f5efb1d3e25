import { refusalsOf } from '../errors/refusal.ts';
import { printable } from '../errors/printable.ts';
import type { SeenNode } from '../gates/nodes.ts';
import type { NodeControl, NodeLook } from './node-control.ts';
import type { SwapWork } from './swap-work.ts';

/** What a node shows now. One that does not answer is out of sight, which is neither yes nor no (rule 20). */
export async function lookAtNode(node: NodeControl): Promise<NodeLook> {
  try {
    return await node.look();
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals.length === 0 || refusals.some((one) => one.code === 'LEASE_LOST')) throw error;
    return { presents: null, database: null, text: refusals.map((one) => one.message).join(' ') };
  }
}

/** All nodes of the row at the same time. */
export function lookAtRow(work: Pick<SwapWork, 'nodes'>): Promise<SeenNode[]> {
  return Promise.all(work.nodes.map(async (node) => ({ name: node.name, ...(await lookAtNode(node)) })));
}

/** Who shows what, for people. */
export function rowText(nodes: readonly SeenNode[]): string {
  return nodes.map(({ name, presents, text }) => `${printable(name)} ${presents === null ? `is not seen (${printable(text, 120) || 'it does not answer'})` : `presents ${presents}`}`).join(', ');
}

export async function tellRow(work: Pick<SwapWork, 'nodes'>): Promise<string> {
  return rowText(await lookAtRow(work));
}
