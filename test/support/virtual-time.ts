import type { Clock } from '../../src/ports/clock.ts';

interface Timer { due: number; order: number; fire: () => void }

/** Time that passes only when somebody lets it. The wall clock may jump, the monotonic one does not. Who drives it is up to each world. */
export class VirtualTime implements Clock {
  protected elapsed = 0;
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

  /** Goes on to what is due next, and lets everything of that moment happen; false when nothing is due by `until`. */
  protected step(until = Infinity): boolean {
    const next = this.timers.at(-1);
    if (next === undefined || next.due > until) return false;
    this.elapsed = next.due;
    while (this.timers.at(-1)?.due === next.due) this.timers.pop()!.fire();
    return true;
  }
}
