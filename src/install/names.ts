/** Names under which the installer's resources are found again. Fixed: runs, reports and documentation refer to them. */
export const PROJECT_NAME = 'Octopus Rotation';
export const RUNBOOK_NAME = 'Rotate server certificate';
export const ABANDON_RUNBOOK_NAME = 'Abandon server certificate rotation';
export const ROLL_BACK_RUNBOOK_NAME = 'Roll back server certificate';
export { HOST_ROLE, NODE_ROLE } from '../gates/roles.ts';
