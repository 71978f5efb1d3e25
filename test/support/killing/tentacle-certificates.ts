import { leftBehind } from '../../../src/journal/views.ts';
import { readSwitches } from '../switches.ts';
import { checkTentacleInvariants } from '../tentacle-invariants.ts';
import type { KilledRotation } from './kill-table.ts';

/** The rotation of Tentacle certificates, killed. A machine waits a minute to be confirmed, so that it goes back while the table looks on. */
export const tentacleCertificates: KilledRotation = {
  runbook: 'Rotate Tentacle certificates',
  settings: ['--confirm-minutes', '1'],
  isPlanned: (entries) => entries.some((entry) => entry.kind === 'tentacles-planned'),
  check: ({ installed, truth, before, entries, settled, at, fence }) => checkTentacleInvariants({ truth, before, entries, switches: readSwitches(installed.sandbox.line.home), settled, at, ...(fence === undefined ? {} : { fence }) }),
  end: ({ entries }) => [...leftBehind(entries)].map(([key, entry]) => `${key} is left behind: ${entry.data.text}`),
};
