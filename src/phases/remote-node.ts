import { parseThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { nodeErrors } from '../errors/nodes.ts';
import { Refusal } from '../errors/refusal.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { nodeKey, type AnswerBody, type CommandBody } from '../mailbox/message.ts';
import type { PhaseContext } from './context.ts';
import type { NodeControl } from './node-control.ts';
import type { Rotation } from './rotation.ts';
import { PRESENT_AGAIN_MS } from './serve-node.ts';

const POLL_MS = 500;
/** How long each command may take to be answered: the service's own time, and a relay that is just being started again. */
export const LIMIT_MS: Record<CommandBody['command'], number> = { look: 45_000, restart: 180_000 + PRESENT_AGAIN_MS, start: 180_000 + PRESENT_AGAIN_MS, dismiss: 20_000 };
/** A relay that was killed in the middle answers so; asked again, it does it anew. */
const INTERRUPTIONS = 3;

/** A node that its own relay works, and how that relay is asked. */
export interface RemoteNode extends NodeControl {
  /** As `look`, with what the node says of itself. Waits up to `limitMs`. */
  introduce(limitMs: number): Promise<AnswerBody>;
}

/** Another server node in the hands of the leading relay: each command is a message under the lease's fence, answered by that node's relay. */
export function remoteNode(context: PhaseContext, rotation: Rotation, mailbox: Mailbox, node: { id: string; name: string }, limits = LIMIT_MS): RemoteNode {
  const key = nodeKey(node.id);

  async function ask(command: CommandBody['command'], expected: Thumbprint | null, limitMs = limits[command]): Promise<AnswerBody> {
    await rotation.guard();
    const place = await mailbox.send(key, rotation.fence, { kind: 'command', command, expected });
    const start = context.clock.monotonic();
    let wasRead = false;
    while (context.clock.monotonic() - start < limitMs) {
      const { message, read } = await mailbox.receive(key);
      wasRead ||= read;
      if (message !== null) {
        await mailbox.settle(message);
        if (message.body.kind === 'answer' && message.body.answers.fence === place.fence && message.body.answers.sequence === place.sequence) return toldBy(message.body);
      }
      await context.clock.sleep(POLL_MS);
    }
    // Whoever wakes up later finds a command that does nothing in place of the one that nobody waits for any more.
    if (command !== 'look') await mailbox.send(key, rotation.fence, { kind: 'command', command: 'look', expected: null }).catch(() => undefined);
    throw nodeErrors.NODE_UNKNOWN({ node: node.name, command, seconds: Math.round(limitMs / 1000), reason: wasRead ? '' : 'neither Octopus nor the shared folder could be read' });
  }

  async function work(command: 'restart' | 'start', expected: Thumbprint | null): Promise<void> {
    const start = context.clock.monotonic();
    for (let attempt = 1; attempt <= INTERRUPTIONS; attempt += 1) {
      const { outcome, presents } = await ask(command, expected);
      if (outcome === 'done' || (presents !== null && (expected === null || presents === expected))) return;
    }
    throw nodeErrors.NODE_UNKNOWN({ node: node.name, command, seconds: Math.round((context.clock.monotonic() - start) / 1000), reason: `it was interrupted ${INTERRUPTIONS} times` });
  }

  return {
    id: node.id,
    name: node.name,
    isHost: false,
    introduce: (limitMs) => ask('look', null, limitMs),
    async look() {
      const { presents, database, text } = await ask('look', null);
      return { presents: presents === null ? null : parseThumbprint(presents), database: database === null ? null : parseThumbprint(database), text };
    },
    restart: (expected) => work('restart', expected),
    start: () => work('start', null),
    async dismiss() {
      await ask('dismiss', null);
    },
  };
}

/** What the node refuses is refused here, in its words. */
function toldBy(answer: AnswerBody): AnswerBody {
  if (answer.outcome === 'refused' && answer.refusal !== null) throw new Refusal(answer.refusal.code, answer.refusal);
  return answer;
}
