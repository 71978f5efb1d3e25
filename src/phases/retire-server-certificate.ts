import type RetireServerCertificateInputs from '../../steps/retire-server-certificate/inputs.ts';
import { are, counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { trustErrors } from '../errors/trust.ts';
import { graceEnds } from '../gates/grace.ts';
import { mayRetire } from '../gates/retire.ts';
import { listIsFreeOf } from '../gates/trust-list.ts';
import { demandPass } from '../gates/verdict.ts';
import { firstRetireIntent, leftBehind, proofOf } from '../journal/views.ts';
import type { Phase, PhaseContext } from './context.ts';
import type { Failure } from './in-waves.ts';
import { isProbed } from './looking.ts';
import { machinesToSee } from './present-machines.ts';
import { observeNodes } from './node-observation.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { repairHint } from './repair-hint.ts';
import { changeTrust, changeTrustOnHost } from './trust-change.ts';
import { RETIRE_OLD } from './trust-changes.ts';
import { withRotation, type Rotation } from './rotation.ts';

/** Document 1, step 6: trust in OLD is removed, and seen to be refused while NEW is accepted. The first intent closes roll back (rule 4). */
export const phase: Phase<RetireServerCertificateInputs> = {
  name: 'retire-server-certificate',
  title: 'Retire old trust',
  run: (context, inputs) =>
    withRotation(context, 'retire-server-certificate', inputs, { requires: [{ subject: 'estate', claim: 'healthy-after-swap' }] }, async (rotation) => {
      const { old } = rotation.plan;
      const fresh = rotation.fresh!.thumbprint;
      const commands = await serverCommands(context, inputs.OctopusServer);
      const seen = await observeServer(context, rotation.octopus, commands);
      const nodes = await observeNodes(context, rotation, inputs, commands, seen);
      demandPass(mayRetire({ fresh, shownByRest: seen.rest, shownByDatabase: seen.database, nodes, healthyAfterSwap: proofOf(rotation.entries(), 'estate', 'healthy-after-swap') !== null }));
      // The run's own setting, not the plan's: the plan is fixed once the swap is done, and who waits must be able to wait less.
      const ends = graceEnds(rotation.entries(), inputs.GraceHours);
      if (!firstRetireIntent(rotation.entries()) && ends !== null && ends > context.clock.now()) {
        return { outcome: 'stop', outputs: { RetireAfter: ends.toISOString() }, headline: `Not yet: both certificates stay trusted until ${ends.toISOString()} (grace period). The rotation stays open; the next run after that goes on.` };
      }

      const machines = await machinesToSee(context, rotation);
      const behind = leftBehind(rotation.entries());
      const host = machines.find((machine) => machine.isHost);
      const others = machines.filter((machine) => !machine.isHost);
      const { there, failed } = await changeTrust(context, rotation, others, RETIRE_OLD);
      await Promise.all([...there.values()].map(({ machine }) => rotation.prove(machine.key, 'distrusts-old', isProbed(machine) ? 'wire' : 'read-back', { thumbprint: old })));
      if (host) await changeTrustOnHost(context, rotation, host, RETIRE_OLD, (result) => listIsFreeOf(result.after, old));
      await leaveBehindOrRefuse(context, rotation, failed);
      return {
        outcome: 'continue',
        outputs: { RetiredCount: String(machines.length - failed.size), LeftBehindCount: String(behind.size + failed.size) },
        headline: `${machines.length - failed.size} of ${counted(machines.length + behind.size, 'machine')} no longer trust the old certificate ${old}; ${behind.size + failed.size} ${are(behind.size + failed.size)} left behind.`,
      };
    }),
};

async function leaveBehindOrRefuse(context: PhaseContext, rotation: Rotation, failed: Map<string, Failure>): Promise<void> {
  const refused: { name: string; reason: string }[] = [];
  for (const [key, { reason, text }] of failed) {
    const machine = rotation.plan.machines.find((one) => one.key === key)!;
    context.voice.warn(`${printable(machine.name)}: ${printable(text, 300)}. ${repairHint(machine, { trust: rotation.fresh!.thumbprint, distrust: rotation.plan.old }, reason)}`);
    const isAway = reason === 'off' || reason === 'unreachable' || reason === 'disabled';
    if (isAway && rotation.plan.options.offlineMachines === 'leave-behind') await rotation.record({ kind: 'left-behind', subject: key, data: { reason: reason === 'off' ? 'unreachable' : reason, text: `it still trusts the old certificate: ${text}`, waiver: null } });
    else refused.push({ name: machine.name, reason: text });
  }
  if (refused.length > 0) throw trustErrors.RETIRE_INCOMPLETE({ machines: refused });
}
