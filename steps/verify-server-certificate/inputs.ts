import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Verify server certificate. */
export default interface VerifyServerCertificateInputs extends NewCertificateInputs {}
