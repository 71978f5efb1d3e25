import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseThumbprint, type Thumbprint } from '../../src/certificates/thumbprint.ts';
import { nextCertificateStep, type CertificateStep, type TentacleSight } from '../../src/gates/certificate-step.ts';
import type { Entry } from '../../src/journal/contract.ts';
import { CERTIFICATE_EFFECTS, tentacleFacts, type TentacleFacts } from '../../src/journal/tentacle-views.ts';
import type { CertificateResult } from '../../src/tentacle/contract.ts';

const ROTATION = 'tc-20260105-0a1b2c3d';
const KEY = 'machine';
const OLD = parseThumbprint('A'.repeat(40));
const NEW = parseThumbprint('B'.repeat(40));
const FOREIGN = parseThumbprint('F'.repeat(40));

const facts = (given: Partial<TentacleFacts> = {}): TentacleFacts => ({ news: [], fresh: null, armed: 'no', registering: null, keepOld: null, disarming: false, proved: false, rotated: false, ...given });
const armed = (given: Partial<TentacleFacts> = {}): TentacleFacts => facts({ news: [NEW], fresh: NEW, armed: 'yes', ...given });
const sight = (given: Partial<TentacleSight> = {}): TentacleSight => ({ registered: [OLD], wire: OLD, told: null, isTooLate: false, isPatienceOver: false, tried: [], ...given });
const says = (state: CertificateResult['state'], own: Thumbprint = OLD, given: Partial<CertificateResult> = {}): CertificateResult => ({
  rotationId: ROTATION, own, operation: 'look', outcome: 'unchanged', reason: null, state, why: null, noteOf: state === 'none' ? null : ROTATION, old: OLD, new: state === 'none' ? null : NEW, signature: 'strong',
  job: ['armed', 'switching', 'switched', 'reverting'].includes(state) ? 'runs' : 'none', secondsLeft: null, inForce: own, wayBack: 'kept', pending: 'none', trusted: [], freeKilobytes: 1, clock: 1, identity: 'a'.repeat(64), ...given,
});

describe('the next step with the certificate of a Tentacle', () => {
  it.each<[string, TentacleFacts, TentacleSight, Partial<CertificateStep>]>([
    ['asks before anything', facts(), sight(), { step: 'ask' }],
    ['stages where nothing is under way', facts(), sight({ told: says('none') }), { step: 'stage' }],
    ['stages again what it staged: the same NEW is told', facts(), sight({ told: says('staged') }), { step: 'stage' }],
    ['B1: leaves a machine that shows an unknown certificate to a person', facts(), sight({ wire: FOREIGN }), { step: 'lost' }],
    ['leaves alone the job of another rotation', facts(), sight({ told: says('armed', OLD, { noteOf: 'tc-20250101-ffffffff' }) }), { step: 'lost' }],
    ['gives up on a machine that does not answer, before anything is begun', facts(), sight({ wire: 'silent', isPatienceOver: true }), { step: 'kept-old' }],
    ['arms what is staged', facts({ news: [NEW], fresh: NEW }), sight({ told: says('staged') }), { step: 'arm', fresh: NEW }],
    ['lets no registration follow before the machine said that it is armed', facts({ news: [NEW], fresh: NEW, armed: 'perhaps' }), sight(), { step: 'ask' }],
    ['lets every registration follow once it is armed', armed(), sight(), { step: 'register', thumbprint: NEW }],
    ['B3: one that was forgotten follows too', armed({ registering: NEW }), sight({ registered: [NEW, OLD], told: says('switched', NEW) }), { step: 'register', thumbprint: NEW }],
    ['waits until it fires', armed({ registering: NEW }), sight({ registered: [NEW] }), { step: 'wait' }],
    ['B2: waits while it still answers with OLD on a live connection', armed({ registering: NEW }), sight({ registered: [NEW], told: says('armed') }), { step: 'wait' }],
    ['asks when NEW is on the wire', armed({ registering: NEW }), sight({ registered: [NEW], wire: NEW }), { step: 'ask' }],
    ['waits for the service to have NEW in force', armed({ registering: NEW }), sight({ registered: [NEW], told: says('switched', NEW, { inForce: OLD }) }), { step: 'wait' }],
    ['proves NEW', armed({ registering: NEW }), sight({ registered: [NEW], told: says('switched', NEW) }), { step: 'prove', fresh: NEW }],
    ['disarms only what is proved', armed({ registering: NEW, proved: true }), sight({ registered: [NEW], told: says('switched', NEW) }), { step: 'disarm', fresh: NEW }],
    ['looks again when the reply to disarming was lost', armed({ registering: NEW, proved: true, disarming: true }), sight({ registered: [NEW], wire: NEW }), { step: 'ask' }],
    ['ends when the machine says that it is disarmed', armed({ registering: NEW, proved: true, disarming: true }), sight({ registered: [NEW], told: says('disarmed', NEW) }), { step: 'rotated', fresh: NEW }],
    ['disarms again what says that it is, while its job lives', armed({ registering: NEW, proved: true, disarming: true }), sight({ registered: [NEW], told: says('disarmed', NEW, { job: 'stopped' }) }), { step: 'disarm' }],
    ['decides for OLD when it was not confirmed in time', armed({ registering: NEW }), sight({ registered: [NEW], wire: NEW, isTooLate: true }), { step: 'keep-old' }],
    ['never decides for OLD while disarming is open', armed({ registering: NEW, proved: true, disarming: true }), sight({ registered: [NEW], wire: 'silent', isTooLate: true }), { step: 'wait' }],
    ['B1: puts the record back to OLD first', armed({ registering: NEW, keepOld: 'late' }), sight({ registered: [NEW], wire: NEW }), { step: 'register', thumbprint: OLD }],
    ['waits for the machine to go back by itself', armed({ registering: OLD, keepOld: 'late' }), sight({ registered: [OLD], wire: NEW }), { step: 'wait' }],
    ['takes back what is armed and did not fire yet', armed({ registering: OLD, keepOld: 'refused' }), sight({ told: says('armed') }), { step: 'revert' }],
    ['takes back what is staged', facts({ news: [NEW], fresh: NEW, armed: 'perhaps', keepOld: 'refused' }), sight({ told: says('staged') }), { step: 'revert' }],
    ['ends the attempt when OLD is in force and registered', armed({ registering: OLD, keepOld: 'late' }), sight({ told: says('reverted') }), { step: 'kept-old' }],
    ['follows a machine that went back', armed({ registering: NEW }), sight({ registered: [NEW], told: says('reverting', NEW, { why: 'not-confirmed' }) }), { step: 'keep-old', reason: 'not-confirmed' }],
    ['follows a machine that a person confirmed after the decision for OLD', armed({ registering: OLD, keepOld: 'late' }), sight({ told: says('disarmed', NEW) }), { step: 'register', thumbprint: NEW }],
    ['tries each certificate that a silent machine may have', armed({ registering: OLD, keepOld: 'late' }), sight({ wire: null, isPatienceOver: true, tried: [OLD] }), { step: 'register', thumbprint: NEW }],
    ['says that it is lost when each was tried', armed({ registering: OLD, keepOld: 'late' }), sight({ registered: [NEW], wire: null, isPatienceOver: true, tried: [OLD, NEW] }), { step: 'lost' }],
    ['says so when all its registrations were deleted', armed(), sight({ registered: [] }), { step: 'lost' }],
    ['does nothing when all is done', armed({ rotated: true }), sight(), { step: 'rotated', fresh: NEW }],
  ])('%s', (_, known, seen, expected) => {
    expect(nextCertificateStep(ROTATION, OLD, known, seen)).toMatchObject(expected);
  });
});

/** One Tentacle with its registration, in virtual seconds, as the scripts' contract describes it. */
class Machine {
  time = 0;
  registered: Thumbprint = OLD;
  own: Thumbprint = OLD;
  state: CertificateResult['state'] = 'none';
  staged: Thumbprint | null = null;
  firesAt = Infinity;
  backAt = Infinity;
  isUp = true;
  constructor(readonly isWired: boolean, readonly willFail: boolean) {}

  pass(seconds: number): void {
    this.time += seconds;
    if (this.state === 'armed' && this.time >= this.firesAt) {
      this.own = this.staged!;
      this.state = 'switched';
      this.backAt = this.time + 60;
    }
    if (this.state === 'switched' && (this.willFail || this.time >= this.backAt)) {
      this.own = OLD;
      this.state = 'reverted';
    }
  }

  get isReached(): boolean {
    return this.isUp && this.registered === this.own;
  }
}

/** What the engine does with a step, as far as this machine goes; the journal is the only thing that outlives a kill. */
class Engine {
  told: CertificateResult | null = null;
  since = 0;
  deadline = Infinity;
  tried: Thumbprint[] = [];
  constructor(readonly machine: Machine, readonly journal: Entry[], readonly lost: (step: string) => boolean) {
    this.since = machine.time;
    if (this.facts().armed !== 'no') this.deadline = machine.time + 50;
  }

  facts(): TentacleFacts {
    return tentacleFacts([...this.journal], KEY);
  }

  write(kind: Entry['kind'], data: object): void {
    this.journal.push({ kind, subject: KEY, data } as Entry);
  }

  effect(kind: 'intent' | 'done', effect: string, detail: object = {}): void {
    this.write(kind, { effect, detail });
  }

  look(): TentacleSight {
    const { machine } = this;
    const isOver = machine.time - this.since > 240;
    const known = this.facts();
    if (isOver && (known.keepOld !== null || known.disarming) && !this.tried.includes(machine.registered)) this.tried.push(machine.registered);
    return { registered: [machine.registered], wire: machine.isWired ? (machine.isUp ? machine.own : 'silent') : null, told: this.told, isTooLate: machine.time >= this.deadline, isPatienceOver: isOver, tried: this.tried };
  }

  answer(operation: string): void {
    if (!this.machine.isReached || this.lost(operation)) {
      this.told = null;
      return;
    }
    this.told = says(this.machine.state, this.machine.own, { new: this.machine.staged, ...(this.machine.state === 'none' ? {} : { noteOf: ROTATION }) });
    this.since = this.machine.time;
    this.tried = [];
  }

  /** Does one step; answers with it. */
  once(): CertificateStep {
    const { machine } = this;
    const next = nextCertificateStep(ROTATION, OLD, this.facts(), this.look());
    switch (next.step) {
      case 'ask': this.answer('ask'); break;
      case 'wait': this.told = null; break;
      case 'stage':
        this.effect('intent', CERTIFICATE_EFFECTS.stage);
        if (machine.isReached && ['none', 'reverted', 'not-switched', 'staged'].includes(machine.state)) {
          if (machine.state !== 'staged') machine.staged = parseThumbprint((this.facts().news.length + 11).toString(16).toUpperCase().padStart(2, '0').repeat(20));
          machine.state = 'staged';
        }
        this.answer('stage');
        if (this.told?.state === 'staged') this.write('tentacle-certificate', { old: OLD, new: this.told.new, signature: 'strong' });
        break;
      case 'arm':
        this.effect('intent', CERTIFICATE_EFFECTS.arm);
        if (machine.isReached && machine.state === 'staged') {
          machine.state = 'armed';
          machine.firesAt = machine.time + 3;
        }
        this.deadline = machine.time + 50;
        this.answer('arm');
        if (this.told?.state === 'armed') this.effect('done', CERTIFICATE_EFFECTS.arm);
        break;
      case 'register':
        this.effect('intent', CERTIFICATE_EFFECTS.register, { thumbprint: next.thumbprint });
        machine.registered = next.thumbprint;
        this.effect('done', CERTIFICATE_EFFECTS.register, { thumbprint: next.thumbprint });
        this.told = null;
        this.since = machine.time;
        break;
      case 'prove': this.write('proved', { claim: 'presents-new', how: 'wire', detail: {} }); break;
      case 'disarm':
        this.effect('intent', CERTIFICATE_EFFECTS.disarm);
        // The invariant: proved before it is disarmed, and never after OLD was decided for.
        expect(this.facts()).toMatchObject({ proved: true, keepOld: null });
        if (machine.isReached && machine.state === 'switched') machine.state = 'disarmed';
        this.answer('disarm');
        break;
      case 'revert':
        expect(this.facts().keepOld !== null || this.facts().fresh === null).toBe(true);
        this.effect('intent', CERTIFICATE_EFFECTS.revert);
        if (machine.isReached && ['staged', 'armed', 'switched'].includes(machine.state)) {
          machine.own = OLD;
          machine.state = machine.state === 'staged' ? 'none' : 'reverted';
        }
        this.answer('revert');
        break;
      case 'keep-old':
        expect(this.facts().disarming && machine.state === 'disarmed').toBe(false);
        this.effect('intent', CERTIFICATE_EFFECTS.keepOld, { reason: next.reason });
        this.since = machine.time;
        break;
      case 'rotated':
        if (this.facts().keepOld !== null) this.effect('done', CERTIFICATE_EFFECTS.keepOld, { kept: false });
        this.write('proved', { claim: 'disarmed', how: 'read-back', detail: {} });
        break;
      case 'kept-old': if (this.facts().keepOld !== null) this.effect('done', CERTIFICATE_EFFECTS.keepOld, { kept: true }); break;
      case 'lost': break;
    }
    return next;
  }
}

/** Runs until an end; `kills`: after so many steps the process dies, and the next one has the journal alone. */
function play(machine: Machine, kills: readonly number[], lost: (step: string) => boolean): { end: CertificateStep; entries: Entry[] } {
  const journal: Entry[] = [];
  const pending = [...kills];
  let engine = new Engine(machine, journal, lost);
  for (let count = 0; count < 4_000; count++) {
    if (pending.length > 0 && count === pending[0]) {
      pending.shift();
      // Killed before the last line of what it did was on disk.
      if (journal.at(-1)?.kind === 'done' || journal.at(-1)?.kind === 'tentacle-certificate') journal.pop();
      engine = new Engine(machine, journal, lost);
    }
    const next = engine.once();
    if (next.step === 'rotated' || next.step === 'kept-old' || next.step === 'lost') return { end: next, entries: journal };
    machine.pass(next.step === 'wait' || next.step === 'ask' ? 2 : 1);
    // The rule of the issue, at every moment: registered, or armed to go back, or both known so that one PUT reconnects it.
    const known = [OLD, ...engine.facts().news];
    expect(machine.registered === machine.own || known.includes(machine.own)).toBe(true);
  }
  throw new Error(`It did not end: ${machine.state}, ${machine.own} registered as ${machine.registered}.`);
}

describe('the next step of a repair', () => {
  it.each<[string, TentacleFacts, TentacleSight, Partial<CertificateStep>]>([
    ['lets the registration follow what is on the wire at once', armed({ registering: OLD, keepOld: 'repair' }), sight({ wire: NEW }), { step: 'register', thumbprint: NEW }],
    ['ends the job that any rotation left there', armed({ registering: OLD, keepOld: 'repair' }), sight({ told: says('armed', OLD, { noteOf: 'tc-20250101-ffffffff' }) }), { step: 'revert' }],
    ['asks whoever shows what is registered', armed({ registering: OLD, keepOld: 'repair' }), sight({ registered: [NEW], wire: NEW }), { step: 'ask' }],
  ])('%s', (_, known, seen, expected) => {
    expect(nextCertificateStep(null, OLD, known, seen)).toMatchObject(expected);
  });
});

describe('B1: from any prefix of the journal the exchange goes on or goes back, and never both', () => {
  it('ends on a certificate that is registered, with nothing armed, wherever it was killed and whatever reply was lost', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }), fc.array(fc.boolean(), { maxLength: 12 }), (isWired, willFail, kills, replies) => {
        const machine = new Machine(isWired, willFail);
        let asked = 0;
        const { end } = play(machine, [...kills].sort((a, b) => a - b), () => replies[asked++] === true);
        expect(end.step).not.toBe('lost');
        expect(machine.registered).toBe(machine.own);
        expect(['disarmed', 'reverted', 'none', 'not-switched']).toContain(machine.state);
        if (end.step === 'rotated') expect(machine.own).not.toBe(OLD);
        if (willFail) expect(machine.own).toBe(OLD);
      }),
      { numRuns: 500, seed: 20260105 },
    );
  });

  it('is undisturbed when nothing happens: one certificate, one registration each way', () => {
    const machine = new Machine(true, false);
    const { end, entries } = play(machine, [], () => false);
    expect(end.step).toBe('rotated');
    expect(entries.filter((entry) => entry.kind === 'tentacle-certificate')).toHaveLength(1);
    expect(entries.filter((entry) => entry.kind === 'intent' && entry.data.effect === CERTIFICATE_EFFECTS.register)).toHaveLength(1);
  });
});
