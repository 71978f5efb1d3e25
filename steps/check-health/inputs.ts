import type { PlannedInputs } from '../common-inputs.ts';

/** Inputs of Check health. */
export default interface CheckHealthInputs extends PlannedInputs {
  /** Thumbprint of the server certificate that is replaced; none when Tentacle certificates are rotated. */
  OldThumbprint?: string;
  /** Thumbprint of the new server certificate; none when Tentacle certificates are rotated. */
  NewThumbprint?: string;
  /** Which change the machines must have survived. */
  After: 'swap' | 'retire' | 'regenerate';
}
