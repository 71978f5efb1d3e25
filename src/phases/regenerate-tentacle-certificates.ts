import type RegenerateTentacleCertificatesInputs from '../../steps/regenerate-tentacle-certificates/inputs.ts';
import { counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { regenerateErrors } from '../errors/regenerate.ts';
import { everyCertificateExchanged, judgeNotExchanged, type NotExchanged } from '../gates/certificate-judgement.ts';
import { waiverFor } from '../gates/trust.ts';
import { demandPass } from '../gates/verdict.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { tentacleFacts } from '../journal/tentacle-views.ts';
import { leftBehind } from '../journal/views.ts';
import { proveEachNode } from './answers-per-node.ts';
import { exchangeCertificate, type CertificateReach } from './certificate-exchange.ts';
import { serversOwn } from './certificate-observation.ts';
import { throughServer } from './certificate-reach.ts';
import { batches, inParallel } from './concurrency.ts';
import type { Phase, PhaseContext } from './context.ts';
import { whileEnabled } from './disabled-machines.ts';
import { inWaves, namedFailures, type Failure } from './in-waves.ts';
import { isProbed } from './looking.ts';
import { presentMachines } from './present-machines.ts';
import { CONNECT_TIMEOUT_MS, IN_FLIGHT } from './probing.ts';
import { regenerateByTask } from './regenerate-by-task.ts';
import { relayFindings } from './relay-findings.ts';
import { startRelay } from './relay-job.ts';
import { serverCommands } from './server-commands.ts';
import { pastJournals, withRotation, type Rotation } from './rotation.ts';

const PHASE = 'regenerate-tentacle-certificates';

/**
 * Document 1, second half: each Tentacle of the plan gets a new certificate, and its registrations follow. Machines that an earlier run left in
 * the middle come first, then canaries, then waves (B8); the host's own Tentacle runs this very step and comes last, by the relay (A41).
 */
export const phase: Phase<RegenerateTentacleCertificatesInputs> = {
  name: PHASE,
  title: 'Regenerate Tentacle certificates',
  run: (context, inputs) =>
    withRotation(context, PHASE, inputs, { requires: [] }, async (rotation) => {
      const machines = await presentMachines(context, rotation);
      const others = machines.filter((machine) => !machine.isHost);
      const servers = serversOwn(rotation.tentacles.server, await pastJournals(context, inputs));
      const failed = await regenerate(context, rotation, throughServer(context, rotation, servers), others.filter((machine) => !isDone(rotation, machine)));
      const host = machines.find((machine) => machine.isHost && !isDone(rotation, machine));
      if (host && waiverFor(host, rotation.tentacles.options.waivers, context.clock.now()) !== null) failed.set(host.key, { reason: 'waived', text: 'it is not touched' });
      const findings = host ? relayFindings(rotation, inputs.TaskId) : [];
      if (host && findings.length > 0) failed.set(host.key, { reason: 'failed', text: findings.map((one) => one.message).join(' ') });

      const behind = await recordNotExchanged(context, rotation, machines, failed);
      if (host && !behind.has(host.key)) return handOver(context, inputs, rotation, host);
      const done = machines.filter((machine) => isDone(rotation, machine)).length;
      await rotation.prove('estate', 'regenerated', 'rest', { machines: done });
      return {
        outcome: 'continue',
        outputs: { HandedOver: 'False', RegeneratedCount: String(done), LeftBehindCount: String(behind.size) },
        headline: `${counted(done, 'Tentacle')} of ${machines.length} ${done === 1 ? 'has its' : 'have their'} new certificate, proved and registered; ${behind.size} left behind.`,
      };
    }),
};

const isDone = (rotation: Rotation, machine: PlannedMachine): boolean => tentacleFacts(rotation.entries(), machine.key).rotated;

/** Whether an earlier run began with it, so that it may be anywhere between OLD and NEW. */
function isUnderWay(rotation: Rotation, machine: PlannedMachine): boolean {
  const { fresh, keepOld, armed } = tentacleFacts(rotation.entries(), machine.key);
  return fresh !== null || keepOld !== null || armed !== 'no';
}

/** Why each machine that was not exchanged was not, by key. */
async function regenerate(context: PhaseContext, rotation: Rotation, reach: CertificateReach, machines: readonly PlannedMachine[]): Promise<Map<string, Failure>> {
  const failed = new Map<string, Failure>();
  const begun = machines.filter((machine) => isUnderWay(rotation, machine));
  for (const piece of batches(begun, rotation.tentacles.options.atOnce)) await whileEnabled(context, rotation, piece, (enabled) => exchange(context, rotation, reach, enabled, failed));
  const fresh = await sortOut(context, rotation, machines.filter((machine) => !begun.includes(machine)), failed);
  context.voice.info(`${fresh.length} Tentacle(s) are to be given a new certificate, ${begun.length} were under way, ${failed.size} cannot be.`);
  await inWaves(context, rotation, fresh, (piece) => exchange(context, rotation, reach, piece, failed), {
    stopped: (failures, untouched) => regenerateErrors.REGENERATE_STOPPED({ failures, threshold: rotation.scope.options.waves.stopAfter, untouched, machines: namedFailures(rotation, failed) }),
    // A node that goes on with old thumbprints would lose one wave after the other (B5).
    afterWave: async (wave) => {
      const { blind } = await proveEachNode(context, rotation, wave.filter((machine) => isDone(rotation, machine)), 'machines-answer');
      if (blind.length > 0) throw regenerateErrors.NODE_STALE({ nodes: blind });
    },
  });
  return failed;
}

/** Those that can be begun with. Whoever cannot be reached is not counted as one that failed. */
async function sortOut(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], failed: Map<string, Failure>): Promise<PlannedMachine[]> {
  const { enableDisabled, waivers } = rotation.tentacles.options;
  const now = context.clock.now();
  const reached = await inParallel(machines, IN_FLIGHT, async (machine) => (isProbed(machine) ? context.network.reach(machine.address!.host, machine.address!.port, CONNECT_TIMEOUT_MS) : ({ reached: true } as const)));
  return machines.filter((machine, index) => {
    const one = reached[index]!;
    if (waiverFor(machine, waivers, now) !== null) failed.set(machine.key, { reason: 'waived', text: 'it is not touched' });
    else if (machine.isDisabled && !enableDisabled) failed.set(machine.key, { reason: 'disabled', text: 'it is disabled, and Octopus skips disabled machines' });
    else if (!one.reached) failed.set(machine.key, { reason: 'off', text: `it does not answer (${one.code})` });
    else return true;
    return false;
  });
}

/** Exchanges the certificates of machines at once; answers with the number of those that failed. */
async function exchange(context: PhaseContext, rotation: Rotation, reach: CertificateReach, machines: readonly PlannedMachine[], failed: Map<string, Failure>): Promise<number> {
  await regenerateByTask(context, rotation, machines);
  let over = 0;
  const outcomes = await Promise.all(machines.map(async (machine) => {
    const outcome = await exchangeCertificate(context, rotation, machine, reach);
    over += 1;
    context.voice.progress(Math.round((over / machines.length) * 100), `${over} of ${machines.length} certificates exchanged or kept`);
    if (outcome.rotated) context.voice.info(`${printable(machine.name)} has certificate ${outcome.fresh}, proved, registered, and confirmed.`);
    else failed.set(machine.key, outcome.failure);
    return outcome.rotated;
  }));
  return outcomes.filter((rotated) => !rotated).length;
}

/** Says of each machine that was not exchanged why; refuses unless each of them stays behind by policy or waiver. Answers with their keys. */
async function recordNotExchanged(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], failed: ReadonlyMap<string, Failure>): Promise<Set<string>> {
  const all: NotExchanged[] = machines.flatMap((machine) => (failed.has(machine.key) ? [{ machine, ...failed.get(machine.key)! }] : []));
  const { left, unfinished } = judgeNotExchanged(all, rotation.tentacles.options, context.clock.now());
  const before = leftBehind(rotation.entries());
  for (const { machine, reason, text, waiver } of left) {
    context.voice.warn(`${printable(machine.name)}: ${printable(text, 300)}.`);
    if (before.get(machine.key)?.data.text !== text) await rotation.record({ kind: 'left-behind', subject: machine.key, data: { reason, text, waiver } });
  }
  for (const { machine, reason, text } of unfinished) {
    context.voice.warn(`${printable(machine.name)}: ${printable(text, 300)}.`);
    await rotation.record({ kind: 'unproved', subject: machine.key, data: { claim: 'disarmed', verdict: reason === 'unknown-certificate' ? 'unknown' : 'no', reason: text } });
  }
  for (const machine of machines) if (before.has(machine.key) && isDone(rotation, machine)) await rotation.record({ kind: 'caught-up', subject: machine.key, data: {} });
  demandPass(everyCertificateExchanged(unfinished));
  return new Set(left.map((one) => one.machine.key));
}

async function handOver(context: PhaseContext, inputs: RegenerateTentacleCertificatesInputs, rotation: Rotation, host: PlannedMachine) {
  const { executable } = await serverCommands(context, inputs.OctopusServer);
  const unit = await startRelay(context, inputs, rotation, { kind: 'own-certificate', octopusServer: executable });
  return {
    outcome: 'handed-over' as const,
    outputs: { HandedOver: 'True' },
    headline: `Every other Tentacle is done. Handed over to the relay (${unit}): when this run has ended it exchanges the certificate of the Tentacle on this machine (${printable(host.name)}) and runs this runbook again.`,
  };
}
