import { printable } from '../errors/printable.ts';
import type { Goal, TrustJudgement } from '../gates/trust.ts';
import { leftBehind, proofOf } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { repairHint } from './repair-hint.ts';
import type { Rotation } from './rotation.ts';

/**
 * Writes what was seen of each machine into the journal, and only where it differs from what the journal says already. A machine that was
 * left behind has caught up when it accepts NEW too; on the way back it stays listed until OLD is in force.
 */
export async function recordJudgements(context: PhaseContext, rotation: Rotation, judgements: readonly TrustJudgement[], goal: Goal): Promise<void> {
  const { old } = rotation.plan;
  const [claim, thumbprint] = goal === 'new' ? (['trusts-new', rotation.fresh!.thumbprint] as const) : (['trusts-old', old] as const);
  const before = leftBehind(rotation.entries());
  // All at once, so that the journal is written in few pieces.
  await Promise.all(judgements.map(async (one) => {
    const { key, name } = one.machine;
    const behind = before.get(key);
    if (one.state === 'proved') {
      await rotation.prove(key, claim, one.how, { thumbprint, milliseconds: one.milliseconds });
      if (goal === 'new') await rotation.prove(key, 'trusts-old', one.how, { thumbprint: old });
    } else if (one.state === 'written') {
      // Only the list for the way forward has a claim of its own; the relay proves the other one.
      if (goal === 'new') await rotation.prove(key, 'trust-written', 'read-back', { thumbprint });
    } else if (one.state !== 'to-be-turned') {
      if (proofOf(rotation.entries(), key, claim)) await rotation.record({ kind: 'unproved', subject: key, data: { claim, verdict: one.state === 'unproved' ? one.verdict : 'unknown', reason: one.text } });
      context.voice.warn(`${printable(name)}: ${printable(one.text, 300)}. ${repairHint(one.machine, { trust: thumbprint }, one.state === 'left-behind' ? one.reason : undefined)}`);
    }
    if (one.state === 'left-behind') {
      if (behind?.data.reason !== one.reason) await rotation.record({ kind: 'left-behind', subject: key, data: { reason: one.reason, text: one.text, waiver: one.waiver } });
    } else if (goal === 'new' && behind && one.state !== 'unproved') await rotation.record({ kind: 'caught-up', subject: key, data: {} });
  }));
}
