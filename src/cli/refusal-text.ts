import type { Refusal } from '../errors/refusal.ts';

/** A refusal on a terminal: what was found, what is safe, what to do. */
export function refusalText(refusal: Refusal): string {
  return `${refusal.code}: ${refusal.message}\n  Safe: ${refusal.safe}\n  Next: ${refusal.next}`;
}
