import type VerifyTentacleCertificatesInputs from '../../steps/verify-tentacle-certificates/inputs.ts';
import type { Phase } from './context.ts';

/** Being built; see src/rotations/tentacle-certificates.ts. */
export const phase: Phase<VerifyTentacleCertificatesInputs> = {
  name: 'verify-tentacle-certificates',
  title: 'Verify Tentacle certificates',
  run: () => Promise.reject(new Error('This phase is not built yet.')),
};
