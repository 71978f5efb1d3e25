import { createHash } from 'node:crypto';
import type { MachineResult, TrustEntry } from '../../../src/tentacle/contract.ts';
import { RESULT_MARK } from '../../../src/tentacle/machine-result.ts';
import { wishOf, type Wish } from '../../phases/fleet/machine.ts';
import type { Time } from './time.ts';

/** A polling Tentacle comes again after 5 s to 2 min (tentacle-trust.md section 6, A18). */
const LONGEST_PAUSE_MS = 120_000;
const START_MS = 3_000;
const POWER_UP_MS = 20_000;

export interface Registered { id: string; name: string; isDisabled: boolean; health: 'Healthy' | 'Unavailable' | 'Unknown' }

/** What a Tentacle tells the world about itself. */
export interface Told {
  wrote(tentacle: Tentacle): void;
  started(tentacle: Tentacle): void;
  stopped(tentacle: Tentacle, isRequested: boolean): void;
}

const clone = (entries: readonly TrustEntry[]): TrustEntry[] => entries.map((entry) => ({ ...entry }));

/** One Tentacle after tentacle-trust.md sections 2 to 6: trust is read once, at its start. */
export class Tentacle {
  stored: TrustEntry[] = [];
  /** What the running service read when it started; null while it does not run. */
  loaded: TrustEntry[] | null = null;
  isOn = true;
  /** The next start of the service by a restarter fails. */
  failsToStart = false;
  /** Octopus cannot be reached from it, nor it from Octopus. */
  isCutOff = false;
  /** How many scripts run on it. */
  scripts = 0;
  /** When a polling one comes again. */
  private comesAt = 0;
  private lastRestart: MachineResult['lastRestart'] = 'none';
  private restarter = 0;
  private isRestarting = false;
  private readonly own: string;
  registration: Registered | null = null;

  constructor(readonly name: string, readonly route: 'listening' | 'polling', readonly isHost: boolean, readonly viaProxy: boolean, private readonly time: Time, private readonly told: Told) {
    this.own = createHash('sha1').update(`Tentacle ${name}`).digest('hex').toUpperCase();
  }

  get thumbprint(): string {
    return this.own;
  }

  get uri(): string {
    return this.route === 'polling' ? `poll://${this.name}/` : `https://${this.name}:10933/`;
  }

  /** Set up for nodes at these addresses, which present these certificates. */
  setUp(nodes: readonly { address: string; presents: string }[]): void {
    const entry = (given: Partial<TrustEntry>): TrustEntry => ({ thumbprint: '', style: 'TentaclePassive', address: null, subscriptionId: null, ...given });
    this.stored = this.route === 'listening' ? [...new Set(nodes.map((node) => node.presents))].map((thumbprint) => entry({ thumbprint })) : nodes.map(({ address, presents }) => entry({ thumbprint: presents, style: 'TentacleActive', address, subscriptionId: this.uri }));
    // Another Octopus Server, which is nobody's business here (A25).
    this.stored.push(entry({ thumbprint: createHash('sha1').update('another server').digest('hex').toUpperCase(), style: 'TentacleActive', address: 'https://elsewhere:10943/', subscriptionId: `poll://${this.name}-elsewhere/` }));
    this.start();
  }

  /** A person lets it trust one more, in force at once. */
  alsoTrusts(thumbprint: string, nodes: readonly string[]): void {
    const entries: TrustEntry[] = this.route === 'listening' ? [{ thumbprint, style: 'TentaclePassive', address: null, subscriptionId: null }] : nodes.map((address) => ({ thumbprint, style: 'TentacleActive', address, subscriptionId: this.uri }));
    this.stored.push(...clone(entries));
    if (this.loaded === null) return;
    this.loaded.push(...clone(entries));
    this.told.started(this);
  }

  /** A person lets it poll one node more, in force at once. */
  alsoPolls(address: string, thumbprint: string): void {
    const entry: TrustEntry = { thumbprint, style: 'TentacleActive', address, subscriptionId: this.uri };
    this.stored.push({ ...entry });
    this.loaded?.push({ ...entry });
    if (this.loaded !== null) this.told.started(this);
  }

  get isRunning(): boolean {
    return this.loaded !== null;
  }

  /** Whether a server node with this certificate and address can work with it now. */
  serves(thumbprint: string, node: string): boolean {
    if (!this.isOn || this.isCutOff || this.loaded === null) return false;
    return this.trusts(thumbprint, node) && (this.route === 'listening' || this.time.monotonic() >= this.comesAt);
  }

  /** Whether what is in force lets that node in, or comes to it. */
  trusts(thumbprint: string, node: string, entries = this.loaded ?? []): boolean {
    if (this.route === 'listening') return entries.some((entry) => entry.thumbprint.toUpperCase() === thumbprint);
    return entries.some((entry) => entry.style === 'TentacleActive' && entry.address === node && entry.thumbprint === thumbprint);
  }

  /** A node went away, or came with another certificate: whoever polls it pauses. */
  meetsOther(): void {
    if (this.route === 'polling') this.comesAt = this.time.monotonic() + LONGEST_PAUSE_MS / 2;
  }

  start(): void {
    if (!this.isOn || this.loaded !== null) return;
    this.loaded = clone(this.stored);
    this.comesAt = this.time.monotonic() + (this.route === 'polling' ? 1_000 : 0);
    this.told.started(this);
  }

  stop(isRequested: boolean): void {
    if (this.loaded === null) return;
    this.loaded = null;
    this.scripts = 0;
    this.told.stopped(this, isRequested);
  }

  /** The plug is pulled: also whoever was about to restart it is gone. */
  powerOff(): void {
    this.isOn = false;
    this.isRestarting = false;
    this.restarter++;
    this.stop(false);
  }

  powerOn(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.time.after(POWER_UP_MS, () => this.start());
  }

  /** Runs a script on it, by whomever; answers with what it printed. */
  run(body: string): string {
    const wish = wishOf(body);
    return `octopus-rotation: said\n${RESULT_MARK} ${Buffer.from(JSON.stringify(this.act(wish))).toString('base64')}\n`;
  }

  private act(wish: Wish): MachineResult {
    const before = clone(this.stored);
    const result = (outcome: MachineResult['outcome'], reason: MachineResult['reason'], restart: MachineResult['restart'] = 'none'): MachineResult => ({
      rotationId: wish.rotation, own: this.own as MachineResult['own'], operation: wish.operation as MachineResult['operation'], outcome, reason, before, after: clone(this.stored), effective: this.isEffective ? 'yes' : 'no', restart,
      lastRestart: this.isRestarting ? 'running' : this.lastRestart, identity: createHash('sha256').update(this.name).digest('hex'),
    });
    if (wish.operation === 'observe') return result('unchanged', null);
    const planned = listAfter(wish, before);
    if (typeof planned === 'string') return result('refused', planned as MachineResult['reason']);
    const isChange = JSON.stringify(planned) !== JSON.stringify(before);
    if (!isChange && this.isEffective) return result('unchanged', null, 'not-needed');
    if (isChange) {
      this.stored = planned;
      this.told.wrote(this);
    }
    if (this.isEffective) return result('changed', null, 'not-needed');
    if (wish.restart !== 'detached') return result(isChange ? 'changed' : 'unchanged', null);
    if (isChange || !this.isRestarting) this.arm(wish, before);
    return result(isChange ? 'changed' : 'unchanged', null, 'armed');
  }

  private get isEffective(): boolean {
    return this.loaded !== null && JSON.stringify(this.loaded) === JSON.stringify(this.stored);
  }

  /** The detached restarter and its net (rule 3). An edit ends the one before. */
  private arm(wish: Wish, old: TrustEntry[]): void {
    const mine = ++this.restarter;
    const wished = JSON.stringify(this.stored);
    this.isRestarting = true;
    const later = (milliseconds: number, act: () => void): void => this.time.after(milliseconds, () => mine === this.restarter && act());
    const end = (ending: MachineResult['lastRestart']): void => {
      this.isRestarting = false;
      this.lastRestart = ending;
    };
    const deadline = this.time.monotonic() + wish.idleSeconds * 1_000;
    const waitUntilIdle = (quiet: number): void => {
      const now = this.scripts > 0 ? 0 : quiet + 1;
      if (now >= 2) restart();
      else if (this.time.monotonic() >= deadline) end('deferred');
      else later(1_000, () => waitUntilIdle(now));
    };
    const restart = (): void => {
      this.stop(true);
      if (!this.failsToStart) {
        later(START_MS, () => {
          this.start();
          end('good');
        });
        return;
      }
      this.failsToStart = false;
      later(5_000, () => {
        const isMine = JSON.stringify(this.stored) === wished && wished !== JSON.stringify(old);
        if (isMine) {
          this.stored = old;
          this.told.wrote(this);
        }
        this.start();
        end(isMine ? 'reverted' : 'failed');
      });
    };
    later(wish.delaySeconds * 1_000, () => waitUntilIdle(0));
  }
}

const has = (entry: TrustEntry, thumbprint: string): boolean => entry.thumbprint.toUpperCase() === thumbprint;
const isPolled = (entry: TrustEntry): boolean => entry.style === 'TentacleActive' && entry.address !== null;
const isSame = (one: TrustEntry, other: TrustEntry): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The list as a script would leave it, or the word of its refusal. */
function listAfter({ operation, route, thumbprint, beside, keep }: Wish, list: TrustEntry[]): TrustEntry[] | string {
  if (operation === 'add' && route === 'listening') return list.some((entry) => entry.thumbprint === thumbprint) ? list : [...list, { thumbprint, style: 'TentaclePassive', address: null, subscriptionId: null }];
  if (operation === 'add') {
    const mine = list.filter((entry) => isPolled(entry) && has(entry, beside));
    if (mine.length === 0) return 'no-pollable-entry';
    const twins = mine.map((entry) => ({ ...entry, thumbprint })).filter((twin) => !list.some((one) => isSame(one, twin)));
    return [...list, ...twins];
  }
  if (operation !== 'remove') throw new Error(`A script of an unknown operation: ${operation}`);
  if (!list.some((entry) => has(entry, keep))) return 'keep-missing';
  const mine = list.filter((entry) => has(entry, thumbprint));
  if (route === 'listening' && mine.some(isPolled)) return 'pollable-entry';
  if (route === 'polling' && mine.some((entry) => isPolled(entry) && !list.some((one) => isSame(one, { ...entry, thumbprint: keep })))) return 'twin-missing';
  return list.filter((entry) => !has(entry, thumbprint));
}
