import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayGoOn, wavesOf } from '../../src/gates/waves.ts';
import type { PlannedMachine, Waves } from '../../src/journal/contract.ts';
import { plannedMachine } from '../support/estate-pieces.ts';

const waves = (given: Partial<Waves> = {}): Waves => ({ by: 'size', size: 3, canaries: 1, stopAfter: 2, ...given });
const machine = fc.record({ route: fc.constantFrom('listening' as const, 'polling' as const), shell: fc.constantFrom('Bash' as const, 'PowerShell' as const), environmentIds: fc.constantFrom<string[]>([], ['Environments-1'], ['Environments-2', 'Environments-1']) });
const fleet = fc.array(machine, { maxLength: 40 }).map((kinds) => kinds.map((kind, index) => plannedMachine({ ...kind, name: `m${index}` })));
const settings = fc.record({ by: fc.constantFrom('size' as const, 'environment' as const), size: fc.integer({ min: 1, max: 10 }), canaries: fc.integer({ min: 0, max: 3 }), stopAfter: fc.nat(5) });
const kind = (one: PlannedMachine) => `${one.route} ${one.shell}`;

describe('B8: waves', () => {
  it('every machine is in exactly one wave, and none is empty', () => {
    fc.assert(fc.property(fleet, settings, (machines, given) => {
      const all = wavesOf(machines, given);
      expect(all.every((wave) => wave.length > 0)).toBe(true);
      expect(all.flat().map((one) => one.name).sort()).toEqual(machines.map((one) => one.name).sort());
    }));
  });

  it('canaries go first: so many of each way of being changed', () => {
    fc.assert(fc.property(fleet, settings, (machines, given) => {
      fc.pre(given.canaries > 0 && machines.length > 0);
      const [first, ...following] = wavesOf(machines, given);
      for (const one of new Set(machines.map(kind))) {
        const there = machines.filter((other) => kind(other) === one).length;
        expect(first!.filter((other) => kind(other) === one)).toHaveLength(Math.min(given.canaries, there));
      }
      if (given.by === 'size') for (const wave of following) expect(wave.length).toBeLessThanOrEqual(given.size);
    }));
  });

  it('by environment: one after the other, and those without any last', () => {
    const inEnvironment = (name: string, environmentIds: string[]) => plannedMachine({ name, environmentIds });
    const machines = [inEnvironment('canary', ['Environments-9']), inEnvironment('worker', []), inEnvironment('b', ['Environments-2']), inEnvironment('a', ['Environments-1']), inEnvironment('b2', ['Environments-2'])];
    expect(wavesOf(machines, waves({ by: 'environment' })).map((wave) => wave.map((one) => one.name))).toEqual([['canary'], ['a'], ['b', 'b2'], ['worker']]);
  });

  it('goes on up to the threshold and not beyond it', () => {
    expect([0, 2, 3].map((failures) => mayGoOn(failures, waves()))).toEqual([true, true, false]);
    expect(mayGoOn(1, waves({ stopAfter: 0 }))).toBe(false);
  });
});
