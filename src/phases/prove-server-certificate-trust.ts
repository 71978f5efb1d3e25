import type ProveServerCertificateTrustInputs from '../../steps/prove-server-certificate-trust/inputs.ts';
import { are, counted } from '../errors/counted.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { everyMachineProved, judgeTrust } from '../gates/trust.ts';
import { all, demandPass } from '../gates/verdict.ts';
import { leftBehind } from '../journal/views.ts';
import type { Phase } from './context.ts';
import { presentMachines } from './present-machines.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { lookAt } from './looking.ts';
import { swapIsDone } from './swap-state.ts';
import { everyPlannedNodePolled } from './polled-nodes.ts';
import { recordJudgements } from './trust-judgements.ts';
import { withRotation } from './rotation.ts';

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
      const looks = await lookAt(context, rotation, await presentMachines(context, rotation));
      const judgements = looks.map((look) => judgeTrust(look, options, context.clock.now()));
      await recordJudgements(context, rotation, judgements, 'new', new Map(looks.flatMap((look) => (look.readBack?.polls ? [[look.machine.key, look.readBack.polls] as const] : []))));
      demandPass(all(everyMachineProved(judgements), everyPlannedNodePolled(rotation)));
      const behind = judgements.filter((one) => one.state === 'left-behind').length;
      return {
        outcome: 'continue',
        // Asked of by the approval, which no run after the swap may wait for.
        outputs: { ProvedCount: String(total - behind), LeftBehindCount: String(behind), SwapDue: 'True' },
        headline: `${total - behind} of ${counted(total, 'machine')} ${are(total - behind)} proved to trust the new certificate; ${behind} ${are(behind)} left behind.`,
      };
    }),
};
