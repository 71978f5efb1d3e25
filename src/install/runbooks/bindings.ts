/** An output variable of an earlier step of the same run. */
export const output = (step: string, name: string): string => `#{Octopus.Action[${step}].Output.${name}}`;

/** Nothing, instead of the expression itself, where the variable is missing or empty. */
export const optional = (variable: string): string => `#{if ${variable}}#{${variable}}#{/if}`;

/** What every phase is told (steps/common-inputs.ts). */
export const COMMON = {
  ServerUrl: '#{Rotation.ServerUrl}',
  ApiKey: '#{Rotation.ApiKey}',
  Secret: '#{Rotation.Secret}',
  StateFolder: '#{Rotation.StateFolder}',
  TaskId: '#{Octopus.Task.Id}',
  SpaceId: '#{Octopus.Space.Id}',
  ProjectName: '#{Octopus.Project.Name}',
  RunbookName: '#{Octopus.Runbook.Name}',
  EnvironmentName: '#{Octopus.Environment.Name}',
  SnapshotName: '#{Octopus.RunbookSnapshot.Name}',
};

/** Where Octopus.Server is, for the phases that run it. */
export const EXECUTABLE = { OctopusServer: optional('Rotation.OctopusServer') };
