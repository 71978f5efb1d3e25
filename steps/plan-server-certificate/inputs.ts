import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Plan server certificate. */
export default interface PlanServerCertificateInputs extends CommonInputs {
  /** What to do with machines that are off, disabled or unreachable before the swap: refuse, or leave them behind with a repair command each. */
  OfflineMachines: 'refuse' | 'leave-behind';
  /** A certificate older than this is due. */
  MaximumAgeDays: number;
  /** A certificate that expires within so many days is due. */
  ExpiresWithinDays: number;
  /** A ticket or a reason: rotate now although it is not due. Each text works once. */
  Force?: string;
  /** Machines that may stay behind: a JSON array of {machine, by, reason, until}. */
  Waivers?: string;
  /** How long running tasks may take to end before the server is restarted. */
  DrainLimitMinutes: number;
  /** How long a restarted Tentacle is watched before its old trust list is put back. */
  RestartWatchSeconds: number;
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
