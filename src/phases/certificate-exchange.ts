import { certificateFactsOf } from '../certificates/certificate.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { printable } from '../errors/printable.ts';
import { Refusal, refusalsOf } from '../errors/refusal.ts';
import { nextCertificateStep, type CertificateStep, type TentacleSight } from '../gates/certificate-step.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { CERTIFICATE_EFFECTS, tentacleFacts, type TentacleFacts } from '../journal/tentacle-views.ts';
import { isPassing } from '../octopus/failure.ts';
import { certificateReasonText } from '../tentacle/certificate-reasons.ts';
import type { CertificateResult } from '../tentacle/contract.ts';
import { FIRE_DELAY_SECONDS, type CertificateWish } from './certificate-scripts.ts';
import { peerOf } from './certificate-observation.ts';
import type { PhaseContext } from './context.ts';
import type { Failure } from './in-waves.ts';
import { isProbed } from './looking.ts';
import { IDLE_LIMIT_SECONDS, type ScriptOutcome } from './machine-scripts.ts';
import type { Rotation } from './rotation.ts';

/** How one machine is reached: through the server, or on this very machine. */
export interface CertificateReach {
  /** Why a Tentacle may not be begun with, by what it says of itself; null: it may. What did not answer to Plan is asked here. */
  unfit?(machine: PlannedMachine, told: CertificateResult): Failure | null;
  /** Runs its script; null: it does not answer at all. */
  ask(machine: PlannedMachine, description: string, wish: CertificateWish): Promise<ScriptOutcome<CertificateResult> | null>;
  /** A full health check by Octopus; answers with what is wrong, or null. */
  health(machine: PlannedMachine): Promise<string | null>;
}

/** How the exchange of one Tentacle's certificate ended. */
export type ExchangeOutcome = { rotated: true; fresh: Thumbprint } | { rotated: false; failure: Failure };

/** A polling Tentacle that was refused pauses up to two minutes (A18): each certificate is given twice that. */
const PATIENCE_MS = 4 * 60_000;
/** Whoever was not begun with is not waited for as long. */
const FIRST_PATIENCE_MS = 30_000;
/** Between the last moment at which disarming is begun and the machine's own. */
const MARGIN_MS = 20_000;
const PAUSE_MS = 1_000;
const ASK_PAUSE_MS = 4_000;

const KEPT = 'its old certificate is in force and registered';

/**
 * Exchanges the certificate of one Tentacle, or brings it back to a known one, from wherever it is now (B1): looks, lets the pure step function
 * decide, does that one thing, and looks again. Every effect is on record before it. Ends when the machine is on NEW and disarmed, on OLD and
 * disarmed, or lost: then its certificate is one that the journal knows, and a PUT reconnects it.
 */
export function exchangeCertificate(context: PhaseContext, rotation: Rotation, machine: PlannedMachine, reach: CertificateReach): Promise<ExchangeOutcome> {
  return new Exchange(context, rotation, machine, reach, true).run();
}

/**
 * The same for a Tentacle that somebody left half-way, whoever it was: nothing new is begun. Its registration stays as it is while it answers to it;
 * then each certificate that the journal knows of it is tried (PATIENCE_MS each). What was confirmed on it stays; what waits to go back goes back.
 */
export async function settleCertificate(context: PhaseContext, rotation: Rotation, machine: PlannedMachine, reach: CertificateReach): Promise<ExchangeOutcome> {
  const facts = tentacleFacts(rotation.entries(), machine.key);
  if (facts.rotated) await rotation.record({ kind: 'unproved', subject: machine.key, data: { claim: 'disarmed', verdict: 'unknown', reason: 'it is being repaired' } });
  if (facts.keepOld === null) {
    await rotation.guard();
    await rotation.intend(CERTIFICATE_EFFECTS.keepOld, machine.key, { reason: 'repair' });
  }
  return new Exchange(context, rotation, machine, reach, false).run();
}

class Exchange {
  private told: CertificateResult | null = null;
  private since: number;
  /** Until when disarming may be begun, and by when a machine that was not confirmed has gone back; by this process' monotonic clock. */
  private deadline: number | null = null;
  private backBy = 0;
  private tried: Thumbprint[] = [];
  private silence = 'it does not answer';

  constructor(private readonly context: PhaseContext, private readonly rotation: Rotation, private readonly machine: PlannedMachine, private readonly reach: CertificateReach, private readonly isForward: boolean) {
    this.since = this.now();
    // Armed by an earlier process: when exactly is not known, only that its time ends by then.
    if (isForward && this.facts().armed !== 'no') this.armedNow();
  }

  async run(): Promise<ExchangeOutcome> {
    for (;;) {
      let next: CertificateStep;
      try {
        next = await this.next();
        const outcome = await this.take(next);
        if (outcome !== null) return outcome;
      } catch (error) {
        await this.bear(error);
      }
    }
  }

  private async next(): Promise<CertificateStep> {
    const sight = await this.look();
    return this.isForward ? nextCertificateStep(this.rotation.id, this.machine.own, this.facts(), sight)
      // What is registered is tried first, as if it had been put there on the way back.
      : nextCertificateStep(null, this.machine.own, { ...this.facts(), registering: this.machine.own }, sight);
  }

  private async look(): Promise<TentacleSight> {
    const facts = this.facts();
    const registered: (Thumbprint | null)[] = [];
    for (const one of this.machine.registrations) {
      const found = await this.rotation.octopus.registration(one);
      if (found !== null) registered.push(found.thumbprint);
    }
    const wire = this.told === null ? await this.wire() : null;
    const isBack = facts.keepOld !== null;
    const isBegun = facts.fresh !== null || isBack;
    const held = registered.every((one) => one === registered[0]) ? registered[0] ?? null : null;
    const elapsed = this.now() - this.since;
    const isOver = elapsed >= (isBegun ? PATIENCE_MS : FIRST_PATIENCE_MS) && (!isBack || this.tried.length > 0 || this.now() >= this.backBy);
    if (isOver && (isBack || facts.disarming) && held !== null && !this.tried.includes(held)) this.tried.push(held);
    return { registered, wire, told: this.told, isTooLate: this.deadline !== null && this.now() >= this.deadline, isPatienceOver: isOver, tried: this.tried };
  }

  private async wire(): Promise<TentacleSight['wire']> {
    const peer = await peerOf(this.context, this.machine);
    return peer === null || peer === 'silent' ? peer : peer.thumbprint;
  }

  private async take(next: CertificateStep): Promise<ExchangeOutcome | null> {
    const { machine, rotation, context } = this;
    switch (next.step) {
      case 'ask': {
        await this.ask('Octopus Rotation: look at the certificate', { operation: 'look' });
        if (this.told === null) await context.clock.sleep(ASK_PAUSE_MS);
        return null;
      }
      case 'wait':
        // What is known of it is out of date by then.
        this.told = null;
        await context.clock.sleep(PAUSE_MS);
        return null;
      case 'stage':
        return this.stage();
      case 'arm':
        return this.arm(next.fresh);
      case 'register':
        await this.register(next.thumbprint);
        return null;
      case 'prove':
        if (!(await this.prove(next.fresh))) {
          this.told = null;
          await context.clock.sleep(ASK_PAUSE_MS);
        }
        return null;
      case 'disarm':
        return this.disarm(next.fresh);
      case 'revert':
        await rotation.guard();
        await rotation.intend(CERTIFICATE_EFFECTS.revert, machine.key, {});
        await this.ask('Octopus Rotation: keep the old certificate', { operation: 'revert' });
        if (this.told !== null) await rotation.done(CERTIFICATE_EFFECTS.revert, machine.key, { outcome: this.told.outcome, state: this.told.state });
        await context.clock.sleep(PAUSE_MS);
        // Where the machine says that it goes back, what it says a moment later counts.
        if (this.told?.state === 'reverting') await this.register(machine.own);
        return null;
      case 'keep-old':
        await this.decideToKeepOld(next.reason);
        return null;
      case 'rotated':
        return this.rotated(next.fresh);
      case 'kept-old':
        return this.keptOld(next.reason);
      case 'lost': {
        const text = `${next.reason} (${this.silence})`;
        await rotation.record({ kind: 'unproved', subject: machine.key, data: { claim: 'presents-new', verdict: 'unknown', reason: text } });
        return { rotated: false, failure: { reason: 'unknown-certificate', text } };
      }
    }
  }

  private async ask(description: string, wish: CertificateWish): Promise<void> {
    const outcome = await this.reach.ask(this.machine, description, wish);
    this.told = outcome?.result ?? null;
    if (outcome === null) this.silence = 'it does not answer';
    else if (outcome.result === null) this.silence = outcome.reason;
    if (this.told === null) return;
    this.since = this.now();
    this.tried = [];
    if (this.told.state === 'switched' && this.told.secondsLeft !== null) this.setDeadline(this.told.secondsLeft * 1_000);
  }

  private async stage(): Promise<ExchangeOutcome | null> {
    const { rotation, machine } = this;
    const unfit = this.told === null ? null : (this.reach.unfit?.(machine, this.told) ?? null);
    if (unfit !== null) return { rotated: false, failure: unfit };
    await rotation.guard();
    await rotation.intend(CERTIFICATE_EFFECTS.stage, machine.key, {});
    await this.ask('Octopus Rotation: stage a new certificate', { operation: 'stage' });
    const { told } = this;
    if (told === null) return null;
    if (told.outcome === 'refused' || told.outcome === 'failed' || told.state !== 'staged' || told.new === null) {
      const reason = told.reason ?? told.state;
      return { rotated: false, failure: { reason: told.reason === 'kubernetes' ? 'kubernetes' : told.outcome === 'refused' ? 'refused' : 'failed', text: `nothing was changed on it: ${certificateReasonText(reason)}` } };
    }
    // Known before it is used (B1).
    await rotation.record({ kind: 'tentacle-certificate', subject: machine.key, data: { old: machine.own, new: told.new, signature: told.signature ?? 'unknown' } });
    await rotation.done(CERTIFICATE_EFFECTS.stage, machine.key, { thumbprint: told.new });
    return null;
  }

  private async arm(fresh: Thumbprint): Promise<ExchangeOutcome | null> {
    const { rotation, machine } = this;
    await rotation.guard();
    await rotation.intend(CERTIFICATE_EFFECTS.arm, machine.key, { thumbprint: fresh });
    this.armedNow();
    await this.ask('Octopus Rotation: arm the switch of the certificate', { operation: 'arm', thumbprint: fresh });
    const { told } = this;
    if (told === null) return null;
    if (told.outcome === 'refused' || told.outcome === 'failed') await this.decideToKeepOld(certificateReasonText(told.reason));
    else {
      this.armedNow();
      await rotation.done(CERTIFICATE_EFFECTS.arm, machine.key, { job: told.job, wayBack: told.wayBack });
    }
    return null;
  }

  private armedNow(): void {
    const { confirmMinutes } = this.rotation.tentacles.options;
    this.setDeadline((FIRE_DELAY_SECONDS + confirmMinutes * 60) * 1_000);
    this.backBy += IDLE_LIMIT_SECONDS * 1_000;
  }

  private setDeadline(leftMs: number): void {
    this.deadline = this.now() + Math.max(0, leftMs - MARGIN_MS);
    this.backBy = this.now() + leftMs + (this.rotation.tentacles.options.restartWatchSeconds + 60) * 1_000;
  }

  /** Every registration, in every space, as one unit (B3). */
  private async register(thumbprint: Thumbprint): Promise<void> {
    const { rotation, machine } = this;
    const known = [machine.own, ...this.facts().news];
    const direction = thumbprint === machine.own ? 'old' : 'new';
    try {
      await rotation.effect(CERTIFICATE_EFFECTS.register, machine.key, { thumbprint, direction }, async () => {
        let changed = 0;
        for (const one of machine.registrations) if ((await rotation.octopus.registration(one)) !== null && (await rotation.octopus.setThumbprint(one, thumbprint, known))) changed += 1;
        return { thumbprint, direction, changed };
      });
    } catch (error) {
      // What Octopus refuses for good on the way to NEW ends the attempt; on the way back it is tried until patience is over.
      if (direction === 'old' || isPassing(error) || !isAboutTheRequest(error) || this.facts().disarming) throw error;
      await this.decideToKeepOld(`its registration could not be changed: ${messageOf(error)}`);
    }
    this.told = null;
    this.since = this.now();
  }

  /** On a new connection, then by a full health check, which also tells the signature (B6, A17). */
  private async prove(fresh: Thumbprint): Promise<boolean> {
    const { rotation, machine, context } = this;
    let algorithm: string | null = null;
    const peer = await peerOf(context, machine);
    if (peer === null) {
      if (this.told?.inForce !== fresh) return false;
    } else {
      if (peer === 'silent' || peer.thumbprint !== fresh) return false;
      algorithm = certificateFactsOf(peer.der).signatureAlgorithm;
    }
    const bad = await this.reach.health(machine);
    if (bad !== null) {
      this.silence = bad;
      return false;
    }
    const found = await Promise.all(machine.registrations.map((one) => rotation.octopus.registration(one)));
    const present = found.filter((one) => one !== null);
    if (present.length === 0 || present.some((one) => one.thumbprint !== fresh)) return false;
    algorithm ??= present.map((one) => one.signatureAlgorithm).find((one) => one !== null) ?? null;
    const weak = [algorithm, ...present.map((one) => one.signatureAlgorithm)].find((one) => one !== null && /sha1|md5/i.test(one)) ?? null;
    // Octopus' own word is from before the restart until a full check after it; the listener's is of now.
    if (weak !== null && (!isProbed(machine) || algorithm === weak)) {
      await this.decideToKeepOld(`its new certificate is signed with ${weak} (B6)`);
      return true;
    }
    const strength = this.told?.signature ?? 'unknown';
    if (algorithm === null && strength !== 'strong') {
      this.silence = 'how its new certificate is signed cannot be seen';
      return false;
    }
    await rotation.prove(machine.key, 'registered-new', 'rest', { thumbprint: fresh, registrations: present.length });
    await rotation.prove(machine.key, 'healthy', 'rest', { after: 'regenerate' });
    await rotation.prove(machine.key, 'presents-new', isProbed(machine) ? 'wire' : 'read-back', { thumbprint: fresh, signatureAlgorithm: algorithm });
    return true;
  }

  private async disarm(fresh: Thumbprint): Promise<ExchangeOutcome | null> {
    const { rotation, machine } = this;
    await rotation.guard();
    await rotation.intend(CERTIFICATE_EFFECTS.disarm, machine.key, { thumbprint: fresh });
    await this.ask('Octopus Rotation: confirm the new certificate', { operation: 'disarm', thumbprint: fresh });
    const { told } = this;
    // The reply may be lost; the next look tells what became of it.
    if (told !== null && told.own === fresh && told.state === 'disarmed' && told.job === 'none') await rotation.done(CERTIFICATE_EFFECTS.disarm, machine.key, { outcome: told.outcome });
    return null;
  }

  private async rotated(fresh: Thumbprint): Promise<ExchangeOutcome | null> {
    const { rotation, machine } = this;
    const facts = this.facts();
    if (facts.rotated) return { rotated: true, fresh };
    if (facts.fresh !== fresh) await rotation.record({ kind: 'tentacle-certificate', subject: machine.key, data: { old: machine.own, new: fresh, signature: this.told?.signature ?? 'unknown' } });
    // Confirmed by a person, or by a run that was killed: it is proved all the same.
    if (!this.facts().proved) await this.prove(fresh);
    if (!this.facts().proved) {
      const text = `it was confirmed with certificate ${fresh}, and could not be proved: ${this.facts().keepOld ?? this.silence}`;
      await rotation.record({ kind: 'unproved', subject: machine.key, data: { claim: 'presents-new', verdict: 'unknown', reason: text } });
      return { rotated: false, failure: { reason: 'failed', text } };
    }
    if (this.facts().keepOld !== null) await rotation.done(CERTIFICATE_EFFECTS.keepOld, machine.key, { kept: false });
    await rotation.prove(machine.key, 'disarmed', 'read-back', { thumbprint: fresh, job: this.told?.job ?? null });
    return { rotated: true, fresh };
  }

  private async decideToKeepOld(reason: string): Promise<void> {
    const { rotation, machine } = this;
    if (this.facts().keepOld !== null) return;
    await rotation.guard();
    await rotation.intend(CERTIFICATE_EFFECTS.keepOld, machine.key, { reason });
    this.context.voice.warn(`${printable(machine.name)}: ${printable(certificateReasonText(reason), 300)}; its old certificate is kept.`);
    this.since = this.now();
  }

  private async keptOld(reason: string): Promise<ExchangeOutcome> {
    const { rotation, machine } = this;
    const text = certificateReasonText(reason);
    if (this.facts().keepOld === null) return { rotated: false, failure: { reason: 'unreachable', text: `${text} (${this.silence})` } };
    await rotation.done(CERTIFICATE_EFFECTS.keepOld, machine.key, { kept: true });
    await rotation.prove(machine.key, 'keeps-old', 'read-back', { thumbprint: machine.own });
    return { rotated: false, failure: { reason: 'reverted', text: `${text}; ${KEPT}` } };
  }

  /** A server that is away, and a request that it refuses on the way back, are borne until nothing can come of it any more. */
  private async bear(error: unknown): Promise<void> {
    if (refusalsOf(error).length === 0 || refusalsOf(error).some((one) => one.code === 'LEASE_LOST')) throw error;
    this.silence = messageOf(error);
    if (this.now() - this.since >= PATIENCE_MS && this.now() >= this.backBy) throw error;
    await this.context.clock.sleep(ASK_PAUSE_MS);
  }

  private facts(): TentacleFacts {
    return tentacleFacts(this.rotation.entries(), this.machine.key);
  }

  private now(): number {
    return this.context.clock.monotonic();
  }
}

function isAboutTheRequest(error: unknown): boolean {
  return error instanceof Refusal && (error.code.startsWith('OCTOPUS_') || error.code === 'REGISTRATION_FOREIGN');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
