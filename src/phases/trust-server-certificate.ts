import type TrustServerCertificateInputs from '../../steps/trust-server-certificate/inputs.ts';
import { printable } from '../errors/printable.ts';
import { trustErrors } from '../errors/trust.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { demandPass } from '../gates/verdict.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { repairCommand } from '../tentacle/repair.ts';
import { trustScript } from '../tentacle/trust-script.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import type { Phase, PhaseContext } from './context.ts';
import { ownThumbprint, runOnHost } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { runOnMachines } from './machine-scripts.ts';
import { observeTrust, waitForTrust } from './probing.ts';
import { swapIsDone } from './swap-state.ts';
import { withRotation, type Rotation } from './rotation.ts';

/** How long a Tentacle may wait for its running scripts before its restart is deferred, and how long we wait for it to be back. */
export const IDLE_LIMIT_SECONDS = 120;
export const RESTART_DELAY_SECONDS = 1;

/**
 * Document 1, step 3: every Tentacle trusts NEW beside OLD. Observes on the wire first; only machines that do not accept NEW get a
 * script, which writes what is missing and restarts the service with its net (rule 3). Who cannot be reached is told by Prove.
 */
export const phase: Phase<TrustServerCertificateInputs> = {
  name: 'trust-server-certificate',
  title: 'Trust server certificate on Tentacles',
  run: (context, inputs) =>
    withRotation(context, 'trust-server-certificate', inputs, { requires: [{ subject: 'server', claim: 'new-stored' }] }, async (rotation) => {
      if (swapIsDone(rotation)) return { outcome: 'continue', outputs: {}, headline: 'The new certificate is in force already; trust was proved before the swap.' };
      const own = await ownThumbprint(context);
      demandPass(inventoryUnchanged(rotation.plan.machines, (await readInventory(rotation.octopus, await rotation.octopus.spaces(), own)).machines));
      const fresh = rotation.fresh!.thumbprint;
      const identities = await rotation.identities();
      const host = rotation.plan.machines.find((machine) => machine.isHost);
      const others = rotation.plan.machines.filter((machine) => !machine.isHost);

      const observations = await observeTrust(context, others, identities);
      const trusting = new Set(observations.filter((one) => one.probes?.fresh.verdict === 'trusted').map((one) => one.machine.key));
      const away = observations.filter((one) => one.reached && !one.reached.reached);
      for (const one of away) context.voice.warn(`${printable(one.machine.name)}: its port does not answer. On the machine: ${repairCommand({ trust: fresh })}`);
      const toWrite = observations.filter((one) => !trusting.has(one.machine.key) && !(one.reached && !one.reached.reached) && !one.machine.isDisabled && !wrongPeer(one)).map((one) => one.machine);
      context.voice.info(`${trusting.size} of ${rotation.plan.machines.length} machines trust the new certificate already; ${toWrite.length} are to be told, ${away.length} do not answer.`);

      const failed = await addTrust(context, rotation, toWrite, fresh);
      const awaited = toWrite.filter((machine) => !machine.viaProxy && !failed.has(machine.key));
      const waitMs = (IDLE_LIMIT_SECONDS + RESTART_DELAY_SECONDS + 60) * 1000;
      const there = await waitForTrust(context, awaited, identities, (look) => look.probes?.fresh.verdict === 'trusted' && look.probes.old.verdict === 'trusted', waitMs, 'restarted and trusting the new certificate');
      for (const machine of rotation.plan.machines) {
        if (trusting.has(machine.key) || there.has(machine.key)) await rotation.prove(machine.key, 'trusts-new', 'wire', { thumbprint: fresh });
      }
      if (host) await addTrustOnHost(context, rotation, host, fresh);
      const trusted = trusting.size + there.size + (host ? 1 : 0);
      for (const [key, reason] of failed) context.voice.warn(`${printable(nameOf(rotation, key))}: ${printable(reason, 300)}`);
      return {
        outcome: 'continue',
        outputs: { TrustedCount: String(trusted) },
        headline: `${trusted} of ${rotation.plan.machines.length} machines trust the new certificate ${fresh}${host ? ', the one that runs this step as written' : ''}.`,
      };
    }),
};

async function addTrust(context: PhaseContext, rotation: Rotation, machines: PlannedMachine[], fresh: Rotation['plan']['old']): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  if (machines.length === 0) return failed;
  await rotation.guard();
  await Promise.all(machines.map((machine) => rotation.intend('add-trust', machine.key, { thumbprint: fresh })));
  const body = trustScript({ rotationId: rotation.id, fence: rotation.fence, operation: 'add', thumbprint: fresh, restart: 'detached', restartDelaySeconds: RESTART_DELAY_SECONDS, restartWatchSeconds: rotation.plan.options.restartWatchSeconds, idleLimitSeconds: IDLE_LIMIT_SECONDS });
  const outcomes = await runOnMachines(context, rotation.octopus, rotation.id, machines, 'Octopus Rotation: trust the new server certificate', body);
  for (const machine of machines) {
    const outcome = outcomes.get(machine.key)!;
    if (!outcome.result) {
      failed.set(machine.key, outcome.reason);
      continue;
    }
    await noteForeignTrust(rotation, machine, outcome.result);
    if (outcome.result.outcome === 'unchanged' || outcome.result.outcome === 'changed') {
      await rotation.done('add-trust', machine.key, { outcome: outcome.result.outcome, restart: outcome.result.restart });
      await rotation.prove(machine.key, 'trust-written', 'read-back', { thumbprint: fresh, effective: outcome.result.effective });
    } else failed.set(machine.key, `${outcome.result.outcome}: ${outcome.result.reason ?? 'no reason given'}`);
  }
  return failed;
}

/** The host's own Tentacle is edited here, locally, and restarted by the relay between the runs (A41). */
async function addTrustOnHost(context: PhaseContext, rotation: Rotation, host: PlannedMachine, fresh: Rotation['plan']['old']): Promise<void> {
  const script = (operation: 'observe' | 'add') => trustScript({ rotationId: rotation.id, fence: rotation.fence, operation, thumbprint: fresh, restart: 'none', restartDelaySeconds: 0, restartWatchSeconds: rotation.plan.options.restartWatchSeconds, idleLimitSeconds: IDLE_LIMIT_SECONDS });
  let result = await runOnHost(context, rotation.id, host.own, script('observe'));
  if (!trusts(result, fresh)) {
    await rotation.effect('add-trust', host.key, { thumbprint: fresh }, async () => {
      result = await runOnHost(context, rotation.id, host.own, script('add'));
      if (!trusts(result, fresh)) throw trustErrors.TRUST_NOT_PROVED({ machines: [{ name: host.name, reason: `${result.outcome}: ${result.reason ?? 'its list does not hold the new certificate'}` }] });
      return { outcome: result.outcome, restart: result.restart };
    });
  }
  await noteForeignTrust(rotation, host, result);
  await rotation.prove(host.key, 'trust-written', 'read-back', { thumbprint: fresh, effective: result.effective });
}

/** True when the list read back last holds exactly this thumbprint for a listening Tentacle. */
export function trusts(result: MachineResult, thumbprint: string): boolean {
  return result.after.some((entry) => entry.thumbprint === thumbprint);
}

/** Entries of other Octopus Servers are shown and kept (A25). */
async function noteForeignTrust(rotation: Rotation, machine: PlannedMachine, result: MachineResult): Promise<void> {
  const known = new Set<string>([rotation.plan.old, rotation.fresh!.thumbprint]);
  const foreign = [...new Set(result.after.map((entry) => entry.thumbprint.toUpperCase()).filter((thumbprint) => !known.has(thumbprint)))];
  if (foreign.length > 0) await rotation.record({ kind: 'foreign-trust', subject: machine.key, data: { thumbprints: foreign } });
}

function wrongPeer(one: { probes: { fresh: { verdict: string } } | null }): boolean {
  return one.probes?.fresh.verdict === 'wrong-peer';
}

function nameOf(rotation: Rotation, key: string): string {
  return rotation.plan.machines.find((machine) => machine.key === key)?.name ?? key;
}
