import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { CertificateResult } from '../tentacle/contract.ts';

/** One exchanged Tentacle, seen anew from each side. */
export interface VerifiedSight {
  machine: PlannedMachine;
  /** What it must have; null: the journal names none. */
  fresh: Thumbprint | null;
  registered: readonly (Thumbprint | null)[];
  /** On its listener; `silent`: no answer; null: only the server reaches it. */
  wire: Thumbprint | 'silent' | null;
  /** What it says of itself; null: no answer. */
  told: CertificateResult | null;
}

/** The first thing that is not as it must be, as a clause; null when all is. What is not known is not as it must be (rule 20). Pure. */
export function verifyFinding({ fresh, registered, wire, told }: VerifiedSight): string | null {
  if (fresh === null) return 'the journal names no new certificate of it';
  if (registered.length === 0 || registered.some((one) => one !== fresh)) return `not every registration of it holds ${fresh}`;
  if (wire === 'silent') return 'its port does not answer';
  if (wire !== null && wire !== fresh) return `it shows ${wire} on a new connection, not ${fresh}`;
  if (told === null) return 'it did not say which certificate it has';
  if (told.own !== fresh) return `its configuration holds ${told.own}, not ${fresh}`;
  if (told.inForce !== null && told.inForce !== fresh) return `its service still runs with ${told.inForce}`;
  if (told.inForce === null && wire === null) return 'which certificate its service runs with is not known';
  if (told.job !== 'none' || !['disarmed', 'none'].includes(told.state)) return `its switch is ${told.state}, with a job that is ${told.job}`;
  return null;
}
