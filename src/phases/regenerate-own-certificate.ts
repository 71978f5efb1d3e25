import { regenerateErrors } from '../errors/regenerate.ts';
import type { PhaseContext } from './context.ts';
import { exchangeCertificate } from './certificate-exchange.ts';
import { besideHost } from './certificate-reach.ts';
import type { Rotation } from './rotation.ts';

/** The relay's part between two runs: the Tentacle of this machine, which runs the steps, is exchanged, proved and disarmed while none of them runs (A41). */
export async function regenerateOwnCertificate(context: PhaseContext, rotation: Rotation): Promise<void> {
  const host = rotation.scope.machines.find((machine) => machine.isHost);
  if (host === undefined) return;
  await rotation.stage('own-certificate', 'exchanges the certificate of the Tentacle of this machine');
  const outcome = await exchangeCertificate(context, rotation, host, besideHost(context, rotation));
  if (!outcome.rotated) throw regenerateErrors.OWN_CERTIFICATE_NOT_EXCHANGED({ name: host.name, reason: outcome.failure.text });
  await rotation.stage('own-certificate', `proved and confirmed certificate ${outcome.fresh}`);
}
