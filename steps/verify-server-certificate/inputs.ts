import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Verify server certificate. */
export default interface VerifyServerCertificateInputs extends NewCertificateInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
