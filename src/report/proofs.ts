import { printable } from '../errors/printable.ts';
import type { Entry, ProofClaim } from '../journal/contract.ts';
import type { Proof, TrustState } from '../../schemas/types/report.ts';

/** Claims of which only one can be true of a subject at a time: the later one holds. */
const OPPOSITES: Partial<Record<ProofClaim, ProofClaim | readonly ProofClaim[]>> = {
  'trusts-old': 'distrusts-old',
  'distrusts-old': 'trusts-old',
  'trusts-new': 'distrusts-new',
  'distrusts-new': 'trusts-new',
  'database-shows-old': 'database-shows-new',
  'database-shows-new': 'database-shows-old',
  'node-presents-old': 'node-presents-new',
  'keeps-old': ['presents-new', 'registered-new', 'disarmed'],
  'presents-new': 'keeps-old',
  'registered-new': 'keeps-old',
  disarmed: 'keeps-old',
  'node-presents-new': 'node-presents-old',
};

/** What is known now: the last word about each claim on each subject. Earlier words are in the journal. */
export function latestProofs(entries: readonly Entry[]): Proof[] {
  const latest = new Map<string, Proof>();
  for (const entry of entries) {
    if (entry.kind !== 'proved' && entry.kind !== 'unproved') continue;
    const claim = `${entry.data.claim} ${entry.subject}`;
    latest.delete(claim);
    if (entry.kind === 'proved') for (const opposite of [OPPOSITES[entry.data.claim] ?? []].flat()) latest.delete(`${opposite} ${entry.subject}`);
    latest.set(claim, {
      subject: printable(entry.subject, 300),
      claim: entry.data.claim,
      holds: entry.kind === 'proved' ? 'yes' : entry.data.verdict,
      how: entry.kind === 'proved' ? entry.data.how : null,
      at: entry.at,
      phase: entry.phase,
      runner: entry.runner,
      reason: entry.kind === 'proved' ? null : printable(entry.data.reason, 400),
    });
  }
  return [...latest.values()];
}

/**
 * Trust in one certificate out of the proofs of one machine (in order of time). The last proof on the wire or by read-back decides;
 * written trust shows only while there is none.
 */
export function trustIn(proofs: readonly Proof[], claims: { trusts: ProofClaim; distrusts?: ProofClaim; written?: ProofClaim }): TrustState {
  let state: TrustState = { state: 'unknown', how: null, at: null };
  for (const proof of proofs) {
    const seen = { how: proof.how, at: proof.at };
    if (proof.claim === claims.trusts) state = { ...seen, state: proof.holds === 'yes' ? 'trusted' : proof.holds === 'no' ? 'refused' : 'unknown' };
    else if (proof.claim === claims.distrusts) state = { ...seen, state: proof.holds === 'yes' ? 'refused' : proof.holds === 'no' ? 'trusted' : 'unknown' };
    else if (proof.claim === claims.written && proof.holds === 'yes' && state.state === 'unknown') state = { ...seen, state: 'written' };
  }
  return state;
}
