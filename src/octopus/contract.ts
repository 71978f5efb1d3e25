/**
 * Octopus as phases see it: typed values, no URLs. `src/octopus/client.ts` implements it with axios (octopus-rest.md). Phases,
 * relay and installer are handed one of these and never build a request themselves.
 *
 * Every call: bounded in time and size; safe ones retried by code (connection errors, 408, 429 honouring Retry-After, 5xx); a POST
 * only on 429 (D10). Failures are `octopusErrors` refusals (src/errors/octopus.ts) that keep status, ErrorMessage, Errors as fields:
 * OCTOPUS_UNREACHABLE, OCTOPUS_STARTING (503), OCTOPUS_NOT_JSON (a proxy or a portal page), OCTOPUS_UNAUTHORISED (401),
 * OCTOPUS_FORBIDDEN (403, names the permission), OCTOPUS_NOT_FOUND, OCTOPUS_STALE (400 for a stale Version), OCTOPUS_REJECTED (other 4xx).
 */
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { Capabilities } from './capabilities.ts';

export type TaskState = 'Queued' | 'Executing' | 'Cancelling' | 'Success' | 'Failed' | 'Canceled' | 'TimedOut';
export type CommunicationStyle = 'None' | 'TentaclePassive' | 'TentacleActive' | 'Ssh' | 'OfflineDrop' | 'AzureWebApp' | 'Ftp' | 'AzureCloudService' | 'AzureServiceFabricCluster' | 'Kubernetes' | 'StepPackage' | 'KubernetesTentacle' | 'AwsEcsCluster';

export interface ServerAbout { version: string; installationId: string }
export interface ServerCertificate { thumbprint: Thumbprint; signatureAlgorithm: string }
export interface ServerNode { id: string; name: string; isOffline: boolean; isDraining: boolean; maxConcurrentTasks: number; runningTasks: number; version: string; lastSeen: string }
export interface Space { id: string; name: string; isDefault: boolean }
/** `spaces` undefined means: in every space. */
export interface Permissions { username: string; system: string[]; inSpace: Record<string, { spaceId: string; restricted: boolean }[]> }

/** One registration of a machine: a target or a worker in one space. */
export interface Registration {
  id: string;
  kind: 'target' | 'worker';
  spaceId: string;
  name: string;
  isDisabled: boolean;
  healthStatus: 'Healthy' | 'HasWarnings' | 'Unhealthy' | 'Unavailable' | 'Unknown';
  statusSummary: string;
  style: string;
  /** As registered, e.g. `https://web-01:10933/` or `poll://x/`; null where the style has none. */
  uri: string | null;
  /** As registered and normalised; null where the style has none, or the text is no thumbprint (then `thumbprintText` holds it). */
  thumbprint: Thumbprint | null;
  thumbprintText: string | null;
  proxyId: string | null;
  shell: string | null;
  tentacleVersion: string | null;
  /** Of its certificate, e.g. sha256RSA, as the last full health check found it; null before the first one, and stale until the next (octopus-rest.md 1.4). */
  signatureAlgorithm: string | null;
  roles: string[];
  environmentIds: string[];
  workerPoolIds: string[];
}

export interface Task { id: string; name: string; description: string; state: TaskState; isCompleted: boolean; errorMessage: string; startTime: string | null; completedTime: string | null; serverNode: string | null; spaceId: string | null; hasPendingInterruptions: boolean }
export interface TaskActivity { name: string; status: string; progressPercentage: number; progressMessage: string; log: { category: string; at: string; text: string }[]; children: TaskActivity[] }

export type AdHocScript = { description: string; syntax: 'Bash' | 'PowerShell'; body: string; spaceId: string; targets: { kind: 'target' | 'worker'; ids: [string, ...string[]] } };

/** A variable set of the library with the text that it holds, and the version that a write must name (compare-and-swap). */
export interface LibrarySet { id: string; name: string; variableSetId: string; version: number; variables: Record<string, string> }

export interface OctopusClient {
  readonly url: string;
  about(): Promise<ServerAbout>;
  certificate(): Promise<ServerCertificate>;
  nodes(): Promise<ServerNode[]>;
  /** Drains or undrains a node; sends back the other writable field as it was. */
  drain(nodeId: string, draining: boolean): Promise<void>;
  spaces(): Promise<Space[]>;
  permissions(): Promise<Permissions>;
  environments(spaceId: string): Promise<{ id: string; name: string }[]>;
  /** Every target and worker of a space, paged with large pages. */
  registrations(spaceId: string): Promise<Registration[]>;
  /** One of them, read anew; null when it was deleted. */
  registration(registration: Pick<Registration, 'id' | 'kind' | 'spaceId'>): Promise<Registration | null>;
  /**
   * Lets a registration expect another certificate; everything else of it is sent back as it was read (octopus-rest.md 5.4). Only one of `known` is
   * replaced: REGISTRATION_FOREIGN when it holds yet another one. A stale body is read anew, a few times. Answers false when it was so already.
   */
  setThumbprint(registration: Pick<Registration, 'id' | 'kind' | 'spaceId'>, thumbprint: Thumbprint, known: readonly Thumbprint[]): Promise<boolean>;
  /** Enables or disables a target or worker; everything else of it is sent back as it was read. */
  setDisabled(registration: { id: string; kind: 'target' | 'worker'; spaceId: string }, disabled: boolean): Promise<void>;
  /** Queues one of the tasks that change trust by themselves; only where the capabilities list it (A29). */
  runTrustTask(task: { name: 'TentacleAddTrust' | 'TentacleRemoveTrust'; description: string; spaceId: string; machineIds: [string, ...string[]]; thumbprint: Thumbprint }): Promise<Task>;
  /** Read once for a client. */
  capabilities(): Promise<Capabilities>;
  runRegenerateTask(task: { description: string; spaceId: string; machineIds: [string, ...string[]] }): Promise<Task>;

  runScript(script: AdHocScript): Promise<Task>;
  checkHealth(options: { description: string; spaceId: string; machineIds: [string, ...string[]]; onlyTestConnection: boolean; timeoutMs: number }): Promise<Task>;
  task(id: string): Promise<Task>;
  /** Tasks by name and state, newest first. `ids` is never sent empty (D11). */
  tasks(filter: { name?: string; active?: boolean; description?: string }): Promise<Task[]>;
  activity(id: string): Promise<TaskActivity[]>;
  /** Waits until it is completed. On `timeoutMs` the answer says so and is not an error; connection failures and 503 are borne until then. */
  waitForTask(id: string, options: { timeoutMs: number; longestPauseMs?: number; onProgress?: (task: Task) => void }): Promise<{ task: Task; timedOut: boolean }>;

  librarySet(spaceId: string, name: string): Promise<LibrarySet | null>;
  createLibrarySet(spaceId: string, name: string, description: string): Promise<LibrarySet>;
  /** Replaces all variables of the set; OCTOPUS_STALE when somebody wrote since `set.version`. Answers with the new version. */
  writeLibrarySet(spaceId: string, set: LibrarySet, variables: Record<string, string>): Promise<LibrarySet>;

  /** Runs the same snapshot of a runbook again, by name (2022.3.5512+) or else by id. */
  runRunbook(run: { spaceId: string; projectName: string; runbookName: string; environmentName: string; snapshotName: string; variables: Record<string, string> }): Promise<{ taskId: string }>;
  /** Attaches a file to a task. */
  attach(artifact: { spaceId: string; taskId: string; name: string; content: Uint8Array }): Promise<void>;
}

/** `src/octopus/client.ts` exports `createOctopusClient` of this type. */
export type CreateOctopusClient = (options: {
  url: string;
  apiKey: string;
  clock: import('../ports/clock.ts').Clock;
  random: import('../ports/random.ts').Random;
  /** Total time for one call with its retries; default 60 s. */
  deadlineMs?: number;
}) => OctopusClient;
