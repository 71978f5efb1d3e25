import type CheckHealthInputs from '../../steps/check-health/inputs.ts';
import { are, counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { regenerateErrors } from '../errors/regenerate.ts';
import { healthProved, type HealthObservation } from '../gates/health.ts';
import { demandPass } from '../gates/verdict.ts';
import { leftBehind } from '../journal/views.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { Phase, PhaseContext } from './context.ts';
import { proveEachNode } from './answers-per-node.ts';
import { whileEnabled } from './disabled-machines.ts';
import { demandHealth } from './health-task.ts';
import { machinesToSee } from './present-machines.ts';
import { withRotation, type Rotation } from './rotation.ts';

const HEALTH_TIMEOUT_MS = 30 * 60_000;
const POLLING_PATIENCE_MS = 4 * 60_000;
const POLLING_PAUSE_MS = 5_000;

/** What must be proved before, what is proved by it, and its name in a sentence. */
const AFTER = {
  swap: { requires: [{ subject: 'server', claim: 'database-shows-new' }, { subject: 'server', claim: 'node-presents-new' }], proves: 'healthy-after-swap', text: 'the swap' },
  retire: { requires: [{ subject: 'server', claim: 'database-shows-new' }, { subject: 'server', claim: 'node-presents-new' }], proves: 'healthy-after-retire', text: 'retiring' },
  regenerate: { requires: [{ subject: 'estate', claim: 'regenerated' }], proves: 'healthy-after-regenerate', text: 'the exchange' },
} as const;

/** Document 1, steps 5 and 7: a full health check of every machine that was proved, judged by each machine's own health, never by the state of the task. */
export const phase: Phase<CheckHealthInputs> = {
  name: 'check-health',
  title: 'Check health',
  run: (context, inputs) =>
    withRotation(context, `check-health-after-${inputs.After}`, inputs, { requires: [...AFTER[inputs.After].requires] }, async (rotation) => {
      const present = await machinesToSee(context, rotation, { tellsNewcomers: inputs.After === 'swap' });
      const behind = leftBehind(rotation.entries());
      const observations = await whileEnabled(context, rotation, present, (enabled) => observeHealth(context, rotation, enabled));
      await Promise.all(observations.filter((one) => one.healthy).map((one) => rotation.prove(one.machine.key, 'healthy', 'rest', { after: inputs.After })));
      // A single machine that fell away is left behind, not a reason to undo (rule 10).
      const gone = observations.filter((one) => !one.healthy && one.unavailable && rotation.scope.options.offlineMachines === 'leave-behind');
      for (const one of gone) await rotation.record({ kind: 'left-behind', subject: one.machine.key, data: { reason: 'unreachable', text: `after ${AFTER[inputs.After].text} it is ${one.status}`, waiver: null } });
      demandPass(healthProved(inputs.After, observations.filter((one) => !gone.includes(one))));
      const healthy = observations.length - gone.length;
      const answering = observations.filter((one) => one.healthy).map((one) => one.machine);
      const { unseen, blind } = await proveEachNode(context, rotation, answering, inputs.After === 'regenerate' ? 'machines-answer' : 'polling-answers');
      if (inputs.After === 'regenerate' && blind.length > 0) throw regenerateErrors.NODE_STALE({ nodes: blind });
      const behindCount = behind.size + gone.length;
      await rotation.prove('estate', AFTER[inputs.After].proves, 'rest', { machines: healthy });
      return {
        outcome: 'continue',
        outputs: { HealthyCount: String(healthy), LeftBehindCount: String(behindCount) },
        headline: `${counted(healthy, 'machine')} ${are(healthy)} healthy after ${AFTER[inputs.After].text}; ${behindCount} ${are(behindCount)} left behind${present.length > observations.length ? `, ${present.length - observations.length} disabled and not checked` : ''}.${unseen.length > 0 ? ` Unknown remains whether ${inputs.After === 'regenerate' ? 'they' : 'polling Tentacles'} answer node ${unseen.map((name) => printable(name)).join(', ')}.` : ''}`,
      };
    }),
};

/** Octopus checks none that is disabled; of those the look at their trust is all that can be known. */
async function observeHealth(context: PhaseContext, rotation: Rotation, present: readonly PlannedMachine[]): Promise<HealthObservation[]> {
  const machines = present.filter((machine) => !machine.isDisabled);
  await checkHealthOf(context, rotation, machines);
  let observations = await readHealth(rotation, machines);
  // A polling Tentacle that met the other certificate pauses for up to two minutes before it comes again (A18): it is asked until twice that is over.
  const deadline = context.clock.monotonic() + POLLING_PATIENCE_MS;
  for (let late = lateOnes(observations); late.length > 0 && context.clock.monotonic() < deadline; late = lateOnes(observations)) {
    context.voice.progress(0, `${late.length} polling Tentacle(s) have not come back yet`);
    await context.clock.sleep(POLLING_PAUSE_MS);
    // A check that was cancelled says nothing of them, and they are asked again.
    const isAnswered = await checkHealthOf(context, rotation, late).then(() => true, bearUnknown);
    if (!isAnswered) continue;
    const again = new Map((await readHealth(rotation, late)).map((one) => [one.machine.key, one]));
    observations = observations.map((one) => again.get(one.machine.key) ?? one);
  }
  return observations;
}

/**
 * The host runs this very step, and Octopus runs one script at a time on a Tentacle: a full check of it would wait for us (A41). Its
 * connection is tested instead; it is checked as the relay's probe.
 */
async function checkHealthOf(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[]): Promise<void> {
  for (const { id: spaceId, name } of rotation.scope.spaces) {
    for (const onlyTestConnection of [false, true]) {
      const ids = machines.filter((machine) => machine.isHost === onlyTestConnection).flatMap((machine) => machine.registrations.filter((one) => one.spaceId === spaceId && !one.isDisabled).map((one) => one.id));
      if (ids.length === 0) continue;
      const queued = await rotation.octopus.checkHealth({ description: `Octopus Rotation: check health [${rotation.id}]`, spaceId, machineIds: ids as [string, ...string[]], onlyTestConnection, timeoutMs: HEALTH_TIMEOUT_MS });
      context.voice.info(`${queued.id}: ${onlyTestConnection ? 'connection test' : 'full health check'} of ${ids.length} registration(s) in ${name}`);
      // Failed is an answer (some machine is not healthy); Canceled and time-outs are not.
      demandHealth(await rotation.octopus.waitForTask(queued.id, { timeoutMs: HEALTH_TIMEOUT_MS }));
    }
  }
}

function bearUnknown(error: unknown): false {
  if (refusalsOf(error).some((one) => one.code === 'HEALTH_UNKNOWN')) return false;
  throw error;
}

function lateOnes(observations: readonly HealthObservation[]): PlannedMachine[] {
  return observations.filter((one) => one.machine.route === 'polling' && !one.healthy).map((one) => one.machine);
}

async function readHealth(rotation: Rotation, machines: readonly PlannedMachine[]): Promise<HealthObservation[]> {
  const health = new Map<string, { status: string; summary: string }>();
  for (const { id } of rotation.scope.spaces) for (const one of await rotation.octopus.registrations(id)) health.set(one.id, { status: one.healthStatus, summary: one.statusSummary });
  return machines.map((machine) => {
    const states = machine.registrations.filter((one) => !one.isDisabled).map((one) => health.get(one.id) ?? { status: 'gone', summary: 'its registration is gone' });
    const bad = states.find((one) => one.status !== 'Healthy' && one.status !== 'HasWarnings');
    return { machine, healthy: states.length > 0 && bad === undefined, unavailable: bad?.status === 'Unavailable', status: bad ? `${bad.status}${bad.summary ? `: ${bad.summary}` : ''}` : 'Healthy' };
  });
}
