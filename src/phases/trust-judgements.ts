import { printable } from '../errors/printable.ts';
import type { Goal, TrustJudgement } from '../gates/trust.ts';
import type { Entry, ProofClaim } from '../journal/contract.ts';
import { leftBehind, proofOf } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { repairHint } from './repair-hint.ts';
import type { Rotation } from './rotation.ts';

/**
 * Writes what was seen of each machine into the journal, and only where it differs from what the journal says already. A machine that was
 * left behind has caught up when it accepts NEW too; on the way back it stays listed until OLD is in force.
 */
export async function recordJudgements(context: PhaseContext, rotation: Rotation, judgements: readonly TrustJudgement[], goal: Goal, polls: ReadonlyMap<string, readonly string[]> = new Map()): Promise<void> {
  const { old } = rotation.plan;
  const [claim, thumbprint] = goal === 'new' ? (['trusts-new', rotation.fresh!.thumbprint] as const) : (['trusts-old', old] as const);
  const before = leftBehind(rotation.entries());
  const said = lastReasons(rotation.entries(), claim);
  // All at once, so that the journal is written in few pieces.
  await Promise.all(judgements.map(async (one) => {
    const { key, name } = one.machine;
    const behind = before.get(key);
    if (one.state === 'proved') {
      await rotation.prove(key, claim, one.how, { thumbprint, milliseconds: one.milliseconds, ...(polls.has(key) ? { polls: polls.get(key)!.join(' ') } : {}) });
      if (goal === 'new') await rotation.prove(key, 'trusts-old', one.how, { thumbprint: old });
    } else if (one.state === 'written') {
      // Only the list for the way forward has a claim of its own; the relay proves the other one.
      if (goal === 'new') await rotation.prove(key, 'trust-written', 'read-back', { thumbprint });
    } else if (one.state !== 'to-be-turned') {
      // Also of one that never was proved: the report tells what mends it.
      if (proofOf(rotation.entries(), key, claim) || (one.state === 'unproved' && said.get(key) !== one.text)) await rotation.record({ kind: 'unproved', subject: key, data: { claim, verdict: one.state === 'unproved' ? one.verdict : 'unknown', reason: one.text } });
      context.voice.warn(`${printable(name)}: ${printable(one.text, 300)}. ${repairHint(one.machine, { trust: thumbprint }, one.state === 'left-behind' ? one.reason : undefined)}`);
    }
    if (one.state === 'left-behind') {
      if (behind?.data.reason !== one.reason) await rotation.record({ kind: 'left-behind', subject: key, data: { reason: one.reason, text: one.text, waiver: one.waiver } });
    } else if (goal === 'new' && behind && one.state !== 'unproved') await rotation.record({ kind: 'caught-up', subject: key, data: {} });
  }));
}

/** Why each machine was said not to be proved, if that was the last word about it. */
function lastReasons(entries: readonly Entry[], claim: ProofClaim): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind === 'unproved' && entry.data.claim === claim) reasons.set(entry.subject, entry.data.reason);
    else if (entry.kind === 'proved' && entry.data.claim === claim) reasons.delete(entry.subject);
  }
  return reasons;
}
