import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { TentacleFacts } from '../journal/tentacle-views.ts';
import type { CertificateResult } from '../tentacle/contract.ts';

/** Everything seen of one Tentacle's certificate at one moment. */
export interface TentacleSight {
  /** What its registrations hold now; none is left when all were deleted. */
  registered: readonly (Thumbprint | null)[];
  /** On its listener, on a new connection; `silent`: it does not answer; null: it cannot be dialled from here. */
  wire: Thumbprint | 'silent' | null;
  /** What its own script said just now; null: not asked since the last change, or no answer. */
  told: CertificateResult | null;
  /** NEW cannot be confirmed any more in the time that the machine waits for it. */
  isTooLate: boolean;
  /** The present registration has been tried for long enough without an answer. */
  isPatienceOver: boolean;
  /** Thumbprints that were registered and tried in vain since it last answered. */
  tried: readonly Thumbprint[];
}

/** The one thing to do next with a Tentacle. Each is safe to do twice. */
export type CertificateStep =
  | { step: 'stage' }
  | { step: 'arm'; fresh: Thumbprint }
  /** Every registration gets this thumbprint. */
  | { step: 'register'; thumbprint: Thumbprint }
  /** Its own script is asked. */
  | { step: 'ask' }
  /** Nothing but time. */
  | { step: 'wait' }
  /** On a new connection, healthy, signed well: then it is on record. */
  | { step: 'prove'; fresh: Thumbprint }
  | { step: 'disarm'; fresh: Thumbprint }
  /** The switch is told to go back now. */
  | { step: 'revert' }
  /** Decide, for good, that OLD is kept in this attempt. */
  | { step: 'keep-old'; reason: string }
  | { step: 'rotated'; fresh: Thumbprint }
  | { step: 'kept-old'; reason: string }
  /** Neither is known to be in force, or another one is: for a person, or the repair. */
  | { step: 'lost'; reason: string };

const step = <S extends CertificateStep>(one: S): CertificateStep => one;
const KNOWN = 'its certificate is none that this rotation knows';

/**
 * What to do next with a Tentacle, from what the journal says and what is seen (issue: observe, stage, arm, follow, prove, disarm). Pure. It goes
 * on or goes back, never both: the decision to keep OLD is written before anything of it is done, is never taken once disarming has begun,
 * and from then on nothing but OLD is aimed at, unless the machine itself says that NEW was confirmed for good. `rotationId` null: whichever
 * rotation left a job there is to be ended (repair).
 */
export function nextCertificateStep(rotationId: string | null, old: Thumbprint, facts: TentacleFacts, sight: TentacleSight): CertificateStep {
  if (facts.rotated && facts.fresh !== null) return step({ step: 'rotated', fresh: facts.fresh });
  if (sight.registered.length === 0) return step({ step: 'lost', reason: 'all its registrations were deleted' });
  const known = [old, ...facts.news];
  const { told } = sight;
  if (told !== null && !known.includes(told.own)) return step({ step: 'lost', reason: `${KNOWN}: ${told.own}` });
  if (told === null && isThumbprint(sight.wire) && !known.includes(sight.wire)) return step({ step: 'lost', reason: `${KNOWN}: ${sight.wire} answers at its address` });
  // Confirmed for good, by us or by a person: nothing there leads back, so every registration follows.
  if (told !== null && told.own !== old && (told.state === 'disarmed' || told.state === 'none')) {
    if (told.job !== 'none') return step({ step: 'disarm', fresh: told.own });
    return holds(sight, told.own) ? step({ step: 'rotated', fresh: told.own }) : step({ step: 'register', thumbprint: told.own });
  }
  if (facts.fresh === null && facts.keepOld === null) return begin(rotationId, old, sight);
  if (told !== null) return byItsWord(rotationId, old, facts, sight, told);
  return unasked(old, facts, sight, rotationId === null);
}

/** Nothing of this rotation is under way there. */
function begin(rotationId: string | null, old: Thumbprint, sight: TentacleSight): CertificateStep {
  const { told } = sight;
  if (told === null) return sight.isPatienceOver ? step({ step: 'kept-old', reason: 'it does not answer' }) : step({ step: 'ask' });
  const isOurs = rotationId === null || told.noteOf === rotationId;
  if (told.own !== old) return step({ step: 'lost', reason: `it has the certificate ${told.own} of an attempt that was given up` });
  if (['armed', 'switching', 'switched', 'reverting', 'failed'].includes(told.state)) return step(isOurs && told.state !== 'failed' ? { step: 'revert' } : { step: 'lost', reason: `a job about its certificate is ${told.state} there${isOurs ? '' : `, of ${told.noteOf ?? 'somebody else'}`}` });
  if (!holds(sight, old)) return step({ step: 'register', thumbprint: old });
  return step({ step: 'stage' });
}

/** It answered: what it says of itself counts more than what was meant. */
function byItsWord(rotationId: string | null, old: Thumbprint, facts: TentacleFacts, sight: TentacleSight, told: CertificateResult): CertificateStep {
  const fresh = facts.fresh ?? facts.news.at(-1)!;
  const isBack = facts.keepOld !== null;
  const isOurs = rotationId === null || told.noteOf === rotationId;
  const hasNew = told.own !== old;
  if (!isOurs) return hasNew ? step({ step: 'lost', reason: `it has the certificate ${told.own}, and a job of another rotation` }) : isBack ? carriedThrough(old, facts, sight) : step({ step: 'keep-old', reason: 'what was staged there is gone' });
  switch (told.state) {
    case 'staged':
      if (isBack || sight.isTooLate) return isBack ? step({ step: 'revert' }) : step({ step: 'keep-old', reason: 'it took too long until its switch could be armed' });
      return told.new === fresh ? step({ step: 'arm', fresh }) : step({ step: 'keep-old', reason: 'another certificate is staged there than the one that is known' });
    case 'armed':
    case 'switching':
      if (isBack) return step({ step: 'revert' });
      if (sight.isTooLate) return step({ step: 'keep-old', reason: 'its switch did not fire in time' });
      return holds(sight, fresh) ? step({ step: 'wait' }) : step({ step: 'register', thumbprint: fresh });
    case 'switched':
      if (isBack) return step({ step: 'revert' });
      if (!holds(sight, told.own)) return step({ step: 'register', thumbprint: told.own });
      // While disarming is under way it is decided by the machine alone.
      if (sight.isTooLate && !facts.disarming) return step({ step: 'keep-old', reason: 'it could not be confirmed in time' });
      if (told.inForce !== told.own) return step({ step: 'wait' });
      return facts.proved ? step({ step: 'disarm', fresh: told.own }) : step({ step: 'prove', fresh: told.own });
    case 'reverting':
      if (!isBack) return step({ step: 'keep-old', reason: whyOf(told) });
      return holds(sight, old) ? step({ step: 'wait' }) : step({ step: 'register', thumbprint: old });
    case 'failed':
      if (!isBack) return step({ step: 'keep-old', reason: whyOf(told) });
      return sight.isPatienceOver ? step({ step: 'lost', reason: whyOf(told) }) : step({ step: 'revert' });
    case 'none':
    case 'disarmed':
    case 'reverted':
    case 'not-switched':
      return isBack ? carriedThrough(old, facts, sight) : step({ step: 'keep-old', reason: whyOf(told) });
  }
}

function whyOf(told: CertificateResult): string {
  return told.why ?? told.state;
}

/** OLD is in force and nothing is armed; the registrations are all that may be missing. */
function carriedThrough(old: Thumbprint, facts: TentacleFacts, sight: TentacleSight): CertificateStep {
  return holds(sight, old) ? step({ step: 'kept-old', reason: facts.keepOld ?? 'it went back' }) : step({ step: 'register', thumbprint: old });
}

/** It was not asked, or does not answer. */
function unasked(old: Thumbprint, facts: TentacleFacts, sight: TentacleSight, isRepair: boolean): CertificateStep {
  const { wire } = sight;
  const fresh = facts.fresh ?? facts.news.at(-1)!;
  const isBack = facts.keepOld !== null;
  if (!isBack && !facts.disarming) {
    if (sight.isTooLate || sight.isPatienceOver) return step({ step: 'keep-old', reason: sight.isTooLate ? 'it was not confirmed in time' : 'it does not answer' });
    // The machine said that it is armed: the registrations follow before it fires, or after.
    if (facts.armed === 'yes' && facts.registering !== fresh) return step({ step: 'register', thumbprint: fresh });
    if (facts.armed !== 'yes' && (wire === null || (isThumbprint(wire) && holds(sight, wire)))) return step({ step: 'ask' });
  }
  // The record goes back first; from there on, or while disarming is undecided, each certificate that it may have is tried.
  if (isBack && facts.registering !== old && sight.tried.length === 0) return step({ step: 'register', thumbprint: old });
  const aim = isBack ? old : fresh;
  if (isThumbprint(wire)) {
    // OLD before the switch fired, NEW before it went back: the machine is left its time. A repair meets what is, and nobody knows since when.
    if (!holds(sight, wire)) return wire === aim || sight.isPatienceOver || isRepair ? step({ step: 'register', thumbprint: wire }) : step({ step: 'wait' });
    return sight.tried.includes(wire) ? step({ step: 'lost', reason: 'the certificate that it shows is registered, and the server does not reach it' }) : step({ step: 'ask' });
  }
  if (!sight.isPatienceOver) return step(wire === null ? { step: 'ask' } : { step: 'wait' });
  const next = [old, ...facts.news].find((one) => !sight.tried.includes(one));
  return next === undefined ? step({ step: 'lost', reason: 'it answers to none of the certificates that it may have' }) : step({ step: 'register', thumbprint: next });
}

const isThumbprint = (wire: TentacleSight['wire']): wire is Thumbprint => wire !== null && wire !== 'silent';

/** Whether each registration that is left holds it. */
function holds(sight: Pick<TentacleSight, 'registered'>, thumbprint: Thumbprint): boolean {
  return sight.registered.every((one) => one === thumbprint);
}
