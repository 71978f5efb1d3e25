import type RetireServerCertificateInputs from '../../steps/retire-server-certificate/inputs.ts';
import { printable } from '../errors/printable.ts';
import { trustErrors } from '../errors/trust.ts';
import { mayRetire } from '../gates/retire.ts';
import type { TrustObservation } from '../gates/trust.ts';
import { demandPass } from '../gates/verdict.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { leftBehind, proofOf, RETIRE_EFFECT } from '../journal/views.ts';
import { repairCommand } from '../tentacle/repair.ts';
import { trustScript } from '../tentacle/trust-script.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import type { Phase, PhaseContext } from './context.ts';
import { runOnHost } from './host-script.ts';
import { runOnMachines } from './machine-scripts.ts';
import { observeTrust, waitForTrust } from './probing.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { IDLE_LIMIT_SECONDS, RESTART_DELAY_SECONDS, trusts } from './trust-server-certificate.ts';
import { withRotation, type Rotation } from './rotation.ts';

/** Document 1, step 6: trust in OLD is removed, and seen to be refused while NEW is accepted. The first intent closes roll back (rule 4). */
export const phase: Phase<RetireServerCertificateInputs> = {
  name: 'retire-server-certificate',
  title: 'Retire old trust',
  run: (context, inputs) =>
    withRotation(context, 'retire-server-certificate', inputs, { requires: [{ subject: 'estate', claim: 'healthy-after-swap' }] }, async (rotation) => {
      const { old } = rotation.plan;
      const fresh = rotation.fresh!.thumbprint;
      const seen = await observeServer(context, rotation.octopus, await serverCommands(context, inputs.OctopusServer));
      demandPass(mayRetire({ fresh, shownByRest: seen.rest, shownByDatabase: seen.database, presentedByNode: seen.node.thumbprint, healthyAfterSwap: proofOf(rotation.entries(), 'estate', 'healthy-after-swap') !== null }));

      const behind = leftBehind(rotation.entries());
      const machines = rotation.plan.machines.filter((machine) => !behind.has(machine.key));
      const host = machines.find((machine) => machine.isHost);
      const others = machines.filter((machine) => !machine.isHost);
      const identities = await rotation.identities();

      const observations = await observeTrust(context, others, identities);
      const retired = new Set(observations.filter(isRetired).map((one) => one.machine.key));
      // Removing OLD from a machine that does not accept NEW would cut it off: it is left as it is and named.
      const unfit = observations.filter((one) => one.probes !== null && one.probes.fresh.verdict !== 'trusted');
      const unreachable = observations.filter((one) => one.reached && !one.reached.reached);
      const toWrite = observations.filter((one) => !retired.has(one.machine.key) && !unfit.includes(one) && !unreachable.includes(one)).map((one) => one.machine);
      context.voice.info(`${retired.size} of ${others.length} machines refuse the old certificate already; ${toWrite.length} are to be told.`);

      const failed = new Map<string, string>();
      for (const one of unfit) failed.set(one.machine.key, 'it does not accept the new certificate');
      for (const one of unreachable) failed.set(one.machine.key, 'its port does not answer');
      await removeTrust(context, rotation, toWrite, failed);
      const awaited = toWrite.filter((machine) => !machine.viaProxy && !failed.has(machine.key));
      const waitMs = (IDLE_LIMIT_SECONDS + RESTART_DELAY_SECONDS + 60) * 1000;
      const there = await waitForTrust(context, awaited, identities, isRetired, waitMs, 'refusing the old certificate');
      for (const machine of others) {
        if (retired.has(machine.key) || there.has(machine.key)) await rotation.prove(machine.key, 'distrusts-old', 'wire', { thumbprint: old });
        else if (!failed.has(machine.key)) failed.set(machine.key, machine.viaProxy ? 'its list was not read back after the restart' : 'it still accepts the old certificate');
      }
      if (host) await removeTrustOnHost(context, rotation, host);
      await leaveBehindOrRefuse(context, rotation, failed);
      return {
        outcome: 'continue',
        outputs: { RetiredCount: String(machines.length - failed.size), LeftBehindCount: String(behind.size + failed.size) },
        headline: `${machines.length - failed.size} machines no longer trust the old certificate ${old}; ${behind.size + failed.size} are left behind.`,
      };
    }),
};

/** OLD refused and NEW accepted: the goal after the cut-over (tentacle-trust.md section 7). */
function isRetired(look: TrustObservation): boolean {
  return look.probes?.fresh.verdict === 'trusted' && look.probes.old.verdict === 'not-trusted';
}

function removeScript(rotation: Rotation, operation: 'observe' | 'remove', restart: 'detached' | 'none'): string {
  return trustScript({ rotationId: rotation.id, fence: rotation.fence, operation, thumbprint: rotation.plan.old, keep: rotation.fresh!.thumbprint, restart, restartDelaySeconds: RESTART_DELAY_SECONDS, restartWatchSeconds: rotation.plan.options.restartWatchSeconds, idleLimitSeconds: IDLE_LIMIT_SECONDS });
}

async function removeTrust(context: PhaseContext, rotation: Rotation, machines: PlannedMachine[], failed: Map<string, string>): Promise<void> {
  if (machines.length === 0) return;
  await rotation.guard();
  await Promise.all(machines.map((machine) => rotation.intend(RETIRE_EFFECT, machine.key, { thumbprint: rotation.plan.old })));
  const outcomes = await runOnMachines(context, rotation.octopus, rotation.id, machines, 'Octopus Rotation: distrust the old server certificate', removeScript(rotation, 'remove', 'detached'));
  for (const machine of machines) {
    const outcome = outcomes.get(machine.key)!;
    if (!outcome.result) failed.set(machine.key, outcome.reason);
    else if (outcome.result.outcome === 'refused' || outcome.result.outcome === 'failed') failed.set(machine.key, `${outcome.result.outcome}: ${outcome.result.reason ?? 'no reason given'}`);
    else {
      await rotation.done(RETIRE_EFFECT, machine.key, { outcome: outcome.result.outcome, restart: outcome.result.restart });
      if (machine.viaProxy && outcome.result.effective === 'yes' && !trusts(outcome.result, rotation.plan.old)) await rotation.prove(machine.key, 'distrusts-old', 'read-back', { thumbprint: rotation.plan.old });
    }
  }
}

/** Edited here, restarted and probed by the relay after the last step (A41). */
async function removeTrustOnHost(context: PhaseContext, rotation: Rotation, host: PlannedMachine): Promise<void> {
  let result: MachineResult = await runOnHost(context, rotation.id, host.own, removeScript(rotation, 'observe', 'none'));
  if (!trusts(result, rotation.plan.old)) return;
  await rotation.effect(RETIRE_EFFECT, host.key, { thumbprint: rotation.plan.old }, async () => {
    result = await runOnHost(context, rotation.id, host.own, removeScript(rotation, 'remove', 'none'));
    if (trusts(result, rotation.plan.old)) throw trustErrors.RETIRE_INCOMPLETE({ machines: [{ name: host.name, reason: `${result.outcome}: ${result.reason ?? 'its list still holds the old certificate'}` }] });
    return { outcome: result.outcome, restart: result.restart };
  });
}

async function leaveBehindOrRefuse(context: PhaseContext, rotation: Rotation, failed: Map<string, string>): Promise<void> {
  const refused: { name: string; reason: string }[] = [];
  for (const [key, reason] of failed) {
    const machine = rotation.plan.machines.find((one) => one.key === key)!;
    context.voice.warn(`${printable(machine.name)}: ${printable(reason, 300)}. On the machine: ${repairCommand({ trust: rotation.fresh!.thumbprint, distrust: rotation.plan.old })}`);
    const isAway = reason === 'its port does not answer';
    if (isAway && rotation.plan.options.offlineMachines === 'leave-behind') await rotation.record({ kind: 'left-behind', subject: key, data: { reason: 'unreachable', text: 'it went off before trust in the old certificate was removed', waiver: null } });
    else refused.push({ name: machine.name, reason });
  }
  if (refused.length > 0) throw trustErrors.RETIRE_INCOMPLETE({ machines: refused });
}
