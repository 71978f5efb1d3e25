import { isRotationId, rotationNameOf } from '../journal/rotation-id.ts';
import { abandoning, proofOf, rollingBack } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { finishServerCertificate } from './finish-server-certificate.ts';
import type { Rotation } from './rotation.ts';

/** True when every step has done its part and only the host's own Tentacle and the last entry are missing. */
export function readyToFinish(rotation: Pick<Rotation, 'entries'>): boolean {
  const entries = rotation.entries();
  return proofOf(entries, 'estate', abandoning(entries) ? 'abandoned' : rollingBack(entries) ? 'rolled-back' : 'verified') !== null;
}

/** What the relay's last work is called in the journal. */
export function finishingPhase(rotationId: string): string {
  return isRotationId(rotationId) && rotationNameOf(rotationId) === 'tentacle-certificates' ? 'finish-tentacle-certificates' : 'finish-server-certificate';
}

/** The relay's last work, after which the rotation has ended. Every Tentacle certificate was verified by then, the host's own too. */
export async function finishRotation(context: PhaseContext, rotation: Rotation): Promise<void> {
  if (rotationNameOf(rotation.id) === 'tentacle-certificates') await rotation.record({ kind: 'ended', subject: 'estate', data: { outcome: 'completed' } });
  else await finishServerCertificate(context, rotation);
}
