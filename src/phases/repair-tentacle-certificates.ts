import type RepairTentacleCertificatesInputs from '../../steps/repair-tentacle-certificates/inputs.ts';
import type { Phase } from './context.ts';

/** Being built; see src/rotations/tentacle-certificates.ts. */
export const phase: Phase<RepairTentacleCertificatesInputs> = {
  name: 'repair-tentacle-certificates',
  title: 'Repair Tentacle certificates',
  run: () => Promise.reject(new Error('This phase is not built yet.')),
};
