import { expect, it } from 'vitest';
import { graceEnds } from '../../src/gates/grace.ts';
import type { Entry } from '../../src/journal/contract.ts';

const entry = (at: string, claim: string): Entry => ({ kind: 'proved', at, subject: 'server', data: { claim, how: 'wire', detail: {} } }) as unknown as Entry;

it('no grace period runs while NEW was never seen in force', () => {
  expect(graceEnds([], 24)).toBeNull();
  expect(graceEnds([entry('2026-11-24T08:00:00.000Z', 'database-shows-new')], 24)).toBeNull();
});

it('is counted from the first time that the node presented NEW, and not from a later look', () => {
  const entries = [entry('2026-11-24T08:00:00.000Z', 'node-presents-new'), entry('2026-11-25T09:00:00.000Z', 'node-presents-new')];
  expect(graceEnds(entries, 24)?.toISOString()).toBe('2026-11-25T08:00:00.000Z');
  expect(graceEnds(entries, 1)?.toISOString()).toBe('2026-11-24T09:00:00.000Z');
});

/** Found by the model: in the row, run the runbook and wait, the clock jumps by -48 hours. */
it('without a grace period nothing is waited for, whatever the clock was set to since', () => {
  expect(graceEnds([entry('2026-11-24T08:00:00.000Z', 'node-presents-new')], 0)).toBeNull();
});
