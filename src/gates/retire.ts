import type { Thumbprint } from '../certificates/thumbprint.ts';
import { trustErrors } from '../errors/trust.ts';
import { notPresenting, type SeenNode } from './nodes.ts';
import { refuse, type Verdict } from './verdict.ts';

/** What was seen right now, before anything is retired. */
export interface RetireObservation {
  fresh: Thumbprint;
  /** As REST says. */
  shownByRest: Thumbprint;
  /** As the command line reads it from the database. */
  shownByDatabase: Thumbprint;
  /** As each node presents it on a new connection. */
  nodes: readonly SeenNode[];
  healthyAfterSwap: boolean;
}

/** Make sure that nobody needs OLD any more: database and every node show NEW, and the machines were healthy under it (rules 1 and 4). */
export function mayRetire(seen: RetireObservation): Verdict {
  const missing: string[] = [];
  if (seen.shownByRest !== seen.fresh) missing.push(`over REST the server shows ${seen.shownByRest}`);
  if (seen.shownByDatabase !== seen.fresh) missing.push(`the database shows ${seen.shownByDatabase}`);
  missing.push(...notPresenting(seen.nodes, seen.fresh));
  if (!seen.healthyAfterSwap) missing.push('the health check after the swap is not passed');
  return refuse(...missing.map((one) => trustErrors.RETIRE_NOT_ALLOWED({ missing: one })));
}
