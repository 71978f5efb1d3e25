import type RegenerateTentacleCertificatesInputs from '../../steps/regenerate-tentacle-certificates/inputs.ts';
import type { Phase } from './context.ts';

/** Being built; see src/rotations/tentacle-certificates.ts. */
export const phase: Phase<RegenerateTentacleCertificatesInputs> = {
  name: 'regenerate-tentacle-certificates',
  title: 'Regenerate Tentacle certificates',
  run: () => Promise.reject(new Error('This phase is not built yet.')),
};
