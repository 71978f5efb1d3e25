/** What the tentacle folder gives to phases. Implemented in src/tentacle/{trust-list,twins,trust-script,machine-result,trust-probe,repair}.ts. */
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { CertificateResult as WrittenCertificateResult } from '../../schemas/types/certificate-result.ts';
import type { Entry, MachineResult as WrittenResult } from '../../schemas/types/machine-result.ts';
import type { ClientIdentity, Network } from '../ports/network.ts';

/** One entry of Tentacle.Communication.TrustedOctopusServers as found (tentacle-trust.md section 4). */
export type TrustEntry = Entry;

export type ProbeVerdict =
  | { verdict: 'trusted'; peer: Thumbprint; milliseconds: number }
  | { verdict: 'not-trusted'; peer: Thumbprint; milliseconds: number }
  | { verdict: 'wrong-peer'; peer: Thumbprint; milliseconds: number }
  | { verdict: 'inconclusive'; reason: string; code: string; milliseconds: number };

/** trust-probe.ts: tentacle-trust.md section 7, to the byte. `expectedPeer` undefined: any peer (only the command line does that). */
export type ProbeTrust = (network: Network, options: { host: string; port: number; identity: ClientIdentity; expectedPeer?: Thumbprint; timeoutMs?: number; monotonic: () => number }) => Promise<ProbeVerdict>;
/** trust-probe.ts: the certificate shown at a listener, ended cleanly (section 8). */
export type ReadPeer = (network: Network, options: { host: string; port: number; timeoutMs?: number }) => Promise<{ thumbprint: Thumbprint; der: Uint8Array }>;

/** How a Tentacle is reached, which decides how its trust is written: by its command line, or by twin entries in its configuration file. */
export type TrustRoute = 'listening' | 'polling';
/** The shell of the machine: Bash on Linux, PowerShell (Windows PowerShell 5.1 or later) on Windows. */
export type TrustShell = 'Bash' | 'PowerShell';

/**
 * trust-script.ts: the text of a script that a Tentacle runs on itself (or that the host runs locally for its own). Typed tokens
 * only (rule 14). It observes, changes only what is missing, reads back, arms the detached restart with its net (rule 3) if the
 * running service does not have the wished list in force, and ends with one result line.
 */
export type TrustScript = (options: {
  /** Default: listening. */
  route?: TrustRoute;
  /** Default: Bash. */
  shell?: TrustShell;
  rotationId: string;
  fence: number;
  /**
   * add and remove by the polling route: beside each entry with `beside` an equal one with `thumbprint`; each entry with `thumbprint`
   * dropped, all of them or none, only where its twin with `keep` is there. update-trust (polling, Bash only; PollingRoute: update-trust):
   * a detached job turns the entries with `beside` into entries with `thumbprint`, and back when no server shows `thumbprint` in time.
   */
  operation: 'observe' | 'add' | 'remove' | 'update-trust';
  /** For add and update-trust: the one to be trusted. For remove: the one to be distrusted. */
  thumbprint: Thumbprint;
  /** For add and update-trust by the polling route: the one trusted now, whose entries get their twins. */
  beside?: Thumbprint;
  /** For remove: must be trusted and stays; otherwise the script refuses. */
  keep?: Thumbprint;
  restart: 'detached' | 'none';
  /** Who runs it: a script of that very Tentacle (the default), or the relay beside it on the host. */
  place?: 'tentacle' | 'host';
  restartDelaySeconds: number;
  restartWatchSeconds: number;
  /** How long the restarter waits for running scripts to end before it defers. */
  idleLimitSeconds: number;
  /** For update-trust: how long the job waits for the servers to show `thumbprint` before it goes back to `beside`. */
  returnAfterSeconds?: number;
}) => string;

/** What a machine said of itself. Counts only with the right rotation id and that Tentacle's own thumbprint in it (rule 9). */
export type MachineResult = Omit<WrittenResult, 'own'> & { own: Thumbprint };
/** machine-result.ts: every well-formed result of this rotation in a log; foreign and broken lines are left out and counted. */
export type ParseMachineResults = (log: string, rotationId: string) => { results: MachineResult[]; ignored: number };

/** twins.ts: the entries with `old` that the server reaches by polling and that have no twin with `fresh` yet (any entry where none is polled). */
export type WithoutTwin = (entries: readonly TrustEntry[], old: Thumbprint, fresh: Thumbprint) => TrustEntry[];

/**
 * repair.ts: one line to be pasted into a root-capable shell (an elevated PowerShell) on the machine; typed tokens only, safe to run
 * twice. null for polling: no command can write a twin, so the machine needs the script.
 */
export interface RepairCommand {
  (options: { route?: 'listening'; shell?: TrustShell; trust: Thumbprint; distrust?: Thumbprint }): string;
  (options: { route?: TrustRoute; shell?: TrustShell; trust: Thumbprint; distrust?: Thumbprint }): string | null;
}
/**
 * repair.ts: the text of a script to be run on the machine itself, pinned to `trust`, safe to run twice. `old` (polling, required):
 * beside whose entries the twins are made. `distrust`: then taken away, once `trust` is there. Exit code 0 only if the machine is as wished.
 */
export type RepairScript = (options: { route: TrustRoute; shell: TrustShell; trust: Thumbprint; distrust?: Thumbprint; old?: Thumbprint }) => string;

/**
 * certificate-script.ts: the text of a script about the Tentacle's own certificate, run by that Tentacle on itself, or beside it on the host.
 * - observe: what there is; refuses, without a change, for what would refuse later. look: the same, and never refuses.
 * - stage: the values of OLD saved and tried, NEW made, imported into a copy of the configuration and tried. NEW is told before it is used.
 *   The same rotation gets the same NEW again.
 * - arm: the local job, which survives a restart of the machine: after `fireDelaySeconds`, and once no script runs, it exchanges OLD for NEW,
 *   restarts the Tentacle, and reverts `confirmSeconds` later unless it was disarmed (at once where the Tentacle does not come back).
 * - disarm: what is in force stays, if it is `thumbprint` (NEW; or OLD, before the job fired); the staged files go; read back.
 * - revert: the job reverts now. Before it fired nothing is restarted; staged only: the files go.
 */
export type CertificateScript = (options: {
  /** Default: Bash. */
  shell?: TrustShell;
  rotationId: string;
  fence: number;
  operation: 'observe' | 'stage' | 'arm' | 'disarm' | 'revert' | 'look';
  /** For arm: NEW, as stage told it. For disarm: the certificate that is to stay. */
  thumbprint?: Thumbprint;
  /** Who runs it: a script of that very Tentacle (the default), or somebody beside it on the machine; then revert waits for the end. */
  place?: 'tentacle' | 'host';
  /** For arm: the time that the registrations are given to follow. */
  fireDelaySeconds?: number;
  /** For arm: N, by a clock that never jumps, counted from the exchange; after a restart of the machine it begins again. */
  confirmSeconds?: number;
  /** How long the Tentacle may take to come back before the job reverts. */
  watchSeconds?: number;
  /** How long the job waits for running scripts to end; then it does not switch. */
  idleLimitSeconds?: number;
}) => string;

/**
 * What a machine said of its own certificate. `own`: what the configuration holds now, OLD before the exchange and NEW after it, even where
 * the service has not read it yet. `inForce`: what the running service uses, where that can be told. Counts only with the right rotation id
 * and with `own` one of that machine's two (rule 9).
 */
export type CertificateResult = Omit<WrittenCertificateResult, 'own' | 'old' | 'new' | 'inForce'> & { own: Thumbprint; old: Thumbprint | null; new: Thumbprint | null; inForce: Thumbprint | null };
/** certificate-result.ts: every well-formed one of this rotation in a log. */
export type ParseCertificateResults = (log: string, rotationId: string) => { results: CertificateResult[]; ignored: number };
