import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayGoOn, wavesOf } from '../../src/gates/waves.ts';
import type { PlannedMachine, Waves } from '../../src/journal/contract.ts';
import { plannedMachine } from '../support/estate-pieces.ts';

const by = (given: Partial<Waves>): Waves => ({ by: 'size', size: 2, canaries: 1, stopAfter: 1, ...given });
const names = (waves: PlannedMachine[][]) => waves.map((wave) => wave.map((one) => one.name));
const machines = (...all: [string, Partial<PlannedMachine>?][]) => all.map(([name, given]) => plannedMachine({ name, ...given }));

describe('B8: in which order machines are changed', () => {
  it('B8: canaries of each route and shell alone, then waves of a size', () => {
    const all = machines(['a'], ['b'], ['c'], ['d'], ['p', { route: 'polling' }], ['w', { shell: 'PowerShell' }], ['q', { route: 'polling' }]);
    expect(names(wavesOf(all, by({})))).toEqual([['a', 'p', 'w'], ['b', 'c'], ['d', 'q']]);
  });

  it('B8: one environment after the other, machines without one last', () => {
    const all = machines(['canary'], ['worker', { environmentIds: [] }], ['live', { environmentIds: ['Environments-2'] }], ['test']);
    expect(names(wavesOf(all, by({ by: 'environment' })))).toEqual([['canary'], ['test'], ['live'], ['worker']]);
  });

  it('B8: no wave starts once more failed than may', () => {
    expect([0, 1, 2].map((failures) => mayGoOn(failures, by({ stopAfter: 1 })))).toEqual([true, true, false]);
  });

  it('B8: every machine comes once, in no wave larger than allowed', () => {
    const machine = fc.record({ route: fc.constantFrom('listening' as const, 'polling' as const), shell: fc.constantFrom('Bash' as const, 'PowerShell' as const), environmentIds: fc.subarray(['Environments-1', 'Environments-2']) });
    fc.assert(fc.property(fc.array(machine, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom('size' as const, 'environment' as const), (given, size, canaries, order) => {
      const all = given.map((one, index) => plannedMachine({ ...one, key: String(index), name: String(index) }));
      const waves = wavesOf(all, by({ by: order, size, canaries }));
      expect(waves.flat().map((one) => one.key).sort()).toEqual(all.map((one) => one.key).sort());
      const following = canaries > 0 ? waves.slice(1) : waves;
      if (order === 'size') expect(following.every((wave) => wave.length <= size)).toBe(true);
    }));
  });
});
