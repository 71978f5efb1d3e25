import { regenerateErrors } from '../errors/regenerate.ts';
import type { LeftBehindReason, PlannedMachine, TentacleOptions, Waiver } from '../journal/contract.ts';
import { waiverFor } from './trust.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

/** A Tentacle whose certificate was not exchanged, and whether it may stay so. */
export interface NotExchanged { machine: PlannedMachine; reason: LeftBehindReason; text: string }
export interface LeftOut extends NotExchanged { waiver: Waiver | null }

/** Who goes on with the old certificate by waiver or policy, and who stands in the way. Pure. */
export function judgeNotExchanged(all: readonly NotExchanged[], options: Pick<TentacleOptions, 'waivers' | 'offlineMachines'>, now: Date): { left: LeftOut[]; unfinished: NotExchanged[] } {
  const left: LeftOut[] = [];
  const unfinished: NotExchanged[] = [];
  for (const one of all) {
    const waiver = waiverFor(one.machine, options.waivers, now);
    if (waiver) left.push({ ...one, reason: 'waived', text: `waived by ${waiver.by} until ${waiver.until}: ${waiver.reason}; ${one.text}`, waiver });
    else if (options.offlineMachines === 'leave-behind') left.push({ ...one, waiver: null });
    else unfinished.push(one);
  }
  return { left, unfinished };
}

/** Make sure that each machine has its new certificate, or stays behind by policy or waiver. */
export function everyCertificateExchanged(unfinished: readonly NotExchanged[]): Verdict {
  return unfinished.length === 0 ? PASS : refuse(regenerateErrors.REGENERATE_INCOMPLETE({ machines: unfinished.map((one) => ({ name: one.machine.name, reason: one.text })), isAnyLost: unfinished.some((one) => one.reason === 'unknown-certificate') }));
}
