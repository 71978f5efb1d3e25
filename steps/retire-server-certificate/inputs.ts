import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Retire old trust. */
export default interface RetireServerCertificateInputs extends NewCertificateInputs {}
