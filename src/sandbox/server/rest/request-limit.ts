import { RestError } from './errors.ts';

const AT_ONCE = 200;
const PER_MINUTE = 200;

/** A token bucket for each user of this node: refills steadily, each request takes one, and a request that finds none is refused unprocessed. */
export class RequestLimit {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  take(userId: string, now = performance.now()): void {
    const { tokens, at } = this.#buckets.get(userId) ?? { tokens: AT_ONCE, at: now };
    const filled = Math.min(AT_ONCE, tokens + ((now - at) / 60_000) * PER_MINUTE);
    this.#buckets.set(userId, { tokens: filled < 1 ? filled : filled - 1, at: now });
    if (filled < 1) throw new RestError(429, 'Too many requests.', [], { 'retry-after': '1' });
  }
}
