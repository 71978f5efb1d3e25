import { rollBackErrors } from '../errors/roll-back.ts';
import { serverErrors } from '../errors/server.ts';
import { swapErrors } from '../errors/swap.ts';
import type { Entry } from '../journal/contract.ts';
import { UNDO_EFFECT } from '../journal/views.ts';
import { undrainOurs } from './drain.ts';
import { lookAtRow, tellRow } from './node-row.ts';
import { walkNodes, type Stopped } from './node-walk.ts';
import { importCertificate } from './swap-import.ts';
import { COME_BACK_MS, isBack, isSingle, undone, type SwapWork } from './swap-work.ts';

/**
 * Only what this rotation imported is undone: the other certificate into the database, and into force on every node. The numbers that
 * decided it (rule 10) are in the intent. Never returns.
 */
export async function undo(work: SwapWork, reason: string, sample: { asked: number; answered: number } | null = null): Promise<never> {
  const { rotation, commands, goal, other } = work;
  await rotation.stage('undo', `puts the ${other.name} certificate back: ${reason}`);
  const found = await commands.showThumbprint();
  if (found !== goal.thumbprint && found !== other.thumbprint) throw swapErrors.SWAP_UNKNOWN({ reason: `the database shows ${found}` });
  const nodes = await lookAtRow(work);
  await rotation.intend(UNDO_EFFECT, 'server', { reason, asked: sample?.asked ?? null, answered: sample?.answered ?? null, nodes: nodes.length, presenting: nodes.filter((node) => node.presents === goal.thumbprint).length });
  if (found === goal.thumbprint) {
    await rotation.record({ kind: 'unproved', subject: 'server', data: { claim: goal.presented, verdict: 'no', reason } });
    await importCertificate(work, other);
  }
  // A single node that failed to present the goal is restarted whatever it presents: its last restart is not known to have gone well.
  const stopped = await walkNodes(undone(work), { drains: false, always: isSingle(work) });
  if (stopped) throw await stoppedAt(undone(work), stopped);
  await rotation.done(UNDO_EFFECT, 'server', { thumbprint: other.thumbprint });
  await undrainOurs(work);
  throw isBack(work) ? rollBackErrors.ROLL_BACK_UNDONE({ reason, fresh: other.thumbprint }) : swapErrors.SWAP_UNDONE({ reason, old: other.thumbprint });
}

/** What is told when the row stops at a node. The relay of a single node starts anew by itself, since nobody could be told. */
export async function stoppedAt(work: SwapWork, { node, last }: Stopped): Promise<Error> {
  const seconds = COME_BACK_MS / 1000;
  if (isSingle(work)) return serverErrors.SERVER_DID_NOT_COME_BACK({ seconds, last });
  return swapErrors.NODE_DID_NOT_COME_BACK({ node: node.name, goal: work.goal.thumbprint, seconds, last, row: await tellRow(work) });
}

/** True when, since the hand-over, the last import that was meant is that of the other one: then the undo is finished, not the swap. */
export function isUndoing({ rotation, other }: SwapWork): boolean {
  const entries = rotation.entries();
  const since = entries.slice(entries.findLastIndex((entry) => entry.kind === 'handed-over') + 1);
  const last = since.findLast((entry): entry is Entry<'intent'> => entry.kind === 'intent' && entry.data.effect === 'import-certificate');
  return last?.data.detail['thumbprint'] === other.thumbprint;
}
