import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Plan server certificate. */
export default interface PlanServerCertificateInputs extends CommonInputs {
  /** What to do with machines that are off, disabled or unreachable before the swap: refuse, or leave them behind with a repair command each. */
  OfflineMachines: 'refuse' | 'leave-behind';
  /** Enable disabled machines for the tasks that change them, and disable them again. */
  EnableDisabled: boolean;
  /** How polling Tentacles are brought over: a twin entry beside each old one, or a timed update-trust with a way back. */
  PollingRoute: 'twin' | 'update-trust';
  /** In which groups machines are changed: so many at a time, or one environment after the other. */
  WaveBy: 'size' | 'environment';
  /**
   * Machines in one wave, for waves by size.
   * @minimum 1
   */
  WaveSize: number;
  /**
   * Machines changed first, alone, before any wave starts.
   * @minimum 0
   */
  Canaries: number;
  /**
   * Machines changed at once within a wave.
   * @minimum 1
   */
  AtOnce: number;
  /**
   * After more failed machines than this no further wave starts.
   * @minimum 0
   */
  StopAfterFailures: number;
  /**
   * A certificate older than this is due.
   * @minimum 0
   */
  MaximumAgeDays: number;
  /**
   * A certificate that expires within so many days is due.
   * @minimum 0
   */
  ExpiresWithinDays: number;
  /** A ticket or a reason: rotate now although it is not due. Each text works once. */
  Force?: string;
  /** Machines that may stay behind: a JSON array of {machine, by, reason, until}. */
  Waivers?: string;
  /**
   * How long running tasks may take to end before the server is restarted.
   * @minimum 0
   */
  DrainLimitMinutes: number;
  /**
   * How long a restarted Tentacle is watched before its old trust list is put back.
   * @minimum 10
   */
  RestartWatchSeconds: number;
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
