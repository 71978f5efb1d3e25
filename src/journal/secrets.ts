import { hkdfSync } from 'node:crypto';
import { journalErrors } from '../errors/journal.ts';
import type { RotationId } from './rotation-id.ts';

/** Keys of one rotation, all derived from `Rotation.Secret` (rule 12): nothing has to be kept but that one variable. */
export interface RotationSecrets {
  /** Authenticates journal entries, 32 bytes. */
  journalKey(rotationId: RotationId): Uint8Array;
  /** Password of the PFX with OLD or NEW: 43 letters, digits, `-` and `_`, so that it survives every command line. */
  pfxPassword(rotationId: RotationId, which: 'old' | 'new'): string;
  /** Authenticates the relay's job, 32 bytes. */
  relayJobKey(rotationId: RotationId): Uint8Array;
  /** Authenticates messages between the relays of several nodes, 32 bytes. */
  mailboxKey(rotationId: RotationId): Uint8Array;
}

/**
 * HKDF-SHA256 (RFC 5869) with the rotation id and the purpose as info, so that no key says anything about another one. Refuses a
 * secret of less than 32 characters (ROTATION_SECRET_TOO_SHORT): it was not made by install.
 */
export function rotationSecrets(rotationSecret: string): RotationSecrets {
  if (rotationSecret.length < 32) throw journalErrors.ROTATION_SECRET_TOO_SHORT({ length: rotationSecret.length });
  const derive = (rotationId: RotationId, purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', Buffer.from(rotationSecret, 'utf8'), 'octopus-rotation', `1 ${rotationId} ${purpose}`, 32));
  return {
    journalKey: (rotationId) => derive(rotationId, 'journal'),
    pfxPassword: (rotationId, which) => password(derive(rotationId, `pfx ${which}`)),
    relayJobKey: (rotationId) => derive(rotationId, 'relay-job'),
    mailboxKey: (rotationId) => derive(rotationId, 'mailbox'),
  };
}

/** A first character of `-` would read as an option. */
function password(bytes: Buffer): string {
  return bytes.toString('base64url').replace(/^-/, '_');
}
