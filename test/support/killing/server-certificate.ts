import { newCertificate, plan } from '../../../src/journal/views.ts';
import { checkInvariants } from '../invariants.ts';
import { pfxOpens } from '../rotation.ts';
import type { KilledRotation } from './kill-table.ts';

/** The rotation of the server certificate, killed. */
export const serverCertificate: KilledRotation = {
  runbook: 'Rotate server certificate',
  settings: [],
  isPlanned: (entries) => plan(entries) !== null,
  async check({ installed, id, truth, before, entries, settled, fence }) {
    const old = plan(entries)?.old;
    return checkInvariants({ truth, before, entries, settled, ...(old === undefined ? {} : { oldPfxOpens: await pfxOpens(installed, id!, old, 'old') }), ...(fence === undefined ? {} : { fence }) });
  },
  async end({ installed, id, entries }) {
    const fresh = newCertificate(entries)?.thumbprint;
    return fresh !== undefined && (await pfxOpens(installed, id, fresh, 'new')) !== true ? ["NEW's PFX does not open"] : [];
  },
};
