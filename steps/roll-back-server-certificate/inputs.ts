import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Roll back server certificate. */
export default interface RollBackServerCertificateInputs extends CommonInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
  /** Command line that restarts Octopus Server, where its own service command cannot. */
  RestartCommand?: string;
  /** What to do with machines that are off, disabled or unreachable: refuse to go back, or leave them behind with a repair command each. */
  OfflineMachines: 'refuse' | 'leave-behind';
  /** Machines that may stay behind: a JSON array of {machine, by, reason, until}. */
  Waivers?: string;
}
