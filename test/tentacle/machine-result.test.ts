import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMachineResults } from '../../src/tentacle/machine-result.ts';
import type { MachineResult } from '../../src/tentacle/contract.ts';

const thumbprint = fc.stringMatching(/^[0-9A-F]{40}$/);
const entries = fc.array(fc.record({
  thumbprint: fc.string({ minLength: 1, unit: 'grapheme' }), style: fc.constantFrom('None' as const, 'TentaclePassive' as const, 'TentacleActive' as const, 'KubernetesTentacle' as const),
  address: fc.option(fc.string({ unit: 'grapheme' }), { nil: null }), subscriptionId: fc.option(fc.string(), { nil: null }),
}), { maxLength: 4 });
const result: fc.Arbitrary<MachineResult> = fc.record({
  rotationId: fc.constantFrom('r-1', 'r-2'), own: thumbprint as fc.Arbitrary<never>, operation: fc.constantFrom('observe', 'add', 'remove'),
  outcome: fc.constantFrom('unchanged', 'changed', 'refused', 'failed'), reason: fc.constantFrom(null, 'list-broken', 'keep-missing'),
  before: entries, after: entries, effective: fc.constantFrom('yes', 'no', 'unknown'), restart: fc.constantFrom('armed', 'not-needed', 'none'),
  lastRestart: fc.constantFrom('none', 'running', 'good', 'reverted', 'deferred', 'failed'),
  identity: fc.constantFrom('0'.repeat(64), 'f'.repeat(64)),
});
const line = (value: unknown) => `octopus-rotation-result ${Buffer.from(JSON.stringify(value)).toString('base64')}`;

describe('parseMachineResults', () => {
  it('rule 9: finds every result of this rotation among other lines, and counts the others', () => {
    fc.assert(fc.property(fc.array(result, { maxLength: 5 }), fc.constantFrom('\n', '\r\n'), (all, end) => {
      const log = all.map((value) => `06:00:00   Info     |       ${line(value)}${end}Exit code: 0`).join(end);
      const mine = all.filter((value) => value.rotationId === 'r-1');
      expect(parseMachineResults(log, 'r-1')).toEqual({ results: mine, ignored: all.length - mine.length });
    }));
  });

  it('rule 20: whatever a log holds, nothing half read counts', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.base64String(), (noise, base64) => {
      const { results } = parseMachineResults(`${noise}\noctopus-rotation-result ${base64}\noctopus-rotation-result ${noise}`, 'r-1');
      expect(results).toEqual([]);
    }));
  });

  const good = { rotationId: 'r-1', own: 'A'.repeat(40), operation: 'add', outcome: 'changed', reason: null, before: [], after: [], effective: 'no', restart: 'armed', lastRestart: 'none', identity: '0'.repeat(64) };
  it.each<[string, object]>([
    ['a thumbprint in lower case', { own: 'a'.repeat(40) }], ['an unknown outcome', { outcome: 'proved' }], ['an unknown reason', { reason: 'whatever' }],
    ['a property more', { extra: 1 }], ['a list that is none', { after: null }], ['an entry without thumbprint', { after: [{ style: 'None', address: null, subscriptionId: null }] }],
  ])('rule 9: leaves out a result with %s', (_name, part) => {
    expect(parseMachineResults(line(good), 'r-1').results).toHaveLength(1);
    expect(parseMachineResults(line({ ...good, ...part }), 'r-1')).toEqual({ results: [], ignored: 1 });
  });

  it('rule 9: a line that was cut off counts as broken', () => {
    expect(parseMachineResults(line(good).slice(0, -9), 'r-1')).toEqual({ results: [], ignored: 1 });
  });
});
