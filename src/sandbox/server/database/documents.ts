/** What the database holds. Names and casing are those of the REST resources (octopus-rest.md), less `Links`. */
import type { Protected } from './encryption.ts';

export interface Document {
  Id: string;
  LastModifiedOn?: string;
  LastModifiedBy?: string;
}
export interface SpaceDocument extends Document { SpaceId: string }
export interface Named extends Document { Name: string }

export interface Space extends Named { Slug: string; Description: string; IsDefault: boolean; IsPrivate: boolean; TaskQueueStopped: boolean; SpaceManagersTeams: string[]; SpaceManagersTeamMembers: string[] }
export interface Environment extends Named, SpaceDocument { Slug: string; Description: string; SortOrder: number; UseGuidedFailure: boolean; AllowDynamicInfrastructure: boolean; ExtensionSettings: unknown[] }

export interface Endpoint { CommunicationStyle: string; Uri?: string | null; Thumbprint?: string | null; CertificateSignatureAlgorithm?: string | null; TentacleVersionDetails?: TentacleVersion | null; [other: string]: unknown }
export interface TentacleVersion { UpgradeLocked: boolean; Version: string | null; UpgradeSuggested: boolean; UpgradeRequired: boolean; UpgradeAvailable: boolean }
export interface MachineBase extends Named, SpaceDocument {
  Slug: string; MachinePolicyId: string; IsDisabled: boolean; IsInProcess: boolean; HealthStatus: string; StatusSummary: string; HasLatestCalamari: boolean;
  OperatingSystem: string; ShellName: string; ShellVersion: string; Architecture: string; SkipInitialHealthCheck: boolean; Thumbprint: string | null; Uri: string | null;
  Endpoint: Endpoint; LastChecked?: string | null; LastHealthTask?: string | null;
  /** Counts what was saved through REST; absent = 0. */
  Version?: number;
}
export interface Target extends MachineBase { EnvironmentIds: string[]; Roles: string[]; TenantedDeploymentParticipation: string; TenantIds: string[]; TenantTags: string[] }
export interface Worker extends MachineBase { WorkerPoolIds: string[] }
export interface WorkerPool extends Named, SpaceDocument { Slug: string; Description: string; WorkerPoolType: 'StaticWorkerPool'; IsDefault: boolean; SortOrder: number; CanAddWorkers: boolean }
export interface MachinePolicy extends Named, SpaceDocument { Description: string; IsDefault: boolean; [other: string]: unknown }

export interface Project extends Named, SpaceDocument { Slug: string; Description: string; ProjectGroupId: string; LifecycleId: string; VariableSetId: string; IncludedLibraryVariableSetIds: string[]; IsDisabled: boolean; [other: string]: unknown }
export interface Runbook extends Named, SpaceDocument { Slug: string; ProjectId: string; Description: string; RunbookProcessId: string; PublishedRunbookSnapshotId: string | null; EnvironmentScope: 'All' | 'Specified' | 'FromProjectLifecycles'; Environments: string[]; MultiTenancyMode: string; [other: string]: unknown }

export interface PackageReference { Id: string; Name: string; PackageId: string | null; FeedId: string | null; AcquisitionLocation: string; Properties: Record<string, string>; Version?: string }
export interface ProcessAction { Id: string; Name: string; ActionType: string; IsDisabled: boolean; Environments: string[]; ExcludedEnvironments: string[]; Packages: PackageReference[]; Properties: Record<string, string | Protected>; [other: string]: unknown }
export interface ProcessStep { Id: string; Name: string; Condition: string; StartTrigger: string; PackageRequirement: string; Properties: Record<string, string>; Actions: ProcessAction[]; [other: string]: unknown }
export interface RunbookProcess extends SpaceDocument { ProjectId: string; RunbookId: string; Version: number; Steps: ProcessStep[]; /** Set on the copy that belongs to a snapshot. */ Frozen?: boolean }

export interface SelectedPackage { ActionName: string; PackageReferenceName: string; Version: string }
export interface RunbookSnapshot extends Named, SpaceDocument { ProjectId: string; RunbookId: string; Notes: string; Assembled: string; FrozenRunbookProcessId: string; FrozenProjectVariableSetId: string; LibraryVariableSetSnapshotIds: string[]; SelectedPackages: SelectedPackage[] }
export interface RunbookRun extends Named, SpaceDocument { ProjectId: string; RunbookId: string; RunbookSnapshotId: string; EnvironmentId: string; TenantId: null; TaskId: string; Created: string; CreatedById: string; FormValues: Record<string, string | Protected>; SkipActions: string[]; SpecificMachineIds: string[]; ExcludedMachineIds: string[]; UseGuidedFailure: boolean; ForcePackageDownload: boolean; Comments: string; FrozenRunbookProcessId: string }

export interface ProjectTrigger extends Named, SpaceDocument { ProjectId: string; Description: string; IsDisabled: boolean; Filter: Record<string, unknown>; Action: Record<string, unknown> }

export interface ActionTemplate extends Named, SpaceDocument { Description: string; ActionType: string; Version: number; CommunityActionTemplateId: string | null; Packages: PackageReference[]; GitDependencies: unknown[]; Properties: Record<string, string | Protected>; Parameters: TemplateParameter[] }
export interface TemplateParameter { Id: string; Name: string; Label: string; HelpText: string; DefaultValue: string | Protected | null; DisplaySettings: Record<string, string> }
export interface Feed extends Named, SpaceDocument { Slug: string; FeedType: string; [other: string]: unknown }
export interface PackageFile extends SpaceDocument { PackageId: string; Version: string; FeedId: string; FileExtension: string; Hash: string; PackageSizeBytes: number; Published: string; /** Below the packages folder. */ File: string }

export interface VariablePrompt { Label?: string; Description?: string; Required?: boolean; DisplaySettings?: Record<string, string> }
export interface Variable { Id: string; Name: string; Value: string | Protected | null; Description: string; Type: string; Scope: Record<string, string[]>; IsEditable: boolean; IsSensitive: boolean; Prompt: VariablePrompt | null }
export interface VariableSet extends SpaceDocument { OwnerId: string; Version: number; Variables: Variable[]; Frozen?: boolean }
export interface LibraryVariableSet extends Named, SpaceDocument { Description: string; ContentType: 'Variables' | 'ScriptModule'; VariableSetId: string; Templates: unknown[] }

export interface Artifact extends SpaceDocument { Filename: string; ServerTaskId: string; Source: string | null; LogCorrelationId: string | null; Created: string; HasContent: boolean }

/** A manual intervention that a task waits for. */
export interface Interruption extends SpaceDocument { Title: string; Created: string; IsPending: boolean; TaskId: string; Instructions: string; ResponsibleUserId: string | null; Result: 'Proceed' | 'Abort' | null; Notes: string | null }

export type TaskState = 'Queued' | 'Executing' | 'Cancelling' | 'Success' | 'Failed' | 'Canceled' | 'TimedOut';
export interface ServerTask extends Named { SpaceId: string | null; ProjectId: string | null; Description: string; Arguments: Record<string, unknown>; State: TaskState; QueueTime: string; QueueTimeExpiry: string | null; StartTime: string | null; LastUpdatedTime: string; CompletedTime: string | null; ServerNode: string | null; ErrorMessage: string; HasWarningsOrErrors: boolean; CreatedBy: string; /** Who asked, for the run's system variables. */ Priority: number }
export interface ServerNode extends Named { LastSeen: string; MaxConcurrentTasks: number; IsInMaintenanceMode: boolean; WebPort: number; /** Of the process that started last. */ Version?: string }

/** `'*'` stands for every permission. `Spaces` is keyed by space id; `'*'` there for every space, those made later too. */
export interface User extends Document { Username: string; DisplayName: string; IsActive: boolean; IsService: boolean; EmailAddress: string; System: string[]; Spaces: Record<string, string[]>; /** Of a service account. */ OidcIdentities?: { Issuer: string; Subject: string }[] }
export interface ApiKey extends Document { UserId: string; /** SHA-256 of the key, hex. */ Hash: string; Purpose: string }
export interface ServerCertificate extends Named { Thumbprint: string; SignatureAlgorithm: string; /** DER, base64. */ Certificate: string; /** PKCS#8 PEM. */ PrivateKey: Protected }
export interface Maintenance extends Document { IsInMaintenanceMode: boolean }

export interface Collections {
  Spaces: Space[]; Environments: Environment[]; Machines: Target[]; Workers: Worker[]; WorkerPools: WorkerPool[]; MachinePolicies: MachinePolicy[];
  Projects: Project[]; ProjectGroups: (Named & SpaceDocument)[]; Lifecycles: (Named & SpaceDocument)[]; Runbooks: Runbook[]; RunbookProcesses: RunbookProcess[];
  RunbookSnapshots: RunbookSnapshot[]; RunbookRuns: RunbookRun[]; ProjectTriggers: ProjectTrigger[]; ActionTemplates: ActionTemplate[]; Feeds: Feed[]; Packages: PackageFile[];
  LibraryVariableSets: LibraryVariableSet[]; VariableSets: VariableSet[]; Artifacts: Artifact[]; Interruptions: Interruption[]; ServerTasks: ServerTask[]; OctopusServerNodes: ServerNode[];
  Users: User[]; ApiKeys: ApiKey[]; Certificates: ServerCertificate[]; Maintenance: Maintenance[];
}
export type CollectionName = keyof Collections;

/** `PortalUri`: where the portal is reached when that is not the node's own address. */
export interface DatabaseContent { Format: 1; InstallationId: string; PortalUri?: string; ServerVersion: string; Counters: Record<string, number>; Collections: Collections }
