import { regenerateErrors } from '../errors/regenerate.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { PlannedTentacle, TentacleOptions } from '../journal/contract.ts';
import type { CertificateResult } from '../tentacle/contract.ts';
import { certificateReasonText } from '../tentacle/certificate-reasons.ts';
import { waiverFor } from './trust.ts';
import { all, PASS, refuse, type Verdict } from './verdict.ts';

/** What was seen of a Tentacle whose certificate is due. */
export interface TentacleObservation {
  machine: PlannedTentacle;
  /** On its listener; `silent`: no answer; null: only the server reaches it. */
  wire: Thumbprint | 'silent' | null;
  /** What it said of itself; null: it did not. */
  told: CertificateResult | null;
  /** Why it did not. */
  silence: string;
}

/** Thumbprints that it trusts, or expects of a server that it polls, and that this Octopus Server is not known by (B4). */
export function otherServersOf(told: Pick<CertificateResult, 'trusted'>, known: readonly Thumbprint[]): string[] {
  return [...new Set(told.trusted.map((entry) => entry.thumbprint.toUpperCase()))].filter((one) => !(known as readonly string[]).includes(one)).sort();
}

/**
 * Make sure that each certificate can be exchanged and put back, before anything is changed: the machine says itself that it can (kubernetes, a full
 * disk, an unreadable configuration), its registration is its own certificate (B1), no other Octopus Server loses it (B4), and whether two
 * addresses are one machine is known (B9). What is off may be left behind by policy; whatever is named here needs a waiver. Pure.
 */
export function certificatesMayBeExchanged(observations: readonly TentacleObservation[], options: Pick<TentacleOptions, 'waivers' | 'otherServers' | 'offlineMachines'>, now: Date): Verdict {
  const asked = observations.filter((one) => waiverFor(one.machine, options.waivers, now) === null);
  const named = (some: readonly TentacleObservation[], reason: (one: TentacleObservation) => string) => some.map((one) => ({ name: one.machine.name, reason: reason(one) }));
  const isLeft = options.offlineMachines === 'leave-behind';
  const foreign = asked.filter((one) => one.wire !== null && one.wire !== 'silent' && one.wire !== one.machine.own);
  const unfit = asked.filter((one) => one.told?.outcome === 'refused' || one.told?.outcome === 'failed');
  const shared = options.otherServers === 'accept' ? [] : asked.filter((one) => one.machine.otherServers.length > 0);
  const doubtful = asked.filter((one) => one.told === null && one.machine.clones.length > 0);
  const when = (some: readonly TentacleObservation[], refusal: () => Verdict): Verdict => (some.length === 0 ? PASS : refusal());
  return all(
    isLeft ? PASS : when(foreign, () => refuse(regenerateErrors.CERTIFICATE_DIFFERS({ machines: named(foreign, (one) => `its registration expects ${one.machine.own}, and ${one.wire} answers at its address`) }))),
    isLeft ? PASS : when(unfit, () => refuse(regenerateErrors.EXCHANGE_NOT_POSSIBLE({ machines: named(unfit, (one) => certificateReasonText(one.told!.reason)) }))),
    when(shared, () => refuse(regenerateErrors.USED_BY_OTHER_SERVERS({ machines: named(shared, (one) => one.machine.otherServers.join(', ')) }))),
    when(doubtful, () => refuse(regenerateErrors.CLONES_UNKNOWN({ machines: named(doubtful, (one) => `also at ${one.machine.clones.join(', ')}; ${one.silence}`) }))),
  );
}
