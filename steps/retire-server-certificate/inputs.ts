import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Retire old trust. */
export default interface RetireServerCertificateInputs extends NewCertificateInputs {
  /**
   * How long both certificates stay trusted after the swap.
   * @minimum 0
   */
  GraceHours: number;
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
