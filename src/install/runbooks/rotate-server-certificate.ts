import { HOST_ROLE, NODE_ROLE, RUNBOOK_NAME } from '../names.ts';
import { COMMON, EXECUTABLE, optional, output } from './bindings.ts';
import { inOrder, type RunbookDefinition, type RunbookStep } from './definition.ts';

const PLAN = 'Plan server certificate';
const GENERATE = 'Generate server certificate';
const PROVE = 'Prove trust';

const PLANNED = { ...COMMON, RotationId: output(PLAN, 'RotationId'), PlanHash: output(PLAN, 'PlanHash'), OldThumbprint: output(PLAN, 'OldThumbprint') };
const GENERATED = { ...PLANNED, NewThumbprint: output(GENERATE, 'NewThumbprint') };

const STEPS: Omit<RunbookStep, 'condition'>[] = [
  {
    name: PLAN,
    phase: 'plan-server-certificate',
    bindings: {
      ...COMMON, ...EXECUTABLE,
      OfflineMachines: '#{Rotation.OfflineMachines}', EnableDisabled: '#{Rotation.EnableDisabled}', PollingRoute: '#{Rotation.PollingRoute}',
      WaveBy: '#{Rotation.WaveBy}', WaveSize: '#{Rotation.WaveSize}', Canaries: '#{Rotation.Canaries}', AtOnce: '#{Rotation.AtOnce}', StopAfterFailures: '#{Rotation.StopAfterFailures}',
      MaximumAgeDays: '#{Rotation.MaximumAgeDays}', ExpiresWithinDays: '#{Rotation.ExpiresWithinDays}',
      DrainLimitMinutes: '#{Rotation.DrainLimitMinutes}', RestartWatchSeconds: '#{Rotation.RestartWatchSeconds}',
      Force: optional('Rotation.Force'), Waivers: optional('Rotation.Waivers'),
    },
  },
  {
    name: 'Prepare server nodes',
    phase: 'prepare-server-nodes',
    // The host too, whether or not somebody gave its Tentacle the role of a node.
    targetRoles: `${HOST_ROLE},${NODE_ROLE}`,
    bindings: { ...PLANNED, ...EXECUTABLE, RestartCommand: optional('Rotation.RestartCommand'), SharedFolder: optional('Rotation.SharedFolder'), NodeAddresses: optional('Rotation.NodeAddresses') },
  },
  { name: 'Back up server certificate', phase: 'back-up-server-certificate', bindings: { ...PLANNED, ...EXECUTABLE } },
  { name: GENERATE, phase: 'generate-server-certificate', bindings: { ...PLANNED, ...EXECUTABLE, CertificateMaker: '#{Rotation.CertificateMaker}', KeyBits: '#{Rotation.KeyBits}', LifetimeYears: '#{Rotation.LifetimeYears}' } },
  { name: 'Trust server certificate on Tentacles', phase: 'trust-server-certificate', bindings: GENERATED },
  { name: PROVE, phase: 'prove-server-certificate-trust', bindings: GENERATED },
  { name: 'Replace server certificate', phase: 'replace-server-certificate', bindings: { ...GENERATED, ...EXECUTABLE, RestartCommand: optional('Rotation.RestartCommand') } },
  { name: 'Check health after the swap', phase: 'check-health', bindings: { ...GENERATED, After: 'swap' } },
  { name: 'Retire old trust', phase: 'retire-server-certificate', bindings: { ...GENERATED, ...EXECUTABLE, GraceHours: '#{Rotation.GraceHours}' } },
  { name: 'Check health after retiring', phase: 'check-health', bindings: { ...GENERATED, After: 'retire' } },
  { name: 'Verify server certificate', phase: 'verify-server-certificate', bindings: { ...GENERATED, ...EXECUTABLE } },
  { name: 'Report', phase: 'report-rotation', bindings: { ...COMMON, RotationId: optional(`Octopus.Action[${PLAN}].Output.RotationId`) } },
];

/** The runbook as data. Its order is that of src/rotations/server-certificate.ts; a test compares them. */
export const rotateServerCertificate: RunbookDefinition = {
  name: RUNBOOK_NAME,
  description: 'Replaces the certificate of the Octopus Server and proves each phase before the next one. Run it again to resume.',
  targetRole: HOST_ROLE,
  steps: inOrder(STEPS),
  approvalPoint: {
    name: 'Approve replacing the server certificate',
    after: PROVE,
    onlyWhile: output(PROVE, 'SwapDue'),
    instructions: [
      `Rotation ${output(PLAN, 'RotationId')}: every machine trusts the new certificate or is listed as left behind (${output(PROVE, 'ProvedCount')} proved, ${output(PROVE, 'LeftBehindCount')} left behind; the steps above name them).`,
      `Proceed: the certificate ${output(PLAN, 'OldThumbprint')} is replaced with ${output(GENERATE, 'NewThumbprint')}, and Octopus Server is restarted when its tasks have ended.`,
      'Abort: nothing is replaced. The rotation stays open; run the runbook again to be asked again, or give it up with "Abandon server certificate rotation".',
    ].join('\n\n'),
  },
};
