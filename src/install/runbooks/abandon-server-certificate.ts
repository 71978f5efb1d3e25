import { ABANDON_RUNBOOK_NAME, HOST_ROLE } from '../names.ts';
import { COMMON, EXECUTABLE, optional } from './bindings.ts';
import { inOrder, type RunbookDefinition } from './definition.ts';

const ABANDON = 'Abandon server certificate rotation';

/** The way out before the swap, as data. The phase finds the open rotation by itself: no other step of this run could name it. */
export const abandonServerCertificate: RunbookDefinition = {
  name: ABANDON_RUNBOOK_NAME,
  description: 'Gives up an open rotation of the server certificate before the swap: removes the new certificate from every Tentacle, proves that it is refused, and destroys its PFX file.',
  targetRole: HOST_ROLE,
  steps: inOrder([
    { name: ABANDON, phase: 'abandon-server-certificate', bindings: { ...COMMON, ...EXECUTABLE } },
    { name: 'Report', phase: 'report-rotation', bindings: { ...COMMON, RotationId: optional(`Octopus.Action[${ABANDON}].Output.RotationId`) } },
  ]),
};
