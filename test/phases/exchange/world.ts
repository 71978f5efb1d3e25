import { parseThumbprint, type Thumbprint } from '../../../src/certificates/thumbprint.ts';
import { makeServerCertificate } from '../../../src/certificates/make.ts';
import { openPfx } from '../../../src/certificates/pfx.ts';
import { octopusErrors } from '../../../src/errors/octopus.ts';
import type { Entry, PlannedMachine } from '../../../src/journal/contract.ts';
import { tentacleFacts } from '../../../src/journal/tentacle-views.ts';
import { exchangeCertificate, settleCertificate, type CertificateReach, type ExchangeOutcome } from '../../../src/phases/certificate-exchange.ts';
import type { CertificateWish } from '../../../src/phases/certificate-scripts.ts';
import type { PhaseContext } from '../../../src/phases/context.ts';
import type { Rotation } from '../../../src/phases/rotation.ts';
import type { CertificateResult } from '../../../src/tentacle/contract.ts';
import { plannedMachine } from '../../support/estate-pieces.ts';
import { Seeded, thumbprintFrom } from '../fleet/seeded.ts';
import { VirtualClock } from '../fleet/virtual-clock.ts';
import { Killed, Life } from '../walk/mortal.ts';

export const OLD = parseThumbprint('A'.repeat(40));
export const ROTATION = 'tc-20261124-0a1b2c3d';
const RESTART_MS = 4_000;

export interface Trouble {
  /** Only the server reaches it, and it comes again only after up to two minutes (A18). */
  isPolling?: boolean;
  /** Its service does not come up with NEW. */
  serviceFails?: boolean;
  /** Scripts run there for ever. */
  neverIdle?: boolean;
  /** The answers that get lost, by their number; what was asked is done. */
  lostReplies?: readonly number[];
  /** Octopus refuses the way to NEW. */
  forbidden?: boolean;
  /** From the first PUT on Octopus is away for so long. */
  serverAwayMs?: number;
  /** It is switched off when its switch fires, for so long; then its time begins again. */
  offAfterFireMs?: number;
  /** Its registrations are deleted after it was armed. */
  isDeleted?: boolean;
  /** The registration says that NEW is signed with this. */
  signature?: string;
  /** Octopus never finds it healthy with NEW. */
  unhealthy?: boolean;
  /** It says of itself that another Octopus Server uses it. */
  usedByOthers?: boolean;
}

/** One Tentacle, its registrations and its server, in virtual time, by the contract of the scripts. */
export class World {
  readonly clock = new VirtualClock();
  readonly entries: Entry[] = [];
  readonly registered = new Map<string, Thumbprint>([['Machines-1', OLD], ['Workers-2', OLD]]);
  readonly machine: PlannedMachine;
  own: Thumbprint = OLD;
  inForce: Thumbprint = OLD;
  state: CertificateResult['state'] = 'none';
  why: CertificateResult['why'] = null;
  staged: Thumbprint | null = null;
  /** What was armed at last was disarmed, and proved before. */
  readonly disarmed: Thumbprint[] = [];
  private isRunning = true;
  private isOff = false;
  private backAt = 0;
  private comesAgainAt = 0;
  private serverBackAt = 0;
  private wasAway = false;
  private made = 0;
  private asked = 0;

  constructor(private readonly trouble: Trouble, private readonly der: Uint8Array) {
    const isPolling = trouble.isPolling === true;
    this.machine = plannedMachine({
      key: `${OLD}@web-01:10933`, own: OLD, route: isPolling ? 'polling' : 'listening', address: isPolling ? null : { host: 'web-01', port: 10933 }, uri: isPolling ? 'poll://x/' : 'https://web-01:10933/',
      registrations: [{ id: 'Machines-1', kind: 'target', spaceId: 'Spaces-1', spaceName: 'Default', name: 'web-01', isDisabled: false }, { id: 'Workers-2', kind: 'worker', spaceId: 'Spaces-2', spaceName: 'Other', name: 'web-01', isDisabled: false }],
    });
  }

  /** Octopus reaches it by the first registration. */
  private get isReached(): boolean {
    return this.isUp && this.registered.get('Machines-1') === this.inForce && (this.trouble.isPolling !== true || this.clock.monotonic() >= this.comesAgainAt);
  }

  private get isUp(): boolean {
    return this.isRunning && !this.isOff;
  }

  private restart(): void {
    this.isRunning = false;
    this.clock.after(RESTART_MS, () => {
      if (this.isOff || (this.trouble.serviceFails === true && this.own !== OLD)) return;
      this.isRunning = true;
      this.inForce = this.own;
      // Refused once, it pauses.
      if (this.trouble.isPolling === true && this.registered.get('Machines-1') !== this.own) this.comesAgainAt = this.clock.monotonic() + 90_000;
    });
  }

  private fire(confirmMs: number): void {
    if (this.state !== 'armed') return;
    if (this.trouble.neverIdle === true) {
      this.clock.after(120_000, () => {
        if (this.state !== 'armed') return;
        this.state = 'not-switched';
        this.why = 'scripts-running';
      });
      return;
    }
    this.own = this.staged!;
    this.state = 'switched';
    this.restart();
    const away = this.trouble.offAfterFireMs ?? 0;
    if (away > 0) {
      this.isOff = true;
      this.clock.after(away, () => {
        this.isOff = false;
        this.restart();
      });
    }
    this.backAt = this.clock.monotonic() + away + confirmMs;
    this.clock.after(away + confirmMs, () => this.goBack('not-confirmed'));
    if (this.trouble.serviceFails === true) this.clock.after(away + 60_000, () => this.goBack('service-failed'));
  }

  private goBack(why: CertificateResult['why']): void {
    if (this.state !== 'switched' && this.state !== 'reverting') return;
    this.own = OLD;
    this.state = 'reverted';
    this.why = why;
    this.restart();
  }

  private run(operation: CertificateWish['operation'], thumbprint: Thumbprint | undefined, confirmMs: number): void {
    switch (operation) {
      case 'stage':
        if (['none', 'reverted', 'not-switched', 'disarmed'].includes(this.state)) {
          this.staged = parseThumbprint(thumbprintFrom(`new ${this.made++}`));
          this.state = 'staged';
          this.why = null;
        }
        break;
      case 'arm':
        if (this.state === 'staged' && this.staged === thumbprint) {
          this.state = 'armed';
          this.clock.after(3_000, () => this.fire(confirmMs));
          if (this.trouble.isDeleted === true) this.registered.clear();
        }
        break;
      case 'disarm':
        if (this.state === 'switched' && this.inForce === thumbprint) {
          this.state = 'disarmed';
          this.disarmed.push(thumbprint);
        }
        break;
      case 'revert':
        if (this.state === 'staged') this.state = 'none';
        else if (this.state === 'armed') {
          this.state = 'reverted';
          this.why = 'asked';
        } else if (this.state === 'switched') {
          this.state = 'reverting';
          this.clock.after(1_000, () => this.goBack('asked'));
        }
        break;
    }
  }

  private get result(): CertificateResult {
    return {
      rotationId: ROTATION, own: this.own, operation: 'look', outcome: 'unchanged', reason: null, state: this.state, why: this.why, noteOf: this.state === 'none' ? null : ROTATION, old: OLD, new: this.staged, signature: 'strong',
      job: ['armed', 'switched', 'reverting'].includes(this.state) ? 'runs' : 'none', secondsLeft: this.state === 'switched' ? Math.max(0, Math.round((this.backAt - this.clock.monotonic()) / 1000)) : null, inForce: this.isUp ? this.inForce : null, wayBack: 'kept', pending: 'none', trusted: [], freeKilobytes: 1, clock: 1, identity: 'a'.repeat(64),
    };
  }

  private serverMustAnswer(): void {
    if (this.clock.monotonic() < this.serverBackAt) throw octopusErrors.OCTOPUS_UNREACHABLE({ request: 'GET', url: 'http://octopus', reason: 'connection refused', sent: false });
  }

  private async reachedByServer<T>(ms: number, act: () => T): Promise<T> {
    await this.clock.sleep(ms);
    this.serverMustAnswer();
    return act();
  }

  private reach(life: Life, confirmMs: number): CertificateReach {
    return life.hold({
      unfit: () => (this.trouble.usedByOthers === true ? ({ reason: 'other-servers', text: 'another one uses it' } as const) : null),
      ask: (_machine: PlannedMachine, _description: string, { operation, thumbprint }: CertificateWish) => this.reachedByServer(2_000, () => {
        if (!this.isReached) return this.trouble.isPolling === true ? null : ({ result: null, reason: 'the task failed' } as const);
        this.run(operation, thumbprint, confirmMs);
        return this.trouble.lostReplies?.includes(this.asked++) === true ? ({ result: null, reason: 'the reply was lost' } as const) : { result: this.result };
      }),
      health: () => this.reachedByServer(2_000, () => (!this.isReached ? 'Octopus finds it Unavailable' : this.trouble.unhealthy === true ? 'Octopus finds it Unhealthy' : null)),
    });
  }

  private context(life: Life): PhaseContext {
    const silent = (): void => undefined;
    return {
      clock: life.hold(this.clock),
      voice: { info: silent, verbose: silent, highlight: silent, warn: silent, error: silent, progress: silent, secret: silent },
      network: {
        ownAddresses: [],
        reach: () => Promise.resolve(this.isUp ? { reached: true } : { reached: false, code: 'ECONNREFUSED' }),
        tls: async () => {
          await this.clock.sleep(10);
          if (!this.isUp) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
          return { peerThumbprint: this.inForce, peerCertificate: this.der, write: () => Promise.resolve(), read: () => Promise.resolve({ kind: 'end' }), end: () => Promise.resolve() };
        },
      },
    } as unknown as PhaseContext;
  }

  private rotation(life: Life, confirmMinutes: number): Rotation {
    const write = (kind: Entry['kind'], data: object) => life.line(() => Promise.resolve(void this.entries.push({ kind, subject: this.machine.key, data } as Entry)));
    const octopus = {
      registration: ({ id }: { id: string }) => this.reachedByServer(50, () => (this.registered.has(id) ? { thumbprint: this.registered.get(id)!, signatureAlgorithm: this.trouble.signature ?? null } : null)),
      setThumbprint: ({ id }: { id: string }, thumbprint: Thumbprint, known: readonly Thumbprint[]) => this.reachedByServer(50, () => {
        if (this.trouble.serverAwayMs !== undefined && !this.wasAway) {
          this.wasAway = true;
          this.serverBackAt = this.clock.monotonic() + this.trouble.serverAwayMs;
          this.serverMustAnswer();
        }
        if (this.trouble.forbidden === true && thumbprint !== OLD) throw octopusErrors.OCTOPUS_FORBIDDEN({ request: 'PUT', url: 'http://octopus', status: 403, said: 'no', permission: 'WorkerEdit' });
        const before = this.registered.get(id)!;
        if (!known.includes(before)) throw octopusErrors.REGISTRATION_FOREIGN({ name: 'web-01', found: before, known: [...known] });
        this.registered.set(id, thumbprint);
        return before !== thumbprint;
      }),
    };
    const rotation = {
      id: ROTATION, fence: 1, octopus: life.hold(octopus),
      tentacles: { options: { confirmMinutes, restartWatchSeconds: 30 } },
      entries: () => this.entries,
      guard: () => Promise.resolve(),
      record: ({ kind, data }: Entry) => write(kind, data),
      intend: (effect: string, _subject: string, detail: object) => write('intent', { effect, detail }),
      done: (effect: string, _subject: string, detail: object) => write('done', { effect, detail }),
      effect: async (effect: string, subject: string, detail: object, act: () => Promise<object>) => {
        await rotation.intend(effect, subject, detail);
        await rotation.done(effect, subject, await act());
      },
      prove: (_subject: string, claim: string, how: string, detail: object) => write('proved', { claim, how, detail }),
    };
    return rotation as unknown as Rotation;
  }

  /** One process that exchanges the certificate, or settles it; `until`: killed at that line of its journal. Null: it was killed. */
  async process(options: { until?: number; moment?: 'before' | 'after'; confirmMinutes?: number; settle?: boolean } = {}): Promise<{ outcome: ExchangeOutcome | null; error: unknown; lines: number }> {
    const { until = Infinity, moment = 'before', confirmMinutes = 10, settle = false } = options;
    const life = new Life(until, moment);
    const work = settle ? settleCertificate : exchangeCertificate;
    try {
      const outcome = await this.clock.run(work(this.context(life), this.rotation(life, confirmMinutes), this.machine, this.reach(life, confirmMinutes * 60_000)));
      return { outcome, error: null, lines: life.lines };
    } catch (error) {
      return { outcome: null, error: error instanceof Killed ? null : error, lines: life.lines };
    }
  }

  /** Time goes on without anybody. */
  async pass(milliseconds: number): Promise<void> {
    await this.clock.run(this.clock.sleep(milliseconds));
  }

  /** The rule: registered with what it has, or both are on record so that one PUT reconnects it. */
  get isReconnectable(): boolean {
    const known = [OLD, ...tentacleFacts(this.entries, this.machine.key).news];
    return [...this.registered.values()].every((one) => one === this.own) || known.includes(this.own);
  }
}

/** The DER of some certificate signed with SHA-256. */
export async function anyCertificate(): Promise<Uint8Array> {
  const pfx = await makeServerCertificate({ keyBits: 2048, lifetimeYears: 1, now: new Date('2026-11-24T08:00:00Z'), random: new Seeded(1), password: 'p' });
  const { identity } = await openPfx(pfx, 'p', 'any');
  return Buffer.from(identity.certificatePem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
