import type { ProcessIdentity } from '../../../src/ports/processes.ts';

/** What a dead process waits for: one of its own, since whatever waits for a common one would be kept with its whole world. */
const never = (): Promise<never> => new Promise<never>(() => undefined);

/** `relay`: the one that leads. `node`: that of another server node. */
export type ActorKind = 'step' | 'relay' | 'node';
export type PortName = 'files' | 'processes' | 'octopus';
/** How a process ends at an effect: before it, after it, or in the middle of a write. `answer-lost`: it lives on, and Octopus' answer does not reach it. */
export type TrapMode = 'before' | 'torn' | 'after' | 'answer-lost';

/** Strikes once, at the `countdown`-th effect of that port by a process of that kind. */
export interface Trap { kind: ActorKind; port: PortName | 'any'; countdown: number; mode: TrapMode; what: 'kill' | 'suspend' | 'power-cut' }

export interface Effect<T> {
  port: PortName;
  name: string;
  act: () => T | Promise<T>;
  /** Whether only the holder of the lease may do it. */
  guarded?: boolean;
  /** As much of it as happens when it is cut in the middle. */
  torn?: () => void;
}

/** It was done, and whoever asked for it does not hear of it. */
export class AnswerLost extends Error {}

/** What the world has in store for actors. */
export interface Fate {
  /** Before each effect: the trap that strikes here, or null. */
  next(actor: Actor, effect: Effect<unknown>): Trap | null;
  strike(actor: Actor, trap: Trap, effect: Effect<unknown>): void;
}

/** A process of the product: every effect goes through it, so that it can die, or be stopped, at each of them. */
export class Actor {
  private life: 'alive' | 'suspended' | 'dead' = 'alive';
  private waking: (() => void)[] = [];
  private readonly mourners: (() => void)[] = [];
  /** Whether others take it for dead although it is not: a container's processes cannot be seen from another one. */
  isBelievedDead = false;
  readonly identity: ProcessIdentity;
  /** What it does now it was stopped in front of, and has just woken up to: no check of a fence lies between. */
  isLate = false;

  constructor(readonly kind: ActorKind, readonly name: string, readonly machine: string, pid: number, boot: string, private readonly fate: Fate) {
    this.identity = { pid, started: String(pid), boot };
  }

  get isDead(): boolean {
    return this.life === 'dead';
  }

  get isSuspended(): boolean {
    return this.life === 'suspended';
  }

  kill(): void {
    if (this.isDead) return;
    this.life = 'dead';
    for (const mourn of this.mourners) mourn();
  }

  suspend(): void {
    if (this.life === 'alive') this.life = 'suspended';
  }

  wake(): void {
    if (this.life !== 'suspended') return;
    this.life = 'alive';
    for (const go of this.waking.splice(0)) go();
  }

  /** Settled with `work`, or with undefined when the process dies before. */
  whileAlive<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, new Promise<undefined>((resolve) => (this.isDead ? resolve(undefined) : this.mourners.push(() => resolve(undefined))))]);
  }

  /** What only looks. */
  async look<T>(see: () => T | Promise<T>): Promise<T> {
    await this.turn();
    const seen = await this.settle(see);
    await this.turn();
    return seen();
  }

  async effect<T>(effect: Effect<T>): Promise<T> {
    await this.turn();
    const trap = this.fate.next(this, effect as Effect<unknown>);
    const isBefore = trap !== null && (trap.mode === 'before' || trap.mode === 'torn');
    if (isBefore) {
      if (trap.mode === 'torn' && trap.what !== 'suspend') effect.torn?.();
      this.fate.strike(this, trap, effect as Effect<unknown>);
      // One that was only stopped does it when it wakes up.
      await this.turn();
      this.isLate = trap.what === 'suspend';
    }
    const done = await this.settle(effect.act);
    this.isLate = false;
    if (trap !== null && !isBefore && trap.mode !== 'answer-lost') this.fate.strike(this, trap, effect as Effect<unknown>);
    await this.turn();
    const value = done();
    if (trap?.mode === 'answer-lost' && effect.port === 'octopus') throw new AnswerLost(effect.name);
    return value;
  }

  /** Failures, too, are heard of only by whoever lives. */
  private async settle<T>(act: () => T | Promise<T>): Promise<() => T> {
    try {
      const value = await act();
      return () => value;
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  private async turn(): Promise<void> {
    while (this.life !== 'alive') await (this.isDead ? never() : new Promise<void>((resolve) => this.waking.push(resolve)));
  }
}
