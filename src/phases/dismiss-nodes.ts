import { refusalsOf } from '../errors/refusal.ts';
import { printable } from '../errors/printable.ts';
import type { PhaseContext } from './context.ts';
import { leaderMailbox, type NodesAccess } from './node-controls.ts';
import { preparedNodes, sharedFolderOf } from './prepared-nodes.ts';
import { remoteNode } from './remote-node.ts';
import type { Rotation } from './rotation.ts';

/**
 * The rotation has ended: every other node's relay is dismissed, and the messages are removed. One that does not answer is only told of,
 * since it goes by itself once Octopus names its rotation no more. Does nothing where no node was prepared.
 */
export async function dismissNodes(context: PhaseContext, rotation: Rotation, access: NodesAccess): Promise<void> {
  const ready = preparedNodes(rotation).filter((node) => node.found !== null);
  if (ready.length === 0) return;
  const others = ready.filter((node) => !node.isHost);
  const mailbox = await leaderMailbox(context, rotation, access, sharedFolderOf(rotation));
  await Promise.all(others.map(async (node) => {
    try {
      await remoteNode(context, rotation, mailbox, node).dismiss();
    } catch (error) {
      const [refusal] = refusalsOf(error);
      if (refusal === undefined || !/^(NODE|MAILBOX)_/.test(refusal.code)) throw error;
      context.voice.warn(`The relay of server node ${printable(node.name)} was not seen to go; it goes by itself when the rotation is open no more.`);
    }
  }));
  await mailbox.clear();
}
