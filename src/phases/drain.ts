import { printable } from '../errors/printable.ts';
import { swapErrors } from '../errors/swap.ts';
import { demandPass } from '../gates/verdict.ts';
import { nodesAsPlanned } from '../gates/nodes.ts';
import { drainedNodes } from '../journal/views.ts';
import type { ServerNode } from '../octopus/contract.ts';
import { tellRow } from './node-row.ts';
import { isBack, POLL_MS, type SwapWork } from './swap-work.ts';

/** The node as Octopus has it now; refused when the nodes are not those of the plan. `inRow`: the certificate is imported already. */
async function plannedNode(work: SwapWork, id: string, inRow: boolean): Promise<ServerNode> {
  const { octopus, plan } = work.rotation;
  const now = await octopus.nodes();
  const judge = (row: string | null) => nodesAsPlanned(plan.nodes, now, { offlineCounts: !inRow && !isBack(work), row });
  if (judge(null).verdict !== 'pass') demandPass(judge(inRow ? await tellRow(work) : null));
  return now.find((one) => one.id === id)!;
}

/** Drains a node and waits for its other tasks up to the limit; else undrains it and refuses. Nobody's deployment is cancelled. */
export async function drainNode(work: SwapWork, id: string, inRow: boolean): Promise<void> {
  const { context, rotation } = work;
  const { drainLimitMinutes } = rotation.plan.options;
  const node = await plannedNode(work, id, inRow);
  if (!node.isDraining) {
    await rotation.stage('drain', `drains node ${printable(node.name)}`);
    await rotation.effect('drain', id, {}, async () => {
      await rotation.octopus.drain(id, true);
      return {};
    });
  }
  const start = context.clock.monotonic();
  for (;;) {
    const { runningTasks } = await plannedNode(work, id, inRow);
    if (runningTasks === 0) return;
    if (context.clock.monotonic() - start > drainLimitMinutes * 60_000) throw swapErrors.DRAIN_LIMIT({ minutes: drainLimitMinutes, tasks: runningTasks, node: node.name, row: inRow ? await tellRow(work) : null });
    context.voice.progress(0, `${runningTasks} task(s) still run on node ${printable(node.name)}`);
    await context.clock.sleep(POLL_MS);
  }
}

/** Lets a node take tasks again. One that was killed in between may have done so: then only the journal lacks it. */
export async function undrainNode(work: Pick<SwapWork, 'rotation'>, id: string): Promise<void> {
  const { rotation } = work;
  const node = (await rotation.octopus.nodes()).find((one) => one.id === id);
  if (!node?.isDraining) {
    if (drainedNodes(rotation.entries()).includes(id)) await rotation.done('undrain', id, {});
    return;
  }
  await rotation.effect('undrain', id, {}, async () => {
    await rotation.octopus.drain(id, false);
    return {};
  });
}

/** Lets every node take tasks again that this rotation drained; one that somebody else drained stays so. */
export async function undrainOurs(work: Pick<SwapWork, 'rotation'>): Promise<void> {
  for (const id of drainedNodes(work.rotation.entries())) await undrainNode(work, id);
}
