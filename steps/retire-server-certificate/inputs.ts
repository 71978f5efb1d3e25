import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Retire old trust. */
export default interface RetireServerCertificateInputs extends NewCertificateInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
