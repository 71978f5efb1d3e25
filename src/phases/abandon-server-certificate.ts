import type AbandonServerCertificateInputs from '../../steps/abandon-server-certificate/inputs.ts';
import { planErrors } from '../errors/plan.ts';
import { printable } from '../errors/printable.ts';
import { mayAbandon } from '../gates/abandon.ts';
import { listIsFreeOf } from '../gates/trust-list.ts';
import { demandPass } from '../gates/verdict.ts';
import { ABANDON_EFFECT, abandoning, ADD_EFFECT, firstRetireIntent, leftBehind } from '../journal/views.ts';
import type { Phase, PhaseContext } from './context.ts';
import { presentMachines } from './disabled-machines.ts';
import { acceptsOldOnly, isProbed } from './looking.ts';
import { repairHint } from './repair-hint.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { changeTrust, changeTrustOnHost, type TrustChange } from './trust-change.ts';
import { findOpenRotation, withRotation, type Rotation } from './rotation.ts';

const WITHDRAW_EFFECT = 'withdraw-trust';

const WITHDRAW: TrustChange = {
  effect: WITHDRAW_EFFECT,
  description: 'Octopus Rotation: distrust the certificate that is given up',
  label: 'refusing the certificate that is given up',
  script: { operation: 'remove', direction: 'back' },
  wished: acceptsOldOnly,
  // NEW that was written and waits for a restart is in force after the next one: the probe does not see it.
  mayHide(entries) {
    const written = new Set<string>();
    for (const entry of entries) {
      if (entry.kind === 'intent' && entry.data.effect === ADD_EFFECT) written.add(entry.subject);
      else if (entry.kind === 'done' && entry.data.effect === WITHDRAW_EFFECT) written.delete(entry.subject);
    }
    return written;
  },
};

/**
 * The way out before the swap: NEW is removed everywhere and seen to be refused while OLD is accepted; then the relay does the same for
 * the host's own Tentacle, destroys NEW's PFX and ends the rotation. The intent closes the way to NEW for good.
 */
export const phase: Phase<AbandonServerCertificateInputs> = {
  name: 'abandon-server-certificate',
  title: 'Abandon server certificate rotation',
  async run(context, inputs) {
    const open = await findOpenRotation(context, inputs, context.octopus(inputs.ServerUrl, inputs.ApiKey));
    if (!open) throw planErrors.NOTHING_TO_ABANDON({});
    return withRotation(context, this.name, { ...inputs, RotationId: open.rotationId }, { requires: [] }, async (rotation) => {
      const { old } = rotation.plan;
      const seen = await observeServer(context, rotation.octopus, await serverCommands(context, inputs.OctopusServer));
      demandPass(mayAbandon({ old, shownByRest: seen.rest, shownByDatabase: seen.database, presentedByNode: seen.node.thumbprint, relayAtWork: await context.relay.alive(rotation.id), retiring: firstRetireIntent(rotation.entries()) !== null }));
      if (!abandoning(rotation.entries())) await rotation.intend(ABANDON_EFFECT, 'estate', {});
      const reached = rotation.fresh ? await withdraw(context, rotation) : 0;
      await rotation.prove('estate', 'abandoned', 'wire', { machines: reached });
      const behind = leftBehind(rotation.entries()).size;
      return {
        outcome: 'continue',
        outputs: { RotationId: rotation.id, WithdrawnCount: String(reached), LeftBehindCount: String(behind) },
        headline: rotation.fresh
          ? `${reached} machines trust only the old certificate ${old} again; ${behind} could not be asked and are listed. The new one is destroyed when this run is over.`
          : `Nothing had been made yet; the rotation ends when this run is over.`,
      };
    });
  },
};

async function withdraw(context: PhaseContext, rotation: Rotation): Promise<number> {
  const { old } = rotation.plan;
  const machines = await presentMachines(context, rotation);
  const fresh = rotation.fresh!.thumbprint;
  const host = machines.find((machine) => machine.isHost);
  const { there, failed } = await changeTrust(context, rotation, machines.filter((machine) => !machine.isHost), WITHDRAW);
  const behind = leftBehind(rotation.entries());
  await Promise.all([...there.values()].map(async ({ machine }) => {
    await rotation.prove(machine.key, 'distrusts-new', isProbed(machine) ? 'wire' : 'read-back', { thumbprint: fresh });
    if (behind.has(machine.key)) await rotation.record({ kind: 'caught-up', subject: machine.key, data: {} });
  }));
  if (host) await changeTrustOnHost(context, rotation, host, WITHDRAW, (result) => listIsFreeOf(result.after, fresh));
  for (const [key, { reason, text }] of failed) {
    const machine = machines.find((one) => one.key === key)!;
    context.voice.warn(`${printable(machine.name)}: ${printable(text, 300)}. ${repairHint(machine, { trust: old, distrust: fresh })}`);
    const told = `it may still trust the new certificate: ${text}`;
    if (behind.get(key)?.data.text !== told) await rotation.record({ kind: 'left-behind', subject: key, data: { reason, text: told, waiver: null } });
  }
  return there.size + (host ? 1 : 0);
}
