import { swapErrors } from '../errors/swap.ts';
import type { TrustObservation } from '../gates/trust.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { reasonText } from '../tentacle/reasons.ts';
import type { PhaseContext } from './context.ts';
import { runOnHost } from './host-script.ts';
import { isProbed, readBackOf } from './looking.ts';
import { machineScript, type ScriptWish } from './machine-scripts.ts';
import { observeTrust } from './probing.ts';
import type { Rotation } from './rotation.ts';

const OWN_TENTACLE_MS = 150_000;
const POLL_MS = 500;

/**
 * The relay's part of A41: the Tentacle of this machine, whose list a step edited, is restarted with its net now that no script of
 * ours runs on it, and must show what is wished. Answers false when it does not in time.
 */
export async function restartOwnTentacle(context: PhaseContext, rotation: Rotation, host: PlannedMachine, script: Pick<ScriptWish, 'operation' | 'direction'>, wished: (look: TrustObservation) => boolean): Promise<boolean> {
  if (wished(await lookAtHost(context, rotation, host))) return true;
  await rotation.stage('own-tentacle', 'restarts the Tentacle of this machine');
  await rotation.effect('restart-own-tentacle', host.key, {}, async () => {
    const result = await runOnHost(context, rotation.id, host.own, machineScript(rotation, host, { ...script, restart: 'detached', place: 'host' }));
    if (result.outcome === 'refused' || result.outcome === 'failed') throw swapErrors.OWN_TENTACLE_NOT_PROVED({ reason: reasonText(result.reason) });
    return { restart: result.restart };
  });
  const start = context.clock.monotonic();
  while (context.clock.monotonic() - start < OWN_TENTACLE_MS) {
    if (wished(await lookAtHost(context, rotation, host))) return true;
    await context.clock.sleep(POLL_MS);
  }
  return false;
}

async function lookAtHost(context: PhaseContext, rotation: Rotation, host: PlannedMachine): Promise<TrustObservation> {
  if (isProbed(host)) return (await observeTrust(context, [host], await rotation.identities()))[0]!;
  const result = await runOnHost(context, rotation.id, host.own, machineScript(rotation, host, { operation: 'observe', restart: 'none', place: 'host' }));
  return { machine: host, reached: { reached: true }, probes: null, readBack: readBackOf(rotation, host, result) };
}
