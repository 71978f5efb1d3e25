import type AbandonServerCertificateInputs from '../../steps/abandon-server-certificate/inputs.ts';
import { planErrors } from '../errors/plan.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { mayAbandon } from '../gates/abandon.ts';
import { demandPass } from '../gates/verdict.ts';
import { ABANDON_EFFECT, abandoning, firstRetireIntent, leftBehind, rollingBack, swapHandedOver } from '../journal/views.ts';
import type { Phase } from './context.ts';
import { hostAsSeen, observeNodes } from './node-observation.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { withdrawTrust } from './withdraw-trust.ts';
import { findOpenRotation, withRotation } from './rotation.ts';

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
      if (rollingBack(rotation.entries())) throw rollBackErrors.ROTATION_ROLLING_BACK({ rotationId: rotation.id });
      const { old } = rotation.plan;
      const commands = await serverCommands(context, inputs.OctopusServer);
      const seen = await observeServer(context, rotation.octopus, commands);
      const nodes = swapHandedOver(rotation.entries()) ? await observeNodes(context, rotation, inputs, commands, seen) : [hostAsSeen(seen)];
      demandPass(mayAbandon({ old, shownByRest: seen.rest, shownByDatabase: seen.database, nodes, relayAtWork: await context.relay.alive(rotation.id), retiring: firstRetireIntent(rotation.entries()) !== null }));
      if (!abandoning(rotation.entries())) await rotation.intend(ABANDON_EFFECT, 'estate', {});
      const reached = rotation.fresh ? await withdrawTrust(context, rotation) : 0;
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
