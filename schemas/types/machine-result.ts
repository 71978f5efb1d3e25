// Generated from schemas/machine-result.schema.json by `npm run schemas`. Change the schema, not this file.

export type Thumbprint = string;

/**
 * What the trust script on a Tentacle's machine says of itself, one line of a task's log (rule 9).
 */
export interface MachineResult {
  rotationId: string;
  own: Thumbprint;
  operation: 'observe' | 'add' | 'remove' | 'update-trust';
  outcome: 'unchanged' | 'changed' | 'refused' | 'failed';
  /**
   * Why it refused or failed; null when it did neither.
   */
  reason:
    | null
    | 'environment-override'
    | 'configuration-unreadable'
    | 'list-broken'
    | 'keep-missing'
    | 'pollable-entry'
    | 'no-detached-restart'
    | 'service-unknown'
    | 'no-lock'
    | 'no-state-folder'
    | 'busy'
    | 'configure-failed'
    | 'read-back-differs'
    | 'no-configuration-file'
    | 'configuration-encoding'
    | 'configuration-doctype'
    | 'configuration-malformed'
    | 'duplicate-key'
    | 'configuration-differs'
    | 'configuration-changed'
    | 'no-pollable-entry'
    | 'duplicate-entries'
    | 'twin-missing'
    | 'twin-differs'
    | 'not-writable'
    | 'write-failed'
    | 'not-elevated'
    | 'no-openssl';
  /**
   * @maxItems 10000
   */
  before: Entry[];
  /**
   * @maxItems 10000
   */
  after: Entry[];
  effective: 'yes' | 'no' | 'unknown';
  restart: 'armed' | 'not-needed' | 'none';
  lastRestart: 'none' | 'running' | 'good' | 'reverted' | 'deferred' | 'failed';
  /**
   * Equal for two registrations of one Tentacle, different for two clones of one machine: SHA-256 over boot, machine and home.
   */
  identity: string;
}
export interface Entry {
  thumbprint: string;
  style: 'None' | 'TentaclePassive' | 'TentacleActive' | 'KubernetesTentacle';
  address: string | null;
  subscriptionId: string | null;
}
