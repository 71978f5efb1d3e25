import { expect, test, vi } from 'vitest';
import { LEASE_SET } from '../../src/journal/lease-store.ts';
import { Bench } from './bench.ts';
import { tryOut } from './sequences.ts';
import { RUNBOOK_NAME } from './world/runbooks.ts';

vi.mock('../../src/certificates/pfx.ts', async (original) => (await import('./quick.ts')).pfx(await original()));
vi.mock('../../src/certificates/certificate.ts', async (original) => (await import('./quick.ts')).certificate(await original()));
vi.mock('../../src/journal/secrets.ts', async (original) => (await import('./quick.ts')).secrets(await original()));
vi.mock('../../src/journal/line.ts', async (original) => (await import('./quick.ts')).line(await original()));
vi.mock('../../src/mailbox/message.ts', async (original) => (await import('./quick.ts')).message(await original()));

/** Few and always the same, since this is the short suite; the long one has thousands of others. */
test('whatever people and fate do to one node, the invariants hold, and the rotation ends', { timeout: 300_000 }, () => tryOut({ numRuns: 40, seed: 20261124, maxCommands: 8 }));

/** Found by: the state folder is backed up, run the runbook and wait, the state folder is put back, run the runbook. */
test('D4: a scheduled run does not say that nothing is due while a rotation is open whose marker is gone', async () => {
  const bench = new Bench();
  bench.queue(RUNBOOK_NAME, 5);
  await bench.rest();
  bench.world.octopus.empty(LEASE_SET);
  const run = bench.queue(RUNBOOK_NAME, Infinity, false);
  await bench.rest();
  expect(bench.world.ends.get(run)?.refusals.map((one) => one.code)).toContain('MARKER_MISSING');
});
