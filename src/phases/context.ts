import type { ProcessIdentity } from '../ports/processes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { Network } from '../ports/network.ts';
import type { Processes } from '../ports/processes.ts';
import type { Random } from '../ports/random.ts';
import type { Voice } from '../ports/voice.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import type { RunnerName } from '../journal/contract.ts';
import type { RelayJob } from '../../schemas/types/relay-job.ts';

/** The Tentacle whose script we are, as its environment says (tentacle-trust.md section 1). */
export interface LocalTentacle { executable: string; instance: string; home: string }

/** Starts relays and asks about them. The runner implements it with the service manager of this machine. */
export interface RelayControl {
  /**
   * Writes the job and copies what the relay runs; then lets `announce` put it on record; then starts it detached from the Tentacle's
   * service, and waits until it says that it has the job.
   */
  start(job: Omit<RelayJob, 'relaySha256' | 'folder'>, announce: (relay: { unit: string; relaySha256: string }) => Promise<void>): Promise<void>;
  /** Whether the relay of that name runs: `relayName` of its job. */
  alive(name: string): Promise<boolean>;
  /** Whether it runs with this very job and the program of this package, so that it may stay. */
  stands(job: Omit<RelayJob, 'relaySha256' | 'folder'>): Promise<boolean>;
  /** Waits for what a relay says of its trial. */
  checkResult(name: string, timeoutMs: number): Promise<{ ready: true; thumbprint: string } | { ready: false; reason: string }>;
  /** Removes unit, job and copies. */
  remove(name: string): Promise<void>;
}

/** What a phase is handed. It builds no URL, spawns no process and reads no clock by itself. */
export interface PhaseContext {
  readonly runner: RunnerName;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly network: Network;
  readonly processes: Processes;
  readonly voice: Voice;
  readonly relay: RelayControl;
  /** null when no Tentacle started us. */
  readonly localTentacle: LocalTentacle | null;
  /** Environment that local scripts need: PATH and what Tentacle gives to scripts. */
  readonly scriptEnvironment: Record<string, string>;
  /** `deadlineMs`: total time of one call with its retries; default one minute. */
  octopus(url: string, apiKey: string, deadlineMs?: number): OctopusClient;
  /** Collects a file as an artifact of the task. */
  artifact(path: string, name: string): Promise<void>;
}

export interface PhaseResult {
  outcome: 'continue' | 'stop' | 'handed-over';
  /** Output variables; never a secret. `Continue` is added by the runner. */
  outputs: Record<string, string>;
  /** One sentence for the end of the step's log. */
  headline: string;
}

export interface Phase<Inputs> {
  readonly name: string;
  readonly title: string;
  run(context: PhaseContext, inputs: Inputs): Promise<PhaseResult>;
}

export type { ProcessIdentity };
