import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Trust server certificate on Tentacles. */
export default interface TrustServerCertificateInputs extends NewCertificateInputs {}
