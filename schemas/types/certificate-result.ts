// Generated from schemas/certificate-result.schema.json by `npm run schemas`. Change the schema, not this file.

export type Thumbprint = string;
export type ThumbprintOrNull = string | null;

/**
 * What the script about a Tentacle's own certificate says of itself, one line of a task's log (rule 9).
 */
export interface CertificateResult {
  rotationId: string;
  own: Thumbprint;
  operation: 'observe' | 'stage' | 'arm' | 'disarm' | 'revert' | 'look';
  outcome: 'unchanged' | 'changed' | 'refused' | 'failed';
  /**
   * Why it refused or failed; null when it did neither.
   */
  reason:
    | null
    | 'environment-override'
    | 'configuration-unreadable'
    | 'list-broken'
    | 'service-unknown'
    | 'no-lock'
    | 'no-state-folder'
    | 'busy'
    | 'not-elevated'
    | 'kubernetes'
    | 'no-configuration-file'
    | 'configuration-encoding'
    | 'configuration-doctype'
    | 'configuration-malformed'
    | 'duplicate-key'
    | 'configuration-differs'
    | 'configuration-changed'
    | 'not-writable'
    | 'write-failed'
    | 'disk-full'
    | 'no-way-back'
    | 'too-old'
    | 'new-certificate-failed'
    | 'sha1-certificate'
    | 'import-failed'
    | 'not-finished'
    | 'not-staged'
    | 'no-detached-job'
    | 'other-certificate'
    | 'not-in-force'
    | 'still-armed'
    | 'nothing-to-revert'
    | 'revert-failed';
  /**
   * What this Tentacle's certificate is in the middle of, or what the last job came to.
   */
  state: 'none' | 'staged' | 'armed' | 'switching' | 'switched' | 'reverting' | 'disarmed' | 'reverted' | 'not-switched' | 'failed';
  /**
   * Why the job did not switch, or reverted, or failed.
   */
  why: null | 'scripts-running' | 'service-failed' | 'not-confirmed' | 'asked' | 'configuration-changed' | 'write-failed' | 'not-writable';
  /**
   * The rotation that state, old and new belong to.
   */
  noteOf: string | null;
  old: ThumbprintOrNull;
  new: ThumbprintOrNull;
  /**
   * Of NEW: with SHA-256 or better, or not to be seen on that machine. SHA-1 is refused when it is staged.
   */
  signature: null | 'strong' | 'unknown';
  /**
   * stopped: enabled, so that it begins at the next start of the machine, but not running.
   */
  job: 'none' | 'runs' | 'stopped';
  /**
   * Until it reverts, unless disarmed.
   */
  secondsLeft: number | null;
  inForce: ThumbprintOrNull;
  /**
   * kept: the values of OLD lie there, and the configuration holds OLD or NEW and nothing else.
   */
  wayBack: 'kept' | 'none';
  /**
   * A detached restart of the trust scripts that is still under way.
   */
  pending: 'none' | 'restart';
  /**
   * @maxItems 10000
   */
  trusted: Entry[];
  freeKilobytes: number | null;
  /**
   * The machine's clock: seconds since 1970 UTC.
   */
  clock: number;
  /**
   * Equal for two registrations of one Tentacle, different for two clones of one machine.
   */
  identity: string;
}
export interface Entry {
  thumbprint: string;
  style: 'None' | 'TentaclePassive' | 'TentacleActive' | 'KubernetesTentacle';
  address: string | null;
  subscriptionId: string | null;
}
