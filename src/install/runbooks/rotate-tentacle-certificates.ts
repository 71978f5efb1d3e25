import { HOST_ROLE, TENTACLES_RUNBOOK_NAME } from '../names.ts';
import { COMMON, EXECUTABLE, optional, output } from './bindings.ts';
import { inOrder, type RunbookDefinition, type RunbookStep } from './definition.ts';

const PLAN = 'Plan Tentacle certificates';

const PLANNED = { ...COMMON, RotationId: output(PLAN, 'RotationId'), PlanHash: output(PLAN, 'PlanHash') };

const STEPS: Omit<RunbookStep, 'condition'>[] = [
  {
    name: PLAN,
    phase: 'plan-tentacle-certificates',
    bindings: {
      ...COMMON, ...EXECUTABLE,
      MaximumAgeDays: '#{Rotation.MaximumAgeDays}', ExpiresWithinDays: '#{Rotation.ExpiresWithinDays}',
      Force: optional('Rotation.Force'), Machines: optional('Rotation.Machines'), Tags: optional('Rotation.Tags'), Environments: optional('Rotation.Environments'),
      OfflineMachines: '#{Rotation.OfflineMachines}', EnableDisabled: '#{Rotation.EnableDisabled}', OtherServers: '#{Rotation.OtherServers}', Method: '#{Rotation.Method}',
      WaveBy: '#{Rotation.WaveBy}', WaveSize: '#{Rotation.WaveSize}', Canaries: '#{Rotation.Canaries}', AtOnce: '#{Rotation.AtOnce}', StopAfterFailures: '#{Rotation.StopAfterFailures}',
      ConfirmMinutes: '#{Rotation.ConfirmMinutes}', RestartWatchSeconds: '#{Rotation.RestartWatchSeconds}', Waivers: optional('Rotation.Waivers'),
    },
  },
  { name: 'Regenerate Tentacle certificates', phase: 'regenerate-tentacle-certificates', bindings: { ...PLANNED, ...EXECUTABLE } },
  { name: 'Check health', phase: 'check-health', bindings: { ...PLANNED, OldThumbprint: '', NewThumbprint: '', After: 'regenerate' } },
  { name: 'Verify Tentacle certificates', phase: 'verify-tentacle-certificates', bindings: PLANNED },
  { name: 'Report', phase: 'report-rotation', bindings: { ...COMMON, RotationId: optional(`Octopus.Action[${PLAN}].Output.RotationId`) } },
];

/** The runbook as data. Its order is that of src/rotations/tentacle-certificates.ts; a test compares them. */
export const rotateTentacleCertificates: RunbookDefinition = {
  name: TENTACLES_RUNBOOK_NAME,
  description: 'Gives each Tentacle whose certificate is due a new one, with a switch on the machine that goes back by itself, and lets every registration follow. Run it again to resume.',
  targetRole: HOST_ROLE,
  steps: inOrder(STEPS),
};
