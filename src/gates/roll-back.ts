import type { Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { nodesKnown, type SeenNode } from './nodes.ts';
import { all, PASS, refuse, type Verdict } from './verdict.ts';

/** What was seen right now, before the way back is taken. */
export interface RollBackObservation {
  rotationId: string;
  old: Thumbprint;
  /** null before it was made. */
  fresh: Thumbprint | null;
  shownByDatabase: Thumbprint;
  /** Every node at its own address; the host's is among them. One that is out of sight is no obstacle: both certificates are trusted. */
  nodes: readonly SeenNode[];
  /** The swap was handed over at some time. */
  handedOver: boolean;
  /** Unit of a relay that is at work on something else than this roll back; null when there is none. */
  relayAtWork: string | null;
  /** Time of the first intent to retire; null while there is none. */
  retiringSince: string | null;
  abandoning: boolean;
}

/**
 * Make sure that rolling back is legal (rule 4): from the hand-over, or from the moment NEW shows anywhere, until the first intent to
 * retire; nobody else is at work, and nobody imported a third certificate.
 */
export function mayRollBack(seen: RollBackObservation): Verdict {
  const { rotationId, old, fresh } = seen;
  const isUntouched = !seen.handedOver && seen.shownByDatabase === old && seen.nodes.every((node) => node.presents === null || node.presents === old);
  return all(
    seen.retiringSince !== null ? refuse(rollBackErrors.ROLL_BACK_TOO_LATE({ rotationId, since: seen.retiringSince })) : PASS,
    seen.abandoning ? refuse(planErrors.ROTATION_ABANDONED({ rotationId })) : PASS,
    isUntouched && !seen.abandoning ? refuse(rollBackErrors.ROLL_BACK_TOO_EARLY({ rotationId })) : PASS,
    seen.relayAtWork !== null ? refuse(rollBackErrors.ROLL_BACK_RELAY_AT_WORK({ rotationId, unit: seen.relayAtWork })) : PASS,
    nodesKnown([{ name: '', presents: null, database: seen.shownByDatabase, text: '' }, ...seen.nodes], old, fresh),
  );
}
