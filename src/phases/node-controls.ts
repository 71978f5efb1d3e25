import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { planErrors } from '../errors/plan.ts';
import { octopusServer } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import { hostNode } from './host-node.ts';
import type { NodeControl } from './node-control.ts';
import type { Rotation } from './rotation.ts';

/** What of a job, or of a step's inputs, is needed to get at the nodes. */
export type NodesAccess = Pick<RelayJob, 'serverUrl' | 'apiKey' | 'secret' | 'spaceId' | 'octopusServer' | 'restartCommand'>;

/** Every planned server node in the order in which they are restarted: the host's own last. */
export function nodeControls(context: PhaseContext, rotation: Rotation, job: NodesAccess): Promise<NodeControl[]> {
  const { nodes } = rotation.plan;
  const [node] = nodes;
  if (!node || nodes.length > 1) throw planErrors.SEVERAL_NODES({ nodes: nodes.map((one) => one.name) });
  return Promise.resolve([hostNode(context, { id: node.id, name: node.name }, octopusServer(context.processes, job.octopusServer, job.restartCommand ?? undefined))]);
}
