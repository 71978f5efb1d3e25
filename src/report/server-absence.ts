import type { Entry } from '../journal/contract.ts';
import type { Report } from '../../schemas/types/report.ts';
import { seconds } from './duration.ts';

type Absence = Report['evidence']['serverAway'][number];

/** Words of the relay for the moment at which it stops the server, and for the moment at which it saw it answer again. */
export const SERVER_AWAY = 'server-away';
export const SERVER_BACK = 'server-back';

/** The times during which the relay had the server stopped. `to` is null when it was never seen to answer again. */
export function serverAbsences(entries: readonly Entry[]): Absence[] {
  const absences: Absence[] = [];
  let open: Absence | null = null;
  for (const entry of entries) {
    if (entry.kind !== 'relay-stage') continue;
    if (entry.data.stage === SERVER_AWAY && !open) {
      open = { from: entry.at, to: null, seconds: null };
      absences.push(open);
    } else if (entry.data.stage === SERVER_BACK && open) {
      open.to = entry.at;
      open.seconds = seconds(open.from, entry.at);
      open = null;
    }
  }
  return absences;
}
