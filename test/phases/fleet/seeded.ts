import { createHash } from 'node:crypto';
import type { Random } from '../../../src/ports/random.ts';

/** The same numbers for the same seed (mulberry32). */
export class Seeded implements Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let one = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    one = (one + Math.imul(one ^ (one >>> 7), 61 | one)) ^ one;
    return ((one ^ (one >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.next() * 256));
  }
}

export function thumbprintFrom(text: string): string {
  return createHash('sha1').update(text).digest('hex').toUpperCase();
}
