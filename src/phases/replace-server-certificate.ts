import type ReplaceServerCertificateInputs from '../../steps/replace-server-certificate/inputs.ts';
import { nodesKnown, notPresenting } from '../gates/nodes.ts';
import { isTurned } from '../gates/turned.ts';
import { demandPass } from '../gates/verdict.ts';
import { planErrors } from '../errors/plan.ts';
import { abandoning, leftBehind, proofOf } from '../journal/views.ts';
import { trustErrors } from '../errors/trust.ts';
import type { Phase, PhaseContext } from './context.ts';
import { requireStoredPfx } from './pfx-files.ts';
import { tellWhatTheRelayFound } from './relay-findings.ts';
import { startRelay } from './relay-job.ts';
import { turnPollingMachines } from './turning.ts';
import { nodeOutputs, observeNodes, proveNodes } from './node-observation.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { withRotation, type Rotation } from './rotation.ts';

/**
 * Document 1, step 4. This run cannot outlive the server that it restarts, so the step hands over to the relay and ends the run green.
 * In the run that the relay queues afterwards it finds NEW in force and goes on; or it tells why the relay did not swap.
 */
export const phase: Phase<ReplaceServerCertificateInputs> = {
  name: 'replace-server-certificate',
  title: 'Replace server certificate',
  run: (context, inputs) =>
    withRotation(context, 'replace-server-certificate', inputs, { requires: [{ subject: 'server', claim: 'old-backed-up' }, { subject: 'server', claim: 'new-stored' }] }, async (rotation) => {
      if (abandoning(rotation.entries())) throw planErrors.ROTATION_ABANDONED({ rotationId: rotation.id });
      const { old } = rotation.plan;
      const fresh = rotation.fresh!.thumbprint;
      const commands = await serverCommands(context, inputs.OctopusServer, inputs.RestartCommand);
      const seen = await observeServer(context, rotation.octopus, commands);
      const nodes = await observeNodes(context, rotation, inputs, commands, seen);
      demandPass(nodesKnown(nodes, old, fresh));
      if (seen.database === fresh && notPresenting(nodes, fresh).length === 0 && seen.rest === fresh) {
        await proveNodes(rotation, nodes, { shown: 'database-shows-new', presented: 'node-presents-new' }, fresh);
        return { outcome: 'continue', outputs: { HandedOver: 'False', ThumbprintInForce: fresh, ...nodeOutputs(nodes) }, headline: `The new certificate ${fresh} is in force: in the database, over REST and on the wire${nodes.length > 1 ? ` of ${nodes.length} nodes` : ''}.` };
      }
      tellWhatTheRelayFound(rotation, inputs.TaskId);
      everyMachineAccountedFor(rotation);
      await requireStoredPfx(context, rotation, old, 'old');
      await requireStoredPfx(context, rotation, fresh, 'new');
      return handOver(context, inputs, rotation, commands.executable);
    }),
};

/** The proofs of the phase before must be in the journal, for every machine (D19). */
function everyMachineAccountedFor(rotation: Rotation): void {
  const behind = leftBehind(rotation.entries());
  const missing = rotation.plan.machines.filter((machine) => !behind.has(machine.key) && !isTurned(machine, rotation.plan.options) && !proofOf(rotation.entries(), machine.key, machine.isHost ? 'trust-written' : 'trusts-new'));
  if (missing.length > 0) throw trustErrors.TRUST_NOT_PROVED({ machines: missing.map((machine) => ({ name: machine.name, reason: 'no proof of it is in the journal' })) });
}

async function handOver(context: PhaseContext, inputs: ReplaceServerCertificateInputs, rotation: Rotation, octopusServer: string) {
  await turnPollingMachines(context, rotation);
  const unit = await startRelay(context, inputs, rotation, { kind: 'swap', octopusServer, restartCommand: inputs.RestartCommand });
  return {
    outcome: 'handed-over' as const,
    outputs: { HandedOver: 'True' },
    headline: `Handed over to the relay (${unit}): when this run has ended it drains ${rotation.plan.nodes.length > 1 ? 'the first node' : 'the node'}, proves once more, imports ${rotation.fresh!.thumbprint}, restarts ${rotation.plan.nodes.length > 1 ? `${rotation.plan.nodes.length} nodes one by one` : 'Octopus Server'} and runs this runbook again.`,
  };
}
