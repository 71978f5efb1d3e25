import type { TrustObservation } from '../gates/trust.ts';

/** Looks in a row, about one a second, after which a machine counts as back for good. */
const STEADY_LOOKS = 10;

/** Tells of machines that are waited for whether one was restarted and acts as before all the same. Each look is to be handed in once. */
export interface PutBack {
  isSeen(look: TrustObservation): boolean;
  readonly keys: ReadonlySet<string>;
}

/** Whether a machine whose restart was armed says itself that nothing more comes of it: its old list was put back, or the restart was put off. */
export function saysItIsOver(look: TrustObservation): boolean {
  return ['reverted', 'deferred'].includes(look.readBack?.lastRestart ?? '');
}

/**
 * A machine that went away and is steadily back as it was before needs no more waiting: its restart did not go well, and its old list was put
 * back (rule 3). Only the waiting is ended by it; what the machine trusts is judged by a look of its own.
 */
export function watchForPutBack(asBefore: (look: TrustObservation) => boolean): PutBack {
  const wasAway = new Set<string>();
  const steady = new Map<string, number>();
  const keys = new Set<string>();
  return {
    keys,
    isSeen(look) {
      const { key } = look.machine;
      if (look.reached && !look.reached.reached) wasAway.add(key);
      const looks = wasAway.has(key) && asBefore(look) ? (steady.get(key) ?? 0) + 1 : 0;
      steady.set(key, looks);
      if (looks >= STEADY_LOOKS) keys.add(key);
      return keys.has(key);
    },
  };
}
