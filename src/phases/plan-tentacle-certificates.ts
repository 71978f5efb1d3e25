import type PlanTentacleCertificatesInputs from '../../steps/plan-tentacle-certificates/inputs.ts';
import type { Phase } from './context.ts';

/** Being built; see src/rotations/tentacle-certificates.ts. */
export const phase: Phase<PlanTentacleCertificatesInputs> = {
  name: 'plan-tentacle-certificates',
  title: 'Plan Tentacle certificates',
  run: () => Promise.reject(new Error('This phase is not built yet.')),
};
