import { REPAIR_TENTACLES_RUNBOOK_NAME } from '../install/names.ts';
import { wayOut } from './way-out.ts';

/** `repair-tentacle-certificates`: brings Tentacles that were left half-way to one certificate, everywhere. */
export const runRepairTentacleCertificates = wayOut('repair-tentacle-certificates', REPAIR_TENTACLES_RUNBOOK_NAME, { machines: 'Rotation.Machines' });
