import type { Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { refuse, type Verdict } from './verdict.ts';

export interface AbandonObservation {
  old: Thumbprint;
  shownByRest: Thumbprint;
  shownByDatabase: Thumbprint;
  presentedByNode: Thumbprint;
  relayAtWork: boolean;
  retiring: boolean;
}

/** Make sure that nothing is swapped, and nobody is about to swap: only then may trust in NEW be taken away. */
export function mayAbandon(seen: AbandonObservation): Verdict {
  const found: string[] = [];
  if (seen.retiring) found.push('trust in the old certificate is being retired');
  if (seen.relayAtWork) found.push('the relay is at work');
  if (seen.shownByDatabase !== seen.old) found.push(`the database shows ${seen.shownByDatabase}`);
  if (seen.presentedByNode !== seen.old) found.push(`the node presents ${seen.presentedByNode}`);
  if (seen.shownByRest !== seen.old) found.push(`over REST the server shows ${seen.shownByRest}`);
  return refuse(...found.map((one) => planErrors.ABANDON_TOO_LATE({ found: one })));
}
