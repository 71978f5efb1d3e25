import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/ports/clock.ts';

interface Timer { due: number; order: number; fire: () => void }

/** How often nobody may have anything to wait for before that counts as everybody waiting for ever. */
const IDLE_TURNS = 200;

/** Virtual time: it passes only when everybody waits. The wall clock may jump, the monotonic one does not. */
export class Time implements Clock {
  private elapsed = 0;
  private wall = Date.parse('2026-11-24T08:00:00Z');
  private order = 0;
  /** Sorted, the next one last. */
  private readonly timers: Timer[] = [];

  now(): Date {
    return new Date(this.wall + this.elapsed);
  }

  monotonic(): number {
    return this.elapsed;
  }

  /** Somebody sets the clock of the machine. */
  jump(milliseconds: number): void {
    this.wall += milliseconds;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.after(milliseconds, resolve);
    });
  }

  /** Something that happens in the world by itself. */
  after(milliseconds: number, fire: () => void): void {
    const timer = { due: this.elapsed + Math.max(0, milliseconds), order: this.order++, fire };
    let at = this.timers.length;
    while (at > 0 && this.timers[at - 1]!.due <= timer.due) at--;
    this.timers.splice(at, 0, timer);
  }

  /** Lets the world go on until `work` is settled. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    work.then(mark, mark);
    let idle = 0;
    for (;;) {
      await turn();
      if (isSettled) return work;
      if (this.step(Infinity)) idle = 0;
      else if (++idle > IDLE_TURNS) throw new Error('Everybody waits for something that never comes.');
    }
  }

  /** Lets so much time pass, or less when `isDone` says so before. */
  async pass(milliseconds: number, isDone: () => boolean = () => false): Promise<void> {
    const until = this.elapsed + milliseconds;
    do await turn(); while (!isDone() && this.step(until));
    if (!isDone()) this.elapsed = until;
  }

  private step(until: number): boolean {
    const next = this.timers.at(-1);
    if (next === undefined || next.due > until) return false;
    this.elapsed = next.due;
    while (this.timers.at(-1)?.due === next.due) this.timers.pop()!.fire();
    return true;
  }
}
