import { Refusals, type Refusal } from '../errors/refusal.ts';

/** What a gate answers. Unknown never passes (rule 20); all refusals of one look come together. */
export type Verdict = { verdict: 'pass' } | { verdict: 'refuse'; refusals: Refusal[] } | { verdict: 'unknown'; refusals: Refusal[] };

export const PASS: Verdict = { verdict: 'pass' };

export function refuse(...refusals: Refusal[]): Verdict {
  return refusals.length === 0 ? PASS : { verdict: 'refuse', refusals };
}

export function unknown(...refusals: Refusal[]): Verdict {
  return { verdict: 'unknown', refusals };
}

/** One verdict of several gates: every refusal is kept, a refusal outweighs an unknown, an unknown outweighs a pass. */
export function all(...verdicts: Verdict[]): Verdict {
  const refusals = verdicts.flatMap((one) => (one.verdict === 'pass' ? [] : one.refusals));
  if (verdicts.some((one) => one.verdict === 'refuse')) return { verdict: 'refuse', refusals };
  return verdicts.some((one) => one.verdict === 'unknown') ? { verdict: 'unknown', refusals } : PASS;
}

/** Goes on only when the gate passes. */
export function demandPass(verdict: Verdict): void {
  if (verdict.verdict !== 'pass') throw new Refusals(verdict.refusals);
}
