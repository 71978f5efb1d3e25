import type ProveServerCertificateTrustInputs from '../../steps/prove-server-certificate-trust/inputs.ts';
import { are, counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { everyMachineProved, judgeTrust, type TrustJudgement } from '../gates/trust.ts';
import { demandPass } from '../gates/verdict.ts';
import { leftBehind, proofOf } from '../journal/views.ts';
import type { Phase, PhaseContext } from './context.ts';
import { presentMachines } from './disabled-machines.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { lookAt } from './looking.ts';
import { repairHint } from './repair-hint.ts';
import { swapIsDone } from './swap-state.ts';
import { withRotation, type Rotation } from './rotation.ts';

/** Before anything is swapped: every machine in scope accepts NEW on a new connection, or is left behind by policy or waiver (A1). Changes no trust. */
export const phase: Phase<ProveServerCertificateTrustInputs> = {
  name: 'prove-server-certificate-trust',
  title: 'Prove trust',
  run: (context, inputs) =>
    withRotation(context, 'prove-server-certificate-trust', inputs, { requires: [{ subject: 'server', claim: 'new-stored' }] }, async (rotation) => {
      const { machines, options } = rotation.plan;
      const total = machines.length;
      if (swapIsDone(rotation)) {
        const behind = leftBehind(rotation.entries()).size;
        return { outcome: 'continue', outputs: { ProvedCount: String(total - behind), LeftBehindCount: String(behind) }, headline: 'The new certificate is in force already; trust was proved before the swap.' };
      }
      demandPass(inventoryUnchanged(rotation.plan, await readInventory(rotation.octopus, await rotation.octopus.spaces(), await ownThumbprint(context))));
      const judgements = (await lookAt(context, rotation, await presentMachines(context, rotation))).map((look) => judgeTrust(look, options, context.clock.now()));
      await recordJudgements(context, rotation, judgements);
      demandPass(everyMachineProved(judgements));
      const behind = judgements.filter((one) => one.state === 'left-behind').length;
      return {
        outcome: 'continue',
        outputs: { ProvedCount: String(total - behind), LeftBehindCount: String(behind) },
        headline: `${total - behind} of ${counted(total, 'machine')} ${are(total - behind)} proved to trust the new certificate; ${behind} ${are(behind)} left behind.`,
      };
    }),
};

/** Writes what was seen of each machine into the journal, and only where it differs from what the journal says already. */
async function recordJudgements(context: PhaseContext, rotation: Rotation, judgements: readonly TrustJudgement[]): Promise<void> {
  const fresh = rotation.fresh!.thumbprint;
  const before = leftBehind(rotation.entries());
  // All at once, so that the journal is written in few pieces.
  await Promise.all(judgements.map(async (one) => {
    const { key, name } = one.machine;
    const behind = before.get(key);
    if (one.state === 'proved') {
      await rotation.prove(key, 'trusts-new', one.how, { thumbprint: fresh, milliseconds: one.milliseconds });
      await rotation.prove(key, 'trusts-old', one.how, { thumbprint: rotation.plan.old });
    } else if (one.state === 'written') await rotation.prove(key, 'trust-written', 'read-back', { thumbprint: fresh });
    else if (one.state !== 'to-be-turned') {
      if (proofOf(rotation.entries(), key, 'trusts-new')) await rotation.record({ kind: 'unproved', subject: key, data: { claim: 'trusts-new', verdict: one.state === 'unproved' ? one.verdict : 'unknown', reason: one.text } });
      context.voice.warn(`${printable(name)}: ${printable(one.text, 300)}. ${repairHint(one.machine, { trust: fresh })}`);
    }
    if (one.state === 'left-behind') {
      if (behind?.data.reason !== one.reason) await rotation.record({ kind: 'left-behind', subject: key, data: { reason: one.reason, text: one.text, waiver: one.waiver } });
    } else if (behind && one.state !== 'unproved') await rotation.record({ kind: 'caught-up', subject: key, data: {} });
  }));
}
