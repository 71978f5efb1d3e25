/** A value that Octopus stores encrypted and hides in logs. At run time it is plain text. Matched by its name, as the step package tools do. */
export type SensitiveValue = string;

/** What every phase is told: where Octopus is, and which run it belongs to. */
export interface CommonInputs {
  /** Address of Octopus Server, as this machine reaches it. */
  ServerUrl: string;
  /** API key of the account that rotates. */
  ApiKey: SensitiveValue;
  /** Secret that authenticates the journal and protects the PFX files. Made by the installer. */
  Secret: SensitiveValue;
  /** Folder on this machine that holds the journal and the PFX files. */
  StateFolder: string;
  /** The run's task, e.g. ServerTasks-42. */
  TaskId: string;
  /** The space that the runbook lives in. */
  SpaceId: string;
  /** Project of the runbook. */
  ProjectName: string;
  /** Name of the runbook. */
  RunbookName: string;
  /** Environment of the run. */
  EnvironmentName: string;
  /** Snapshot of the run; the same one is run again after the restart. */
  SnapshotName: string;
}

/** What every phase after a Plan is told, whatever is rotated: which rotation this is and what Plan fixed. */
export interface PlannedInputs extends CommonInputs {
  /** The rotation that Plan opened or found open. */
  RotationId: string;
  /** Hash of the plan; a phase refuses to work on another one. */
  PlanHash: string;
}

/** The same for the server's one certificate. */
export interface RotationInputs extends PlannedInputs {
  /** Thumbprint of the certificate that is replaced. */
  OldThumbprint: string;
}

/** What every phase after Generate is told. */
export interface NewCertificateInputs extends RotationInputs {
  /** Thumbprint of the new certificate. */
  NewThumbprint: string;
}
