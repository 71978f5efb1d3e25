/** What the tentacle folder gives to phases. Implemented in src/tentacle/{trust-list,trust-script,machine-result,trust-probe,repair}.ts. */
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { ClientIdentity, Network } from '../ports/network.ts';

/** One entry of Tentacle.Communication.TrustedOctopusServers as found (tentacle-trust.md section 4). */
export interface TrustEntry { thumbprint: string; style: 'None' | 'TentaclePassive' | 'TentacleActive' | 'KubernetesTentacle'; address: string | null; subscriptionId: string | null }

export type ProbeVerdict =
  | { verdict: 'trusted'; peer: Thumbprint; milliseconds: number }
  | { verdict: 'not-trusted'; peer: Thumbprint; milliseconds: number }
  | { verdict: 'wrong-peer'; peer: Thumbprint; milliseconds: number }
  | { verdict: 'inconclusive'; reason: string; code: string; milliseconds: number };

/** trust-probe.ts: tentacle-trust.md section 7, to the byte. `expectedPeer` undefined: any peer (only the command line does that). */
export type ProbeTrust = (network: Network, options: { host: string; port: number; identity: ClientIdentity; expectedPeer?: Thumbprint; timeoutMs?: number; monotonic: () => number }) => Promise<ProbeVerdict>;
/** trust-probe.ts: the certificate shown at a listener, ended cleanly (section 8). */
export type ReadPeer = (network: Network, options: { host: string; port: number; timeoutMs?: number }) => Promise<{ thumbprint: Thumbprint; der: Uint8Array }>;

/**
 * trust-script.ts: the text of a Bash script that a Tentacle runs on itself (or that the host runs locally for its own). Typed tokens
 * only (rule 14). It observes, changes only what is missing, reads back, arms the detached restart with its net (rule 3) if the
 * running service does not have the wished list in force, and ends with one result line.
 */
export type TrustScript = (options: {
  rotationId: string;
  fence: number;
  operation: 'observe' | 'add' | 'remove';
  /** For add: the one to be trusted. For remove: the one to be distrusted. */
  thumbprint: Thumbprint;
  /** For remove: must be trusted and stays; otherwise the script refuses. */
  keep?: Thumbprint;
  restart: 'detached' | 'none';
  /** Who runs it: a script of that very Tentacle (the default), or the relay beside it on the host. */
  place?: 'tentacle' | 'host';
  restartDelaySeconds: number;
  restartWatchSeconds: number;
  /** How long the restarter waits for running scripts to end before it defers. */
  idleLimitSeconds: number;
}) => string;

/** What a machine said of itself. Counts only with the right rotation id and that Tentacle's own thumbprint in it (rule 9). */
export interface MachineResult {
  rotationId: string;
  own: Thumbprint;
  operation: 'observe' | 'add' | 'remove';
  outcome: 'unchanged' | 'changed' | 'refused' | 'failed';
  /** One of a closed set of words, e.g. environment-override, list-broken, configure-failed, keep-missing, no-detached-restart. */
  reason: string | null;
  before: TrustEntry[];
  after: TrustEntry[];
  /** Whether the running service was started after the list got its present form; unknown where it cannot be told. */
  effective: 'yes' | 'no' | 'unknown';
  restart: 'armed' | 'not-needed' | 'none';
  /** What became of an earlier restart on that machine. */
  lastRestart: 'none' | 'running' | 'good' | 'reverted' | 'deferred' | 'failed';
}
/** machine-result.ts: every well-formed result of this rotation in a log; foreign and broken lines are left out and counted. */
export type ParseMachineResults = (log: string, rotationId: string) => { results: MachineResult[]; ignored: number };

/** repair.ts: one line to be pasted into a root-capable shell on the machine; typed tokens only, safe to run twice. */
export type RepairCommand = (options: { trust: Thumbprint; distrust?: Thumbprint }) => string;
