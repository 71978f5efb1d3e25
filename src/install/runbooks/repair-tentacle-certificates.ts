import { REPAIR_TENTACLES_RUNBOOK_NAME } from '../names.ts';
import { optional } from './bindings.ts';
import { wayOut } from './way-out.ts';

/** What mends Tentacles whose certificate and registration do not agree, as data. It finds the rotation by itself, as a way out does. */
export const repairTentacleCertificates = wayOut({
  name: REPAIR_TENTACLES_RUNBOOK_NAME,
  step: 'Repair Tentacle certificates',
  phase: 'repair-tentacle-certificates',
  description: 'Finds Tentacles whose certificate and registration do not agree, and brings them to one certificate that the journal knows: in every registration, and with nothing left armed.',
  executable: false,
  bindings: { Machines: optional('Rotation.Machines') },
});
