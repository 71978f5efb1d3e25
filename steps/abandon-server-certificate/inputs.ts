import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Abandon server certificate rotation. */
export default interface AbandonServerCertificateInputs extends CommonInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
