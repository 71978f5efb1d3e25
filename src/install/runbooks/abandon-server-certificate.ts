import { ABANDON_RUNBOOK_NAME } from '../names.ts';
import { wayOut } from './way-out.ts';

/** The way out before the swap, as data. */
export const abandonServerCertificate = wayOut({
  name: ABANDON_RUNBOOK_NAME,
  step: 'Abandon server certificate rotation',
  phase: 'abandon-server-certificate',
  description: 'Gives up an open rotation of the server certificate before the swap: removes the new certificate from every Tentacle, proves that it is refused, and destroys its PFX file.',
});
