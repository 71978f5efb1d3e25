import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { serverErrors } from '../errors/server.ts';
import { swapErrors } from '../errors/swap.ts';
import { mayImport } from '../gates/nodes.ts';
import { all, demandPass, PASS } from '../gates/verdict.ts';
import { rollingBack, ROLL_BACK_EFFECT } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { drainNode, undrainOurs } from './drain.ts';
import type { NodeControl } from './node-control.ts';
import { nodeControls } from './node-controls.ts';
import { lookAtNode, lookAtRow } from './node-row.ts';
import { inOrder, walkNodes } from './node-walk.ts';
import { everyPlannedNodePolled } from './polled-nodes.ts';
import { proveAgain, proveOwnTentacle } from './prove-again.ts';
import type { Rotation } from './rotation.ts';
import { importGoal } from './swap-import.ts';
import { sampleMachines } from './swap-sample.ts';
import { isUndoing, stoppedAt, undo } from './swap-undo.ts';
import { COME_BACK_MS, isBack, isSingle, POLL_MS, swapWork, type SwapWork } from './swap-work.ts';

/**
 * The swap, done by the relay while no run is there to be cut off: drain the first node, own Tentacle, prove again (rule 2), import once,
 * then node by node drain, restart, prove, undrain, the host's own last; undone by rule 10. Every stage observes first, so that a relay
 * that was killed anywhere goes on from what is there. Rolling back is the same with OLD as its goal; what undoes it is the way forward.
 */
export async function swapServerCertificate(context: PhaseContext, rotation: Rotation, job: RelayJob, nodes?: readonly NodeControl[]): Promise<void> {
  const work = swapWork(context, rotation, job, nodes ?? (await nodeControls(context, rotation, job)));
  // A relay that comes back after a kill may find the server stopped: starting it comes before everything else (DESIGN.md section 6).
  await bringUp(work);
  await holdTheWay(work);
  if (isUndoing(work)) await undo(work, `the relay was interrupted while it put the ${work.other.name} certificate back`);
  try {
    if ((await work.commands.showThumbprint()) === work.other.thumbprint) await prepareAndImport(work);
    await putIntoForce(work);
  } catch (error) {
    await undrainOurs(work).catch(() => undefined);
    throw error;
  }
  await undrainOurs(work);
  const sample = await sampleMachines(work);
  if (sample.asked > 0 && sample.answered === 0) await undo(work, `none of ${sample.asked} machines asked through the server answers it`, sample);
}

/** A roll back that was given up for good leaves both ways open again, if NEW is still what every node takes from the database. */
export async function reopenTheWayForward(context: PhaseContext, rotation: Rotation, job: RelayJob): Promise<void> {
  if (job.kind !== 'roll-back' || !rollingBack(rotation.entries())) return;
  const work = swapWork(context, rotation, job, []);
  if ((await work.commands.showThumbprint()) === work.other.thumbprint) await rotation.done(ROLL_BACK_EFFECT, 'estate', { inForce: work.other.thumbprint });
}

/** One way at a time: going back closes the way forward, also when a relay was killed just after it had opened it again. */
async function holdTheWay(work: SwapWork): Promise<void> {
  const { rotation } = work;
  const isClosed = rollingBack(rotation.entries());
  if (!isBack(work) && isClosed) throw rollBackErrors.ROTATION_ROLLING_BACK({ rotationId: rotation.id });
  if (isBack(work) && !isClosed) await rotation.intend(ROLL_BACK_EFFECT, 'estate', {});
}

/** Nothing is imported before every node was seen, the first of the row is drained, and every machine is proved anew. */
async function prepareAndImport(work: SwapWork): Promise<void> {
  await drainNode(work, (await inOrder(work))[0]!.id, false);
  await proveOwnTentacle(work);
  await proveAgain(work);
  demandPass(all(mayImport(await lookAtRow(work), work.goal.thumbprint, work.other.thumbprint, isBack(work)), isBack(work) ? PASS : everyPlannedNodePolled(work.rotation)));
  await importGoal(work);
}

/** Brings what the database shows into force on every node. A single node that does not present it is undone; of several, the row stops. */
async function putIntoForce(work: SwapWork): Promise<void> {
  const { rotation, commands, goal, other } = work;
  const found = await commands.showThumbprint();
  if (found !== goal.thumbprint) throw swapErrors.IMPORT_NOT_EXPECTED({ found, expected: other.thumbprint });
  await rotation.prove('server', goal.shown, 'rest', { thumbprint: goal.thumbprint });
  const stopped = await walkNodes(work, { drains: true });
  if (stopped === null) return;
  if (isSingle(work)) await undo(work, `the node does not present the ${goal.name} certificate: ${stopped.last}`);
  throw await stoppedAt(work, stopped);
}

/** Starts a stopped server and waits until it answers, and this machine's node too; the certificates that they show are judged afterwards. */
async function bringUp(work: SwapWork): Promise<void> {
  const { context, rotation, nodes } = work;
  const host = nodes.find((node) => node.isHost)!;
  const start = context.clock.monotonic();
  let started = false;
  for (;;) {
    try {
      await rotation.octopus.about();
      if (isSingle(work) || (await lookAtNode(host)).presents !== null) return;
      throw new Error('the node of this machine does not answer');
    } catch (error) {
      const elapsed = context.clock.monotonic() - start;
      if (elapsed > COME_BACK_MS) throw serverErrors.SERVER_DID_NOT_COME_BACK({ seconds: COME_BACK_MS / 1000, last: error instanceof Error ? error.message : String(error) }, error);
      if (!started) {
        started = true;
        await rotation.stage('start-server', 'Octopus Server does not answer; starts it');
        await host.start().catch((failure: unknown) => {
          if (refusalsOf(failure).length === 0) throw failure;
        });
      }
      await context.clock.sleep(POLL_MS);
    }
  }
}
