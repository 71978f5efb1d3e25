import type { PlannedInputs } from '../common-inputs.ts';

/** Inputs of Verify Tentacle certificates. */
export default interface VerifyTentacleCertificatesInputs extends PlannedInputs {}
