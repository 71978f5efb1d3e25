import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Journey } from './journey.ts';

/** More of them, and larger, in the long suite. */
it('whatever goes wrong, a rotation over a fleet of every kind keeps its rules', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const journey = new Journey(seed, 60);
      await journey.untilProved();
      await journey.swapAndRetire();
      expect(journey.play.fleet.violations).toEqual([]);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 6), ...(process.env["SEED"] ? { examples: [[Number(process.env["SEED"])]] as [number][] } : {}), endOnFailure: true },
  );
});
