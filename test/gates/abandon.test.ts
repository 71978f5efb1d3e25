import { expect, it } from 'vitest';
import { mayAbandon } from '../../src/gates/abandon.ts';
import { NEW, OLD, THIRD, seenNode } from '../support/estate-pieces.ts';

const before = { old: OLD, shownByRest: OLD, shownByDatabase: OLD, nodes: [seenNode(OLD)], relayAtWork: false, retiring: false };

it('a rotation may be given up while OLD is shown on all sides and nobody is about to swap', () => {
  expect(mayAbandon(before).verdict).toBe('pass');
});

it.each([
  ['the database shows NEW', { shownByDatabase: NEW }, /database shows/],
  ['the node presents NEW', { nodes: [seenNode(NEW)] }, /node presents/],
  ['REST shows a third', { shownByRest: THIRD }, /over REST/],
  ['the relay is at work', { relayAtWork: true }, /relay is at work/],
  ['OLD is being retired', { retiring: true }, /being retired/],
])('is refused when %s', (_name, change, reason) => {
  const verdict = mayAbandon({ ...before, ...change });
  expect(verdict).toMatchObject({ verdict: 'refuse', refusals: [{ code: 'ABANDON_TOO_LATE' }] });
  expect(verdict.verdict !== 'pass' && verdict.refusals[0]!.message).toMatch(reason);
});

it('tells all reasons at once', () => {
  const verdict = mayAbandon({ ...before, shownByDatabase: NEW, nodes: [seenNode(NEW)], retiring: true });
  expect(verdict.verdict !== 'pass' && verdict.refusals).toHaveLength(3);
});
