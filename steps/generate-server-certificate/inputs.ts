import type { RotationInputs } from '../common-inputs.ts';

/** Inputs of Generate server certificate. */
export default interface GenerateServerCertificateInputs extends RotationInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
