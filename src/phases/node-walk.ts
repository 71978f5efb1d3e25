import { printable } from '../errors/printable.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { swapErrors } from '../errors/swap.ts';
import { demandPass } from '../gates/verdict.ts';
import { nodesAsPlanned } from '../gates/nodes.ts';
import { drainNode, undrainNode } from './drain.ts';
import { lookUntil } from './look-until.ts';
import type { NodeControl } from './node-control.ts';
import { lookAtNode, tellRow } from './node-row.ts';
import { COME_BACK_MS, isBack, isSingle, POLL_MS, type SwapWork } from './swap-work.ts';

/** The node at which the row stopped, and what was seen of it last. */
export interface Stopped { node: NodeControl; last: string }

/**
 * Brings the certificate that the database shows into force on one node after the other: skipped where it is presented already; else
 * drain, restart, seen at the node's own address on a new connection, undrain. Answers with the node that does not get there; nobody after
 * it is touched. `drains`: false while no machine answers anyhow. `always`: restart also who presents it already.
 */
export async function walkNodes(work: SwapWork, { drains, always = false }: { drains: boolean; always?: boolean }): Promise<Stopped | null> {
  const { rotation, goal } = work;
  for (const node of await inOrder(work)) {
    const last = await bringIntoForce(work, node, drains, always);
    if (last !== null) {
      await rotation.record({ kind: 'unproved', subject: node.id, data: { claim: goal.presented, verdict: 'unknown', reason: last } });
      return { node, last };
    }
  }
  if (!isSingle(work)) {
    const last = await untilSeen(work, () => overRest(work));
    if (last !== null) return { node: work.nodes.at(-1)!, last };
    demandPass(nodesAsPlanned(rotation.plan.nodes, await rotation.octopus.nodes(), { offlineCounts: false, row: await tellRow(work) }));
  }
  await rotation.prove('server', goal.presented, 'wire', { thumbprint: goal.thumbprint, nodes: work.nodes.length });
  return null;
}

/** As handed in, the host's own last. On the way back whoever does not answer comes after all others: it must not keep them from going back. */
export async function inOrder(work: SwapWork): Promise<readonly NodeControl[]> {
  if (isSingle(work) || !isBack(work)) return work.nodes;
  const seen = await Promise.all(work.nodes.map(async (node) => ({ node, isSeen: (await lookAtNode(node)).presents !== null })));
  return [...seen.filter((one) => one.isSeen), ...seen.filter((one) => !one.isSeen)].map((one) => one.node);
}

/** null when the node presents the goal; else what was seen last. */
async function bringIntoForce(work: SwapWork, node: NodeControl, drains: boolean, always: boolean): Promise<string | null> {
  const { rotation, goal } = work;
  await demandGoalInDatabase(work);
  let last = always ? null : await startIfDown(work, node);
  if (last !== null) return last;
  if (always || (last = await notYet(work, node)) !== null) {
    if (drains) await drainNode(work, node.id, true);
    await demandGoalInDatabase(work);
    await rotation.stage(isSingle(work) ? 'server-away' : 'node-away', isSingle(work) ? 'restarts Octopus Server' : `restarts node ${printable(node.name)}`);
    const failure = await restart(work, node);
    last = await untilSeen(work, () => notYet(work, node));
    if (last !== null) return failure === null ? last : `${last}; ${failure}`;
    await rotation.stage(isSingle(work) ? 'server-back' : 'node-back', `${isSingle(work) ? 'Octopus Server' : `node ${printable(node.name)}`} is back and presents ${goal.thumbprint}`);
  }
  await rotation.prove(node.id, goal.presented, 'wire', { thumbprint: goal.thumbprint });
  if (!isSingle(work)) await undrainNode(work, node.id);
  return null;
}

/** Rule 10: a node presents after its restart what the database shows, so a third certificate stops the row. */
async function demandGoalInDatabase(work: SwapWork): Promise<void> {
  const found = await work.commands.showThumbprint();
  if (found !== work.goal.thumbprint) throw swapErrors.CERTIFICATE_CHANGED_IN_THE_ROW({ found, expected: work.goal.thumbprint, row: await tellRow(work) });
}

/** A node that was killed in the middle of its restart may stand still: it is started, and then presents something. */
async function startIfDown(work: SwapWork, node: NodeControl): Promise<string | null> {
  const first = await lookAtNode(node);
  if (first.presents !== null) return null;
  await work.rotation.stage('start-node', `node ${printable(node.name)} is not seen; starts it`);
  await node.start().catch(bearUnknown);
  return untilSeen(work, async () => {
    const { presents, text } = await lookAtNode(node);
    return presents === null ? text || 'it does not answer' : null;
  });
}

/**
 * What the command came to is seen at the node's address: an answer that never came says nothing, and of several nodes one whose service
 * reports a failure may come up all the same. Answers with that failure, for people.
 */
async function restart(work: SwapWork, node: NodeControl): Promise<string | null> {
  const { rotation, goal } = work;
  let failure: string | null = null;
  await rotation.effect('restart-server', node.id, { thumbprint: goal.thumbprint }, async () => {
    try {
      await node.restart(goal.thumbprint).catch(bearUnknown);
    } catch (error) {
      if (isSingle(work) || refusalsOf(error).every((one) => !/^SERVER_COMMAND_(FAILED|UNKNOWN)$/.test(one.code))) throw error;
      failure = error instanceof Error ? error.message : String(error);
    }
    return {};
  });
  return failure;
}

function bearUnknown(error: unknown): void {
  const refusals = refusalsOf(error);
  if (refusals.length === 0 || refusals.some((one) => one.code !== 'NODE_UNKNOWN')) throw error;
}

/** null when the node presents the goal and serves; else what was seen instead. */
async function notYet(work: SwapWork, node: NodeControl): Promise<string | null> {
  const { presents, text } = await lookAtNode(node);
  if (presents !== work.goal.thumbprint) return presents === null ? text || 'it does not answer' : `the node presents ${presents}`;
  return isSingle(work) ? overRest(work) : offline(work, node);
}

async function overRest(work: SwapWork): Promise<string | null> {
  return said(async () => {
    const rest = (await work.rotation.octopus.certificate()).thumbprint;
    return rest === work.goal.thumbprint ? null : `over REST the server shows ${rest}`;
  });
}

/** A node that presents the certificate and takes no part in the cluster yet does not serve; the next one has to wait for it. */
async function offline(work: SwapWork, node: NodeControl): Promise<string | null> {
  return said(async () => {
    const found = (await work.rotation.octopus.nodes()).find((one) => one.id === node.id);
    return found?.isOffline === false ? null : 'Octopus counts it as offline';
  });
}

async function said(look: () => Promise<string | null>): Promise<string | null> {
  try {
    return await look();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function untilSeen(work: SwapWork, look: () => Promise<string | null>): Promise<string | null> {
  return lookUntil(work.context.clock, { limitMs: COME_BACK_MS, pauseMs: POLL_MS / 2 }, look, (last) => last === null);
}
