import type ProveServerCertificateTrustInputs from '../../steps/prove-server-certificate-trust/inputs.ts';
import { printable } from '../errors/printable.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { everyMachineProved, judgeTrust, type TrustJudgement, type TrustObservation } from '../gates/trust.ts';
import { demandPass } from '../gates/verdict.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { leftBehind, proofOf } from '../journal/views.ts';
import { repairCommand } from '../tentacle/repair.ts';
import { trustScript } from '../tentacle/trust-script.ts';
import type { Phase, PhaseContext } from './context.ts';
import { ownThumbprint, runOnHost } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { runOnMachines } from './machine-scripts.ts';
import { observeTrust } from './probing.ts';
import { swapIsDone } from './swap-state.ts';
import { IDLE_LIMIT_SECONDS, trusts } from './trust-server-certificate.ts';
import { withRotation, type Rotation } from './rotation.ts';

/** Before anything is swapped: every machine in scope accepts NEW on a new connection, or is left behind by policy or waiver (A1). Changes nothing. */
export const phase: Phase<ProveServerCertificateTrustInputs> = {
  name: 'prove-server-certificate-trust',
  title: 'Prove trust',
  run: (context, inputs) =>
    withRotation(context, 'prove-server-certificate-trust', inputs, { requires: [{ subject: 'server', claim: 'new-stored' }] }, async (rotation) => {
      const total = rotation.plan.machines.length;
      if (swapIsDone(rotation)) {
        const behind = leftBehind(rotation.entries()).size;
        return { outcome: 'continue', outputs: { ProvedCount: String(total - behind), LeftBehindCount: String(behind) }, headline: 'The new certificate is in force already; trust was proved before the swap.' };
      }
      const own = await ownThumbprint(context);
      demandPass(inventoryUnchanged(rotation.plan.machines, (await readInventory(rotation.octopus, await rotation.octopus.spaces(), own)).machines));
      const judgements = await judgeEveryMachine(context, rotation);
      await recordJudgements(context, rotation, judgements);
      demandPass(everyMachineProved(judgements));
      const behind = judgements.filter((one) => one.state === 'left-behind').length;
      return {
        outcome: 'continue',
        outputs: { ProvedCount: String(total - behind), LeftBehindCount: String(behind) },
        headline: `${total - behind} of ${total} machines are proved to trust the new certificate; ${behind} are left behind.`,
      };
    }),
};

/** Looks at every planned machine anew and judges each. */
async function judgeEveryMachine(context: PhaseContext, rotation: Rotation): Promise<TrustJudgement[]> {
  const { machines, options } = rotation.plan;
  const observations: TrustObservation[] = [];
  const host = machines.find((machine) => machine.isHost);
  if (host) observations.push({ machine: host, reached: { reached: true }, probes: null, readBack: await readBackOnHost(context, rotation, host) });
  observations.push(...(await readBackThroughServer(context, rotation, machines.filter((machine) => machine.viaProxy && !machine.isHost))));
  observations.push(...(await observeTrust(context, machines.filter((machine) => !machine.viaProxy && !machine.isHost), await rotation.identities())));
  return observations.map((observation) => judgeTrust(observation, options, context.clock.now()));
}

function observeScript(rotation: Rotation): string {
  return trustScript({ rotationId: rotation.id, fence: rotation.fence, operation: 'observe', thumbprint: rotation.fresh!.thumbprint, restart: 'none', restartDelaySeconds: 0, restartWatchSeconds: rotation.plan.options.restartWatchSeconds, idleLimitSeconds: IDLE_LIMIT_SECONDS });
}

async function readBackOnHost(context: PhaseContext, rotation: Rotation, host: PlannedMachine): Promise<TrustObservation['readBack']> {
  const result = await runOnHost(context, rotation.id, host.own, observeScript(rotation));
  return { trustsFresh: trusts(result, rotation.fresh!.thumbprint), trustsOld: trusts(result, rotation.plan.old), effective: result.effective };
}

async function readBackThroughServer(context: PhaseContext, rotation: Rotation, machines: PlannedMachine[]): Promise<TrustObservation[]> {
  if (machines.length === 0) return [];
  const outcomes = await runOnMachines(context, rotation.octopus, rotation.id, machines, 'Octopus Rotation: read trust back', observeScript(rotation));
  return machines.map((machine) => {
    const result = outcomes.get(machine.key)?.result ?? null;
    return { machine, reached: null, probes: null, readBack: result && { trustsFresh: trusts(result, rotation.fresh!.thumbprint), trustsOld: trusts(result, rotation.plan.old), effective: result.effective } };
  });
}

/** Writes what was seen of each machine into the journal, and only where it differs from what the journal says already. */
export async function recordJudgements(context: PhaseContext, rotation: Rotation, judgements: readonly TrustJudgement[]): Promise<void> {
  const fresh = rotation.fresh!.thumbprint;
  for (const one of judgements) {
    const { key, name } = one.machine;
    const behind = leftBehind(rotation.entries()).get(key);
    if (one.state === 'proved') {
      await rotation.prove(key, 'trusts-new', one.how, { thumbprint: fresh, milliseconds: one.milliseconds });
      await rotation.prove(key, 'trusts-old', one.how, { thumbprint: rotation.plan.old });
    } else if (one.state === 'written') await rotation.prove(key, 'trust-written', 'read-back', { thumbprint: fresh });
    else {
      if (proofOf(rotation.entries(), key, 'trusts-new')) await rotation.record({ kind: 'unproved', subject: key, data: { claim: 'trusts-new', verdict: one.state === 'unproved' ? one.verdict : 'unknown', reason: one.text } });
      context.voice.warn(`${printable(name)}: ${printable(one.text, 300)}. On the machine: ${repairCommand({ trust: fresh })}`);
    }
    if (one.state === 'left-behind') {
      if (behind?.data.reason !== one.reason) await rotation.record({ kind: 'left-behind', subject: key, data: { reason: one.reason, text: one.text, waiver: one.waiver } });
    } else if (behind && one.state !== 'unproved') await rotation.record({ kind: 'caught-up', subject: key, data: {} });
  }
}
