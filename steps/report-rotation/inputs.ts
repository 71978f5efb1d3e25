import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Report. It always runs, so it may be told nothing but the run. */
export default interface ReportRotationInputs extends CommonInputs {
  /** The rotation to report; without it, the open one. */
  RotationId?: string;
}
