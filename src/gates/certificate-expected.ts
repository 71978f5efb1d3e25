import type { Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

/** Make sure that the certificate shown is OLD or NEW; a foreign third means that nothing is imported or retired (INVARIANTS.md). */
export function certificateKnown(found: Thumbprint, old: Thumbprint, fresh: Thumbprint | null): Verdict {
  return found === old || found === fresh ? PASS : refuse(planErrors.CERTIFICATE_FOREIGN({ found, old, fresh }));
}
