import type { RelayJob } from '../../schemas/types/relay-job.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { Goal } from '../gates/trust.ts';
import { octopusServer, type OctopusServerCommands } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import type { NodeControl } from './node-control.ts';
import type { Rotation } from './rotation.ts';

/** How long a server node may take to come back before its absence counts (failure-modes.md D12). */
export const COME_BACK_MS = 5 * 60_000;
export const POLL_MS = 1_000;

/** One certificate on its way into force or out of it, and what is claimed when it is there. */
export interface Side { name: Goal; thumbprint: Thumbprint; shown: 'database-shows-new' | 'database-shows-old'; presented: 'node-presents-new' | 'node-presents-old'; trusted: 'trusts-new' | 'trusts-old' }

/** What every part of the swap works with. */
export interface SwapWork {
  readonly context: PhaseContext;
  readonly rotation: Rotation;
  /** Octopus.Server of this machine. */
  readonly commands: OctopusServerCommands;
  /** Every planned node in the order of the row, the host's own last. */
  readonly nodes: readonly NodeControl[];
  /** The certificate that is to come into force. */
  readonly goal: Side;
  /** The one that gives way to it, and that undoing brings back. */
  readonly other: Side;
}

/** The swap as its job says: forward to NEW, or back to OLD. */
export function swapWork(context: PhaseContext, rotation: Rotation, job: RelayJob, nodes: readonly NodeControl[]): SwapWork {
  const old: Side = { name: 'old', thumbprint: rotation.plan.old, shown: 'database-shows-old', presented: 'node-presents-old', trusted: 'trusts-old' };
  const fresh: Side = { name: 'new', thumbprint: rotation.fresh!.thumbprint, shown: 'database-shows-new', presented: 'node-presents-new', trusted: 'trusts-new' };
  const [goal, other] = job.kind === 'roll-back' ? [old, fresh] : [fresh, old];
  return { context, rotation, commands: octopusServer(context.processes, job.octopusServer, job.restartCommand ?? undefined), nodes, goal, other };
}

/** The same work towards the certificate that was in force before. */
export function undone(work: SwapWork): SwapWork {
  return { ...work, goal: work.other, other: work.goal };
}

export function isBack(work: SwapWork): boolean {
  return work.goal.name === 'old';
}

/** A server of one node is away while its node restarts; of several, the others serve. */
export function isSingle(work: SwapWork): boolean {
  return work.nodes.length === 1;
}
