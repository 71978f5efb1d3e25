import type { Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { notPresenting, type SeenNode } from './nodes.ts';
import { refuse, type Verdict } from './verdict.ts';

export interface AbandonObservation {
  old: Thumbprint;
  shownByRest: Thumbprint;
  shownByDatabase: Thumbprint;
  /** The host's own node, and once a swap was handed over every other one: before, no node can have taken anything but OLD from the database. */
  nodes: readonly SeenNode[];
  relayAtWork: boolean;
  retiring: boolean;
}

/** Make sure that nothing is swapped, and nobody is about to swap: only then may trust in NEW be taken away. */
export function mayAbandon(seen: AbandonObservation): Verdict {
  const found: string[] = [];
  if (seen.retiring) found.push('trust in the old certificate is being retired');
  if (seen.relayAtWork) found.push('the relay is at work');
  if (seen.shownByDatabase !== seen.old) found.push(`the database shows ${seen.shownByDatabase}`);
  found.push(...notPresenting(seen.nodes, seen.old));
  if (seen.shownByRest !== seen.old) found.push(`over REST the server shows ${seen.shownByRest}`);
  return refuse(...found.map((one) => planErrors.ABANDON_TOO_LATE({ found: one })));
}
