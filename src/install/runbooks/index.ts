import { abandonServerCertificate } from './abandon-server-certificate.ts';
import type { RunbookDefinition } from './definition.ts';
import { repairTentacleCertificates } from './repair-tentacle-certificates.ts';
import { rollBackServerCertificate } from './roll-back-server-certificate.ts';
import { rotateServerCertificate } from './rotate-server-certificate.ts';
import { rotateTentacleCertificates } from './rotate-tentacle-certificates.ts';

/** Every runbook that is installed, in the order in which they are made. */
export const RUNBOOKS: readonly RunbookDefinition[] = [rotateServerCertificate, abandonServerCertificate, rollBackServerCertificate, rotateTentacleCertificates, repairTentacleCertificates];
