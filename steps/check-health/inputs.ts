import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Check health. */
export default interface CheckHealthInputs extends NewCertificateInputs {
  /** Which change the machines must have survived. */
  After: 'swap' | 'retire';
}
