/**
 * The seam between the embedded server (REST, queue, database) and the engine that runs one task's scripts. The engine knows
 * runbook processes, variables and Calamari; it knows neither HTTP nor the database.
 */
import type { TentacleConnection } from '../wire/contract.ts';

export type ActivityStatus = 'Pending' | 'Running' | 'Success' | 'Failed' | 'Skipped' | 'SuccessWithWarning' | 'Canceled';
export type LogCategory = 'Trace' | 'Verbose' | 'Info' | 'Highlight' | 'Wait' | 'Warning' | 'Error' | 'Fatal';

/** One node of a task's activity log tree. The server stores and serves it (octopus-rest.md 4.5). */
export interface Activity {
  child(name: string): Activity;
  status(status: ActivityStatus): void;
  /** `text` is already masked. */
  log(category: LogCategory, text: string): void;
  progress(percentage: number, message: string): void;
}

export interface EngineMachine {
  id: string;
  name: string;
  roles: string[];
  isDisabled: boolean;
  healthStatus: string;
  /** A polling Tentacle is waited for until it comes or the server's own limit is over; `cancelled` ends the waiting. */
  connect(cancelled?: AbortSignal): Promise<TentacleConnection>;
}

/** A variable as the server resolved it for this run (scopes already applied). */
export interface EngineVariable { name: string; value: string; sensitive: boolean }

/** A package that the snapshot selected; `open` gives the bytes of the zip in the feed. */
export interface EnginePackage { actionName: string; referenceName: string; packageId: string; version: string; open(): Promise<Uint8Array> }

/** What a run needs, handed in by the server. */
export interface EngineRun {
  taskId: string;
  spaceId: string;
  root: Activity;
  machines: EngineMachine[];
  variables: EngineVariable[];
  packages: EnginePackage[];
  /** Waits for a person (a manual intervention); null when the run was cancelled meanwhile. */
  intervene(asked: { title: string; instructions: string }): Promise<{ result: 'Proceed' | 'Abort'; notes: string; user: string } | null>;
  /** Bytes collected by `createArtifact`, already read from the machine. */
  createArtifact(name: string, content: Uint8Array): Promise<void>;
  cancelled: AbortSignal;
}

/** The subset of a runbook process resource (octopus-rest.md 6.1), as frozen in the snapshot. Anything else is refused loudly. */
export interface EngineProcess { Steps: EngineStep[] }
export interface EngineStep {
  Name: string;
  Condition: 'Success' | 'Failure' | 'Always' | 'Variable';
  StartTrigger: 'StartAfterPrevious';
  PackageRequirement?: 'LetOctopusDecide' | 'AfterPackageAcquisition' | 'BeforePackageAcquisition';
  Properties: Record<string, string>;
  Actions: EngineAction[];
}
export interface EngineAction {
  Name: string;
  ActionType: string;
  IsDisabled?: boolean;
  Packages: { Id?: string; Name: string; PackageId: string | null; FeedId: string | null; AcquisitionLocation: string; Properties: Record<string, string>; Version?: string }[];
  /** Sensitive ones arrive decrypted, with `sensitive` set. */
  Properties: Record<string, string | { value: string; sensitive: true }>;
  [other: string]: unknown;
}

export interface EngineOutcome { state: 'Success' | 'Failed' | 'Canceled'; errorMessage: string; hasWarnings: boolean }

/** Exported by `src/sandbox/engine/runbook.ts`. */
export type RunRunbook = (run: EngineRun, process: EngineProcess) => Promise<EngineOutcome>;
/** Exported by `src/sandbox/engine/adhoc-script.ts`. One child activity per machine: `Run script on: <machine>`. */
export type RunAdHocScript = (run: EngineRun, script: { syntax: 'Bash' | 'PowerShell'; body: string }) => Promise<EngineOutcome>;
/** Exported by `src/sandbox/engine/health.ts`. One child activity per machine: `Check deployment target: <machine>`; the result is what the server stores. */
export type RunHealthCheck = (run: EngineRun, options: { onlyTestConnection: boolean }) => Promise<{ outcome: EngineOutcome; machines: { id: string; healthStatus: 'Healthy' | 'HasWarnings' | 'Unhealthy' | 'Unavailable'; summary: string; about?: { version: string; certificateSignatureAlgorithm: string; shell: string; shellVersion: string; operatingSystem: string } }[] }>;
