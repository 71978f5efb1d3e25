import type { PlannedInputs } from '../common-inputs.ts';

/** Inputs of Regenerate Tentacle certificates. */
export default interface RegenerateTentacleCertificatesInputs extends PlannedInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
