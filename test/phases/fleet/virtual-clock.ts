import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/ports/clock.ts';

interface Timer { due: number; order: number; fire: () => void }

/** How long real work (an import, a key) may take before nobody is expected to come back any more. */
const STUCK_MS = 30_000;

/** Time that passes only when everybody waits: a rotation of hours takes as long as its work. */
export class VirtualClock implements Clock {
  private time = Date.parse('2026-11-24T08:00:00Z');
  private readonly begun = this.time;
  private order = 0;
  /** Sorted, the next one last. */
  private readonly timers: Timer[] = [];
  /** Real work in flight (files on a disk), during which no time passes. */
  private inFlight = 0;

  now(): Date {
    return new Date(this.time);
  }

  monotonic(): number {
    return this.time - this.begun;
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
    const timer = { due: this.time + Math.max(0, milliseconds), order: this.order++, fire };
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const one = this.timers[middle]!;
      if (one.due > timer.due || (one.due === timer.due && one.order > timer.order)) low = middle + 1;
      else high = middle;
    }
    this.timers.splice(low, 0, timer);
  }

  /** Lets no time pass while `work` is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.inFlight += 1;
    try {
      return await work;
    } finally {
      this.inFlight -= 1;
    }
  }

  /** Drives the world until `work` is settled. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    let lastProgress = performance.now();
    for (;;) {
      await turn();
      if (settled) return work;
      if (this.inFlight > 0) continue;
      const next = this.timers.at(-1);
      if (next === undefined) {
        if (performance.now() - lastProgress > STUCK_MS) throw new Error('Everybody waits for something that never comes.');
        continue;
      }
      this.time = next.due;
      while (this.timers.at(-1)?.due === next.due) this.timers.pop()!.fire();
      lastProgress = performance.now();
    }
  }
}
