import { createHash } from 'node:crypto';
import type { MachineResult, TrustEntry } from '../../../src/tentacle/contract.ts';
import type { Registration } from '../../../src/octopus/contract.ts';
import { RESULT_MARK } from '../../../src/tentacle/machine-result.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What goes wrong on a machine. Each lasts until it is mended. */
export type Fault = 'none' | 'off' | 'wrong-peer' | 'list-broken' | 'configure-fails' | 'restart-fails' | 'scripts-run-long' | 'result-lost-once' | 'result-lost';

/** The address that polling Tentacles come to. */
export const POLLED = 'https://octopus-01:10943/';

export interface Wish { operation: string; thumbprint: string; keep: string; beside: string; route: string; restart: string; place: string; rotation: string; delaySeconds: number; watchSeconds: number; idleSeconds: number }

/** Scripts that were read before: many machines are told the same. */
const wishes = new Map<string, Wish>();

export function wishOf(body: string): Wish {
  const wish = wishes.get(body) ?? readWish(body);
  if (wishes.size > 1_000) wishes.clear();
  wishes.set(body, wish);
  return wish;
}

/** The typed tokens of a trust script, as Bash (`or_name='value'`) or PowerShell (`$script:orName = [int]'value'`) is told them. */
function readWish(body: string): Wish {
  const said = new Map<string, string>();
  for (const match of body.matchAll(/^or_(\w+)='([^'\n]*)'$/gm)) said.set(match[1]!, match[2]!);
  for (const match of body.matchAll(/^\$script:or([A-Z]\w*) = (?:\[int\])?'([^'\n]*)'\r?$/gm)) said.set(match[1]!.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase(), match[2]!);
  const of = (...names: string[]): string => {
    const name = names.find((one) => said.has(one));
    if (name === undefined) throw new Error(`The script does not say ${names.join(' or ')}.`);
    return said.get(name)!;
  };
  return {
    operation: of('operation'), thumbprint: of('thumbprint'), keep: of('keep', 'partner'), beside: of('beside', 'partner'), route: of('route'), restart: of('restart_how', 'restart'), place: of('place'), rotation: of('rotation'),
    delaySeconds: Number(of('delay_seconds')), watchSeconds: Number(of('watch_seconds')), idleSeconds: Number(of('idle_seconds')),
  };
}

/** What a machine tells its fleet, which watches that nothing goes wrong. */
export interface Watch {
  /** Before the stored list changes. */
  writing(machine: Machine, wish: Wish, before: readonly TrustEntry[], after: readonly TrustEntry[]): void;
  started(machine: Machine): void;
  settled(machine: Machine): void;
}

/** One Tentacle: what is stored, what the running service acts by, and how it gets from one to the other (tentacle-trust.md sections 2 to 6). */
export class Machine {
  stored: TrustEntry[] = [];
  /** What the running service loaded when it was started. */
  loaded: TrustEntry[] = [];
  fault: Fault = 'none';
  isUp = true;
  /** A polling Tentacle that met another certificate pauses. */
  pausesUntil = 0;
  scripts = 0;
  lastRestart: MachineResult['lastRestart'] = 'none';
  isRestarting = false;
  writes: Wish[] = [];
  reverts = 0;
  restarts = 0;
  readonly registrations: Registration[] = [];

  constructor(readonly name: string, readonly own: string, readonly route: 'listening' | 'polling', readonly shell: 'Bash' | 'PowerShell', readonly isHost: boolean, readonly restartMs: number, private readonly clock: VirtualClock, private readonly watch: Watch) {}

  get isOn(): boolean {
    return this.fault !== 'off';
  }

  /** `poll://...` for a polling one. */
  get uri(): string {
    return this.route === 'polling' ? `poll://${this.name}/` : `https://${this.name}:10933/`;
  }

  get key(): string {
    return this.route === 'polling' ? `${this.own}@poll://${this.name}` : `${this.own}@${this.name}:10933`;
  }

  /** It comes by WebSocket, whatever certificate the server shows at its own port (A13). */
  get isByWebSocket(): boolean {
    return this.loaded.some((entry) => entry.address?.startsWith('wss:')) && !this.loaded.some((entry) => isPolled(entry) && entry.address === POLLED);
  }

  /** Whether the running service lets a server with this certificate in, or comes to it. */
  accepts(thumbprint: string, entries: readonly TrustEntry[] = this.loaded): boolean {
    if (this.route === 'listening') return entries.some((entry) => entry.thumbprint.toUpperCase() === thumbprint);
    if (this.isByWebSocket) return true;
    return entries.some((entry) => isPolled(entry) && entry.address === POLLED && entry.thumbprint === thumbprint);
  }

  /** As a script that is run on it, by whomever: answers with its lines, or null when it says nothing. */
  run(wish: Wish): string | null {
    this.scripts += 1;
    try {
      const result = this.act(wish);
      if (wish.operation !== 'observe' && (this.fault === 'result-lost' || this.fault === 'result-lost-once')) {
        if (this.fault === 'result-lost-once') this.fault = 'none';
        return null;
      }
      return `octopus-rotation: said\n${RESULT_MARK} ${Buffer.from(JSON.stringify(result)).toString('base64')}`;
    } finally {
      this.scripts -= 1;
    }
  }

  private act(wish: Wish): MachineResult {
    const before = this.stored.map((entry) => ({ ...entry }));
    const result = (outcome: MachineResult['outcome'], reason: MachineResult['reason'], restart: MachineResult['restart'] = 'none'): MachineResult => ({
      rotationId: wish.rotation, own: this.own as MachineResult['own'], operation: wish.operation as MachineResult['operation'], outcome, reason, before, after: this.stored, effective: this.isEffective() ? 'yes' : 'no', restart, lastRestart: this.isRestarting ? 'running' : this.lastRestart, identity: createHash('sha256').update(this.name).digest('hex'),
    });
    if (this.fault === 'list-broken') return result('refused', 'list-broken');
    if (wish.operation === 'observe') return result('unchanged', null);
    const planned = plan(wish, before);
    if (typeof planned === 'string') return result('refused', planned as MachineResult['reason']);
    const changes = JSON.stringify(planned) !== JSON.stringify(before);
    if (!changes && this.isEffective()) return result('unchanged', null, 'not-needed');
    if (!changes && wish.restart !== 'detached') return result('unchanged', null);
    if (!changes && this.isRestarting) return result('unchanged', null, 'armed');
    if (changes) {
      if (this.fault === 'configure-fails') return result('failed', 'configure-failed');
      this.watch.writing(this, wish, before, planned);
      this.writes.push(wish);
      this.stored = planned;
    }
    if (changes && this.isEffective()) return result('changed', null, 'not-needed');
    if (wish.restart !== 'detached') return result('changed', null);
    this.arm(wish, before);
    return result(changes ? 'changed' : 'unchanged', null, 'armed');
  }

  private isEffective(): boolean {
    return JSON.stringify(this.loaded) === JSON.stringify(this.stored);
  }

  /** The detached restarter with its net (rule 3). */
  private arm(wish: Wish, old: TrustEntry[]): void {
    this.isRestarting = true;
    this.watch.started(this);
    const wished = JSON.stringify(this.stored);
    const end = (ending: MachineResult['lastRestart']): void => {
      this.lastRestart = ending;
      this.isRestarting = false;
      this.watch.settled(this);
    };
    const deadline = this.clock.monotonic() + wish.idleSeconds * 1000;
    let quiet = 0;
    const waitUntilIdle = (): void => {
      quiet = this.scripts > 0 || this.fault === 'scripts-run-long' ? 0 : quiet + 1;
      if (quiet >= 2) restart();
      else if (this.clock.monotonic() >= deadline) end('deferred');
      else this.clock.after(1000, waitUntilIdle);
    };
    const restart = (): void => {
      this.isUp = false;
      this.restarts += 1;
      if (this.fault === 'restart-fails') {
        // It stays down until the net has seen enough, then its old list is put back.
        this.clock.after(Math.min(5000, wish.watchSeconds * 1000), () => {
          if (JSON.stringify(this.stored) === wished && wished !== JSON.stringify(old)) {
            this.stored = old;
            this.reverts += 1;
          }
          this.up();
          end(wished === JSON.stringify(old) ? 'failed' : 'reverted');
        });
      } else {
        this.clock.after(this.restartMs, () => {
          this.up();
          end('good');
        });
      }
    };
    this.clock.after(wish.delaySeconds * 1000, waitUntilIdle);
  }

  private up(): void {
    this.isUp = true;
    this.loaded = this.stored.map((entry) => ({ ...entry }));
    this.pausesUntil = 0;
  }
}

function isPolled(entry: TrustEntry): boolean {
  return (entry.style === 'TentacleActive' || entry.style === 'KubernetesTentacle') && entry.address !== null && !entry.address.startsWith('wss:');
}

const has = (entry: TrustEntry, thumbprint: string): boolean => entry.thumbprint.toUpperCase() === thumbprint;

/** The list as the script would leave it, or the word of its refusal. */
function plan(wish: Wish, list: TrustEntry[]): TrustEntry[] | string {
  const { thumbprint, beside, keep } = wish;
  if (wish.operation === 'add' && wish.route === 'listening') {
    if (list.some((entry) => entry.thumbprint === thumbprint)) return list;
    return [...list.filter((entry) => !(has(entry, thumbprint) && entry.address === null)), { thumbprint, style: 'TentaclePassive', address: null, subscriptionId: null }];
  }
  if (wish.operation === 'add') {
    if (!list.some((entry) => isPolled(entry) && has(entry, beside))) return 'no-pollable-entry';
    return list.flatMap((entry) => {
      const twin = { ...entry, thumbprint };
      return isPolled(entry) && has(entry, beside) && !list.some((one) => JSON.stringify(one) === JSON.stringify(twin)) ? [entry, twin] : [entry];
    });
  }
  if (wish.operation !== 'remove') throw new Error(`A script of an unknown operation: ${wish.operation}`);
  if (!list.some((entry) => has(entry, keep))) return 'keep-missing';
  const mine = list.filter((entry) => has(entry, thumbprint) && !entry.address?.startsWith('wss:'));
  if (wish.route === 'listening' && mine.some(isPolled)) return 'pollable-entry';
  if (wish.route === 'polling' && mine.some((entry) => isPolled(entry) && !list.some((one) => JSON.stringify(one) === JSON.stringify({ ...entry, thumbprint: keep })))) return 'twin-missing';
  return list.filter((entry) => !mine.includes(entry));
}
