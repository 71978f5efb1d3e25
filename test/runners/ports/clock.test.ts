import { describe, expect, it } from 'vitest';
import { systemClock as clock } from '../../../src/runners/ports/clock.ts';
import { systemRandom } from '../../../src/runners/ports/random.ts';

describe('The real clock', () => {
  it('sleeps at least as long as asked, and not at all for less than nothing', async () => {
    const begin = clock.monotonic();
    await clock.sleep(30);
    expect(clock.monotonic() - begin).toBeGreaterThanOrEqual(28);
    await clock.sleep(-1);
  });

  it('wakes up with the reason of the abort', async () => {
    const reason = new Error('stop');
    const controller = new AbortController();
    const asleep = clock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(asleep).rejects.toBe(reason);
    await expect(clock.sleep(60_000, controller.signal)).rejects.toBe(reason);
  });
});

describe('The real randomness', () => {
  it('gives as many bytes as asked, never the same twice', () => {
    expect(systemRandom.bytes(0)).toHaveLength(0);
    expect(systemRandom.bytes(32)).toHaveLength(32);
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
  });
});
