import type RollBackServerCertificateInputs from '../../steps/roll-back-server-certificate/inputs.ts';
import { counted } from '../errors/counted.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { aliasSets, joinAliases } from '../gates/aliases.ts';
import { everyMachineServed } from '../gates/inventory.ts';
import { notPresenting } from '../gates/nodes.ts';
import { mayRollBack } from '../gates/roll-back.ts';
import { everyMachineProved, judgeTrust } from '../gates/trust.ts';
import { listTrusts } from '../gates/trust-list.ts';
import { demandPass } from '../gates/verdict.ts';
import type { RotationOptions } from '../journal/contract.ts';
import type { RotationId } from '../journal/rotation-id.ts';
import { abandoning, firstRetireIntent, lastHandOver, leftBehind, ROLL_BACK_EFFECT, rollingBack, swapHandedOver } from '../journal/views.ts';
import type { Phase, PhaseContext, PhaseResult } from './context.ts';
import { withoutAliases } from './aliases.ts';
import { presentMachines } from './present-machines.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory, scopeOf } from './inventory.ts';
import { lookAt } from './looking.ts';
import { requireStoredPfx } from './pfx-files.ts';
import { planHash } from './plan-hash.ts';
import { tellWhatTheRelayFound } from './relay-findings.ts';
import { startRelay } from './relay-job.ts';
import { nodeOutputs, observeNodes, proveNodes, type SeenPlannedNode } from './node-observation.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { changeTrust, changeTrustOnHost } from './trust-change.ts';
import { ADD_OLD } from './trust-changes.ts';
import { recordJudgements } from './trust-judgements.ts';
import { checkUnknownShells } from './unknown-shells.ts';
import { readWaivers } from './waivers.ts';
import { withdrawTrust } from './withdraw-trust.ts';
import { entriesOf, findOpenRotation, withRotation, type Rotation } from './rotation.ts';

/** How long a relay whose run has ended may take to notice. */
const RELAY_GOES_MS = 60_000;
const POLL_MS = 1_000;

/**
 * The way back after the swap, until the first intent to retire (rule 4). It passes the gate of the swap with OLD as its goal, adding OLD
 * where it is missing, and hands over to the relay, which puts OLD into force and runs this runbook again. That run finds OLD in force,
 * removes NEW from every machine, and leaves the end to the relay.
 */
export const phase: Phase<RollBackServerCertificateInputs> = {
  name: 'roll-back-server-certificate',
  title: 'Roll back server certificate',
  async run(context, inputs) {
    const open = await findOpenRotation(context, inputs, context.octopus(inputs.ServerUrl, inputs.ApiKey));
    if (!open) throw rollBackErrors.NOTHING_TO_ROLL_BACK({});
    const relayAtWork = await otherRelay(context, inputs, open.rotationId);
    return withRotation(context, this.name, { ...inputs, RotationId: open.rotationId }, { requires: [] }, async (rotation) => {
      const { old } = rotation.plan;
      const commands = await serverCommands(context, inputs.OctopusServer, inputs.RestartCommand);
      const seen = await observeServer(context, rotation.octopus, commands);
      const nodes = await observeNodes(context, rotation, inputs, commands, seen);
      const entries = rotation.entries();
      demandPass(mayRollBack({
        rotationId: rotation.id, old, fresh: rotation.fresh?.thumbprint ?? null, shownByDatabase: seen.database, nodes,
        handedOver: swapHandedOver(entries), relayAtWork, retiringSince: firstRetireIntent(entries)?.at ?? null, abandoning: abandoning(entries),
      }));
      if (seen.database === old && notPresenting(nodes, old).length === 0 && seen.rest === old) return withdraw(context, rotation, nodes);
      tellWhatTheRelayFound(rotation, inputs.TaskId);
      return goBack(context, inputs, rotation, commands.executable);
    });
  },
};

/** The unit of a relay that works on something else. One whose run has ended goes by itself in a moment, so it is waited for, without the lease in hand. */
async function otherRelay(context: PhaseContext, inputs: RollBackServerCertificateInputs, rotationId: RotationId): Promise<string | null> {
  const start = context.clock.monotonic();
  while (await context.relay.alive(rotationId)) {
    const handOver = lastHandOver(await entriesOf(context, inputs, rotationId));
    if (handOver?.data.job === 'roll-back') return null;
    if (context.clock.monotonic() - start > RELAY_GOES_MS) return handOver?.data.unit ?? 'its unit is not on record';
    context.voice.progress(0, 'Waits for the relay to end.');
    await context.clock.sleep(POLL_MS);
  }
  return null;
}

/** Everything that must be true before OLD may be imported; then the relay's turn. Until then the way forward stays open. */
async function goBack(context: PhaseContext, inputs: RollBackServerCertificateInputs, rotation: Rotation, octopusServer: string): Promise<PhaseResult> {
  const { old } = rotation.plan;
  const fresh = rotation.fresh!.thumbprint;
  await requireStoredPfx(context, rotation, old, 'old');
  await requireStoredPfx(context, rotation, fresh, 'new');
  await takeIn(context, rotation, inputs);
  await addOld(context, rotation);
  const judgements = (await lookAt(context, rotation, await presentMachines(context, rotation))).map((look) => judgeTrust(look, rotation.plan.options, context.clock.now(), 'old'));
  await recordJudgements(context, rotation, judgements, 'old');
  demandPass(everyMachineProved(judgements, 'old'));
  if (!rollingBack(rotation.entries())) await rotation.intend(ROLL_BACK_EFFECT, 'estate', {});
  const unit = await startRelay(context, inputs, rotation, { kind: 'roll-back', octopusServer, restartCommand: inputs.RestartCommand });
  const behind = judgements.filter((one) => one.state === 'left-behind').length;
  return {
    outcome: 'handed-over',
    outputs: { RotationId: rotation.id, HandedOver: 'True', LeftBehindCount: String(behind) },
    headline: `${judgements.length - behind} of ${counted(judgements.length, 'machine')} proved to trust the old certificate. Handed over to the relay (${unit}): when this run has ended it drains ${rotation.plan.nodes.length > 1 ? 'the first node' : 'the node'}, proves once more, imports ${old}, restarts ${rotation.plan.nodes.length > 1 ? `${rotation.plan.nodes.length} nodes one by one` : 'Octopus Server'} and runs this runbook again.`,
  };
}

/** Machines that came or went since the swap are taken in (A28), with the policy of this run: Plan does so before the swap only. */
async function takeIn(context: PhaseContext, rotation: Rotation, inputs: RollBackServerCertificateInputs): Promise<void> {
  const waivers = readWaivers(inputs.Waivers);
  const own = await ownThumbprint(context);
  const readAnew = async () => readInventory(rotation.octopus, await rotation.octopus.spaces(), own);
  const first = await readAnew();
  const read = (await checkUnknownShells(context, rotation.octopus, first.unchecked, own, rotation.id, rotation)) ? await readAnew() : first;
  const known = joinAliases(read.machines, aliasSets(rotation.plan.machines));
  const inventory = { ...read, machines: await withoutAliases(context, rotation.octopus, known, inputs.TaskId, rotation.fresh!.thumbprint) };
  demandPass(everyMachineServed(inventory.unsupported, waivers, context.clock.now()));
  const { planHash: before, ...plan } = rotation.plan;
  const options: RotationOptions = { ...plan.options, offlineMachines: inputs.OfflineMachines, waivers };
  const amended = { ...plan, ...scopeOf(inventory), options };
  const hash = planHash({ old: amended.old }, amended);
  if (hash === before) return;
  await rotation.record({ kind: 'planned', subject: 'estate', data: { ...amended, planHash: hash } });
  context.voice.highlight('Machines or options changed since the plan was made; the roll back takes them in.');
}

/** OLD is put back where a machine lost it since. Whoever cannot be reached is told by the gate. */
async function addOld(context: PhaseContext, rotation: Rotation): Promise<void> {
  const machines = await presentMachines(context, rotation);
  const host = machines.find((machine) => machine.isHost);
  await changeTrust(context, rotation, machines.filter((machine) => !machine.isHost), ADD_OLD);
  if (host) await changeTrustOnHost(context, rotation, host, ADD_OLD, (one) => listTrusts(host, one.after, rotation.plan.old, rotation.fresh!.thumbprint));
}

/** OLD is in force again: NEW loses every machine. Machines that could not be asked are listed with what is to be retired there. */
async function withdraw(context: PhaseContext, rotation: Rotation, nodes: readonly SeenPlannedNode[]): Promise<PhaseResult> {
  const { old } = rotation.plan;
  await proveNodes(rotation, nodes, { shown: 'database-shows-old', presented: 'node-presents-old' }, old);
  if (!rollingBack(rotation.entries())) await rotation.intend(ROLL_BACK_EFFECT, 'estate', {});
  const reached = await withdrawTrust(context, rotation);
  await rotation.prove('estate', 'rolled-back', 'wire', { machines: reached });
  const behind = leftBehind(rotation.entries()).size;
  return {
    outcome: 'continue',
    outputs: { RotationId: rotation.id, HandedOver: 'False', WithdrawnCount: String(reached), LeftBehindCount: String(behind), ...nodeOutputs(nodes) },
    headline: `The old certificate ${old} is in force again. ${counted(reached, 'machine')} trust${reached === 1 ? 's' : ''} only it; ${behind} could not be asked and ${behind === 1 ? 'is' : 'are'} listed. The rotation ends when this run is over.`,
  };
}
