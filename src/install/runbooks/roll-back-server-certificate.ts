import { HOST_ROLE, ROLL_BACK_RUNBOOK_NAME } from '../names.ts';
import { COMMON, EXECUTABLE, optional } from './bindings.ts';
import { inOrder, type RunbookDefinition } from './definition.ts';

const ROLL_BACK = 'Roll back server certificate';

/** The way back after the swap, as data. It runs twice, like the rotation itself: before the relay restarts the server, and after. */
export const rollBackServerCertificate: RunbookDefinition = {
  name: ROLL_BACK_RUNBOOK_NAME,
  description: 'Rolls back an open rotation of the server certificate after the swap and before anything is retired: proves that every Tentacle trusts the old certificate, puts it into force, and removes the new one.',
  targetRole: HOST_ROLE,
  steps: inOrder([
    { name: ROLL_BACK, phase: 'roll-back-server-certificate', bindings: { ...COMMON, ...EXECUTABLE, RestartCommand: optional('Rotation.RestartCommand'), OfflineMachines: '#{Rotation.OfflineMachines}', Waivers: optional('Rotation.Waivers') } },
    { name: 'Report', phase: 'report-rotation', bindings: { ...COMMON, RotationId: optional(`Octopus.Action[${ROLL_BACK}].Output.RotationId`) } },
  ]),
};
