import type { Entry } from '../journal/contract.ts';

const HOUR_MS = 3_600_000;

/** When both certificates have been trusted long enough; null when NEW was never seen in force, or nobody asked for a grace period: then a clock that was set back since holds up nothing. Counted from the first proof on the wire of all nodes. */
export function graceEnds(entries: readonly Entry[], graceHours: number): Date | null {
  if (graceHours === 0) return null;
  const first = entries.find((entry) => entry.kind === 'proved' && entry.subject === 'server' && entry.data.claim === 'node-presents-new');
  return first ? new Date(Date.parse(first.at) + graceHours * HOUR_MS) : null;
}
