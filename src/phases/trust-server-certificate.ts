import type TrustServerCertificateInputs from '../../steps/trust-server-certificate/inputs.ts';
import { counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { listIsFreeOf, listTrusts } from '../gates/trust-list.ts';
import { isTurned } from '../gates/turned.ts';
import { demandPass } from '../gates/verdict.ts';
import type { Phase } from './context.ts';
import { presentMachines } from './present-machines.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { isProbed } from './looking.ts';
import { repairHint } from './repair-hint.ts';
import { swapIsDone } from './swap-state.ts';
import { changeTrust, changeTrustOnHost } from './trust-change.ts';
import { ADD_NEW } from './trust-changes.ts';
import { withRotation } from './rotation.ts';

/**
 * Document 1, step 3: every Tentacle trusts NEW beside OLD. Only machines that do not accept NEW get a script, which writes what is
 * missing and restarts the service with its net (rule 3). Who cannot be reached is told by Prove.
 */
export const phase: Phase<TrustServerCertificateInputs> = {
  name: 'trust-server-certificate',
  title: 'Trust server certificate on Tentacles',
  run: (context, inputs) =>
    withRotation(context, 'trust-server-certificate', inputs, { requires: [{ subject: 'server', claim: 'new-stored' }] }, async (rotation) => {
      if (swapIsDone(rotation)) return { outcome: 'continue', outputs: {}, headline: 'The new certificate is in force already; trust was proved before the swap.' };
      demandPass(inventoryUnchanged(rotation.plan, await readInventory(rotation.octopus, await rotation.octopus.spaces(), await ownThumbprint(context))));
      const { old } = rotation.plan;
      const machines = await presentMachines(context, rotation);
      const fresh = rotation.fresh!.thumbprint;
      const host = machines.find((machine) => machine.isHost);

      const { there, failed } = await changeTrust(context, rotation, machines.filter((machine) => !machine.isHost && !isTurned(machine, rotation.plan.options)), ADD_NEW);
      await Promise.all([...there.values()].map(({ machine }) => rotation.prove(machine.key, 'trusts-new', isProbed(machine) ? 'wire' : 'read-back', { thumbprint: fresh })));
      if (host) {
        const result = await changeTrustOnHost(context, rotation, host, ADD_NEW, (one) => listTrusts(host, one.after, fresh, old) && !listIsFreeOf(one.after, old));
        await rotation.prove(host.key, 'trust-written', 'read-back', { thumbprint: fresh, effective: result.effective });
      }
      for (const [key, failure] of failed) {
        const machine = machines.find((one) => one.key === key)!;
        context.voice.warn(`${printable(machine.name)}: ${printable(failure.text, 300)}. ${repairHint(machine, { trust: fresh }, failure.reason)}`);
      }
      const trusting = there.size + (host ? 1 : 0);
      return {
        outcome: 'continue',
        outputs: { TrustedCount: String(trusting) },
        headline: `${trusting} of ${counted(machines.length, 'machine')} trust the new certificate ${fresh}${host ? ', the one that runs this step as written' : ''}.`,
      };
    }),
};
