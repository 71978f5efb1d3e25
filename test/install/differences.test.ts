import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences, shown } from '../../src/install/differences.ts';
import { says } from '../../src/install/same.ts';

describe('differences between what is there and what is wanted', () => {
  it('are none exactly when it already says so', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, fc.constantFrom('', 'a', 'b', null, true, false, 0, 1, undefined), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('x', 'y', 'Name'), tie('any'), { maxKeys: 3 }), fc.array(fc.record({ Name: fc.constantFrom('p', 'q'), x: tie('any') }), { maxLength: 3 })),
    })).any;
    fc.assert(fc.property(value, value, (found, wanted) => differences(found, wanted).length === 0 === says(found, wanted)), { numRuns: 2_000, seed: 8 });
  });

  it('name items of lists, and the field that differs', () => {
    const found = { Steps: [{ Name: 'Plan', Condition: 'Always', Properties: { A: '1' } }, { Name: 'Mine' }] };
    expect(differences(found, { Steps: [{ Name: 'Plan', Condition: 'Success', Properties: { A: '1', B: '2' } }, { Name: 'Report' }] })).toEqual([
      { path: 'Steps / Mine', from: 'there', to: null },
      { path: 'Steps / Plan / Condition', from: 'Always', to: 'Success' },
      { path: 'Steps / Plan / Properties / B', from: null, to: '2' },
      { path: 'Steps / Report', from: null, to: 'there' },
    ]);
    expect(differences([{ Name: 'a' }, { Name: 'b' }], [{ Name: 'b' }, { Name: 'a' }])).toEqual([{ path: 'order', from: 'a, b', to: 'b, a' }]);
  });

  it('of a script say from which line on, and show none of it', () => {
    const told = differences({ 'Octopus.Action.Script.ScriptBody': 'set -e\nKEY=swordfish\nrun' }, { 'Octopus.Action.Script.ScriptBody': 'set -e\nrun' });
    expect(told).toEqual([{ path: 'Octopus.Action.Script.ScriptBody', from: '3 lines', to: '2 lines, another from line 2 on' }]);
  });

  it('show no secret: not of a secret field, not a hidden value, not what looks like a key', () => {
    const isSecret = (name: string) => name === 'Secret';
    expect(differences({ Secret: 'swordfish' }, { Secret: '#{Rotation.Secret}' }, isSecret)).toEqual([{ path: 'Secret', from: '(not shown)', to: '#{Rotation.Secret}' }]);
    expect(shown({ HasValue: true, NewValue: null }, false)).toBe('(not shown)');
    expect(shown('use API-ABCDEFGH1234 of http://me:swordfish@octopus', false)).toBe('use (not shown) of http://...@octopus');
    expect(shown('\u202eevil\u001b[2J', false)).toBe('<U+202E>evil<U+001B>[2J');
  });
});
