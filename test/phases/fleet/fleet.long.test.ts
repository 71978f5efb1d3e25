import fc from 'fast-check';
import { it } from 'vitest';
import { Journey } from './journey.ts';

const numRuns = 8;
/** The same fleets each time, so that a change is judged by what it changed; FLEET_SEED gives others. */
const seed = Number(process.env['FLEET_SEED'] ?? 20_260_302);

it('A1: whatever goes wrong, rotations over 200 machines of every kind keep their rules', () =>
  fc.assert(fc.asyncProperty(fc.integer(), async (seed) => {
    const journey = new Journey(seed, 200);
    await journey.untilProved();
    await journey.swapAndRetire();
  }), { seed, numRuns, endOnFailure: true }));

it('rotations over 200 machines that are given up leave NEW trusted nowhere that is not listed', () =>
  fc.assert(fc.asyncProperty(fc.integer(), async (seed) => {
    const journey = new Journey(seed, 200);
    await journey.untilProved();
    await journey.giveUp();
  }), { seed, numRuns, endOnFailure: true }));
