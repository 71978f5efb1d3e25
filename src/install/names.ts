/** Names under which the installer's resources are found again. Fixed: runs, reports and documentation refer to them. */
export const PROJECT_NAME = 'Octopus Rotation';
export const RUNBOOK_NAME = 'Rotate server certificate';
export const ABANDON_RUNBOOK_NAME = 'Abandon server certificate rotation';
export const ROLL_BACK_RUNBOOK_NAME = 'Roll back server certificate';
export const TENTACLES_RUNBOOK_NAME = 'Rotate Tentacle certificates';
export const REPAIR_TENTACLES_RUNBOOK_NAME = 'Repair Tentacle certificates';

/** The runbook of each rotation, by the rotation's name. No types are imported: the forms of the steps are built with what is here, by a compiler that would follow them. */
export const RUNBOOK_OF = { 'server-certificate': RUNBOOK_NAME, 'tentacle-certificates': TENTACLES_RUNBOOK_NAME } as const;
export { HOST_ROLE, NODE_ROLE } from '../gates/roles.ts';
