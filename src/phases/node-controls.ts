import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { nodeErrors } from '../errors/nodes.ts';
import { LEADER } from '../mailbox/message.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { octopusServer } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import { hostNode } from './host-node.ts';
import type { NodeControl } from './node-control.ts';
import { mailboxOf } from './node-mailbox.ts';
import { preparedNodes, sharedFolderOf } from './prepared-nodes.ts';
import { remoteNode } from './remote-node.ts';
import type { Rotation } from './rotation.ts';

/** What of a job, or of a step's inputs, is needed to get at the nodes. */
export type NodesAccess = Pick<RelayJob, 'serverUrl' | 'apiKey' | 'secret' | 'spaceId' | 'octopusServer' | 'restartCommand'>;

/**
 * Every planned server node in the order in which they are restarted: the host's own last. Refuses with NODE_NOT_READY while the journal
 * lacks the proof that a node's relay answers, which the phase Prepare server nodes brings.
 */
export async function nodeControls(context: PhaseContext, rotation: Rotation, access: NodesAccess): Promise<NodeControl[]> {
  const { nodes } = rotation.plan;
  const commands = octopusServer(context.processes, access.octopusServer, access.restartCommand ?? undefined);
  if (nodes.length === 1) return [hostNode(context, { id: nodes[0]!.id, name: nodes[0]!.name }, commands)];
  const prepared = preparedNodes(rotation);
  const missing = prepared.filter((node) => node.found === null);
  const host = prepared.find((node) => node.isHost);
  if (missing.length > 0 || host === undefined) throw nodeErrors.NODE_NOT_READY({ nodes: (missing.length > 0 ? missing : prepared).map(({ name }) => ({ name, reason: 'no proof that its relay answers is in the journal' })) });
  const mailbox = await leaderMailbox(context, rotation, access, sharedFolderOf(rotation));
  const others = prepared.filter((one) => one !== host).map((node) => remoteNode(context, rotation, mailbox, node));
  return [...others, hostNode(context, { id: host.id, name: host.name }, commands)];
}

/** The leading relay's side of the messages; what it sent and saw lies beside the journal. */
export function leaderMailbox(context: PhaseContext, rotation: Pick<Rotation, 'id' | 'folder'>, access: NodesAccess, sharedFolder: string | null): Promise<Mailbox> {
  return mailboxOf(context, { ...access, rotationId: rotation.id, sharedFolder }, LEADER, rotation.folder);
}
