import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Prove trust. */
export default interface ProveServerCertificateTrustInputs extends NewCertificateInputs {}
