import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Repair Tentacle certificates. It finds the rotation by itself, and opens one that only repairs where none is open. */
export default interface RepairTentacleCertificatesInputs extends CommonInputs {
  /** Only these machines: names separated by commas. Without it, each that does not answer or shows another certificate than its registration. */
  Machines?: string;
}
