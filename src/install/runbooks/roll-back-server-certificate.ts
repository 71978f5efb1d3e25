import { ROLL_BACK_RUNBOOK_NAME } from '../names.ts';
import { optional } from './bindings.ts';
import { wayOut } from './way-out.ts';

/** The way back after the swap, as data. It runs twice, like the rotation itself: before the relay restarts the server, and after. */
export const rollBackServerCertificate = wayOut({
  name: ROLL_BACK_RUNBOOK_NAME,
  step: 'Roll back server certificate',
  phase: 'roll-back-server-certificate',
  description: 'Rolls back an open rotation of the server certificate after the swap and before anything is retired: proves that every Tentacle trusts the old certificate, puts it into force, and removes the new one.',
  bindings: { RestartCommand: optional('Rotation.RestartCommand'), OfflineMachines: '#{Rotation.OfflineMachines}', Waivers: optional('Rotation.Waivers') },
});
