import type { CommonInputs } from '../common-inputs.ts';

/** Inputs of Plan Tentacle certificates. */
export default interface PlanTentacleCertificatesInputs extends CommonInputs {
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
  /** A ticket or a reason: exchange the certificates now although they are not due. Each text works once. */
  Force?: string;
  /** Only these machines, which are then due: names separated by commas. Works once for the same machines, tags and environments; to repeat it give a ticket or a reason too. */
  Machines?: string;
  /** Only machines with one of these tags (target roles), which are then due: separated by commas. */
  Tags?: string;
  /** Only machines of one of these environments, which are then due: names or ids separated by commas. */
  Environments?: string;
  /** What to do with machines that are off, disabled, unreachable, or refuse by themselves: refuse, or leave them behind with their old certificate. */
  OfflineMachines: 'refuse' | 'leave-behind';
  /** Enable disabled machines for the tasks that change them, and disable them again. */
  EnableDisabled: boolean;
  /** Tentacles that another Octopus Server uses too, which would lose them: refuse, or exchange their certificates all the same. */
  OtherServers: 'refuse' | 'accept';
  /** How a certificate is exchanged: by a switch on the machine that goes back by itself, or by the task TentacleRegenerateCertificate where the server lists it. */
  Method: 'switch' | 'task';
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
  /** Machines that may stay behind: a JSON array of {machine, by, reason, until}. */
  Waivers?: string;
  /**
   * How long a machine waits to be confirmed before it puts its old certificate back: longer than a task waits in the queue, and four minutes.
   * @minimum 1
   */
  ConfirmMinutes: number;
  /**
   * How long a restarted Tentacle is watched before its old certificate is put back.
   * @minimum 10
   */
  RestartWatchSeconds: number;
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}
