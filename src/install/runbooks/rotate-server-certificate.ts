import { HOST_ROLE, RUNBOOK_NAME } from '../names.ts';

/** When a step runs: first of all, when nothing failed and its predecessor said Continue, or always. */
export type RunCondition = { kind: 'first' } | { kind: 'after'; step: string } | { kind: 'always' };

export interface RunbookStep {
  name: string;
  /** Folder in steps/. */
  phase: string;
  condition: RunCondition;
  /** Values by input name, without the prefix of the template's parameters. */
  bindings: Record<string, string>;
}

export interface RunbookDefinition { name: string; description: string; targetRole: string; steps: RunbookStep[] }

const PLAN = 'Plan server certificate';
const GENERATE = 'Generate server certificate';

const output = (step: string, name: string): string => `#{Octopus.Action[${step}].Output.${name}}`;

/** Nothing, instead of the expression itself, where the variable is missing or empty. */
const optional = (variable: string): string => `#{if ${variable}}#{${variable}}#{/if}`;

const COMMON = {
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
const PLANNED = { ...COMMON, RotationId: output(PLAN, 'RotationId'), PlanHash: output(PLAN, 'PlanHash'), OldThumbprint: output(PLAN, 'OldThumbprint') };
const GENERATED = { ...PLANNED, NewThumbprint: output(GENERATE, 'NewThumbprint') };
const EXECUTABLE = { OctopusServer: optional('Rotation.OctopusServer') };

const STEPS: Omit<RunbookStep, 'condition'>[] = [
  {
    name: PLAN,
    phase: 'plan-server-certificate',
    bindings: {
      ...COMMON, ...EXECUTABLE,
      OfflineMachines: '#{Rotation.OfflineMachines}', MaximumAgeDays: '#{Rotation.MaximumAgeDays}', ExpiresWithinDays: '#{Rotation.ExpiresWithinDays}',
      DrainLimitMinutes: '#{Rotation.DrainLimitMinutes}', RestartWatchSeconds: '#{Rotation.RestartWatchSeconds}',
      Force: optional('Rotation.Force'), Waivers: optional('Rotation.Waivers'),
    },
  },
  { name: 'Back up server certificate', phase: 'back-up-server-certificate', bindings: { ...PLANNED, ...EXECUTABLE } },
  { name: GENERATE, phase: 'generate-server-certificate', bindings: { ...PLANNED, ...EXECUTABLE } },
  { name: 'Trust server certificate on Tentacles', phase: 'trust-server-certificate', bindings: GENERATED },
  { name: 'Prove trust', phase: 'prove-server-certificate-trust', bindings: GENERATED },
  { name: 'Replace server certificate', phase: 'replace-server-certificate', bindings: { ...GENERATED, ...EXECUTABLE, RestartCommand: optional('Rotation.RestartCommand') } },
  { name: 'Check health after the swap', phase: 'check-health', bindings: { ...GENERATED, After: 'swap' } },
  { name: 'Retire old trust', phase: 'retire-server-certificate', bindings: { ...GENERATED, ...EXECUTABLE } },
  { name: 'Check health after retiring', phase: 'check-health', bindings: { ...GENERATED, After: 'retire' } },
  { name: 'Verify server certificate', phase: 'verify-server-certificate', bindings: { ...GENERATED, ...EXECUTABLE } },
  { name: 'Report', phase: 'report-rotation', bindings: { ...COMMON, RotationId: optional(`Octopus.Action[${PLAN}].Output.RotationId`) } },
];

/** The runbook as data. Its order is that of src/rotations/server-certificate.ts; a test compares them. */
export const rotateServerCertificate: RunbookDefinition = {
  name: RUNBOOK_NAME,
  description: 'Replaces the certificate of the Octopus Server and proves each phase before the next one. Run it again to resume.',
  targetRole: HOST_ROLE,
  steps: STEPS.map((step, index) => ({ ...step, condition: index === 0 ? { kind: 'first' } : index === STEPS.length - 1 ? { kind: 'always' } : { kind: 'after', step: STEPS[index - 1]!.name } })),
};
