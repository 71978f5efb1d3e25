import type { RotationInputs } from '../common-inputs.ts';

/** Inputs of Back up server certificate. */
export default interface BackUpServerCertificateInputs extends RotationInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
