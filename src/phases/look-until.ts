import type { Clock } from '../ports/clock.ts';

/** Looks again and again until what is seen will do or `limitMs` have passed; answers with what was seen last. */
export async function lookUntil<Seen>(clock: Clock, { limitMs, pauseMs }: { limitMs: number; pauseMs: number }, look: () => Promise<Seen>, willDo: (seen: Seen) => boolean): Promise<Seen> {
  const start = clock.monotonic();
  for (;;) {
    const seen = await look();
    if (willDo(seen) || clock.monotonic() - start > limitMs) return seen;
    await clock.sleep(pauseMs);
  }
}
