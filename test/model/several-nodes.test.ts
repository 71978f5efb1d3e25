import { expect, test, vi } from 'vitest';
import { Bench } from './bench.ts';
import { tryOut } from './sequences.ts';
import { certificates } from './world/certificates.ts';
import { RUNBOOK_NAME } from './world/runbooks.ts';

vi.mock('../../src/certificates/pfx.ts', async (original) => (await import('./quick.ts')).pfx(await original()));
vi.mock('../../src/certificates/certificate.ts', async (original) => (await import('./quick.ts')).certificate(await original()));
vi.mock('../../src/journal/secrets.ts', async (original) => (await import('./quick.ts')).secrets(await original()));
vi.mock('../../src/journal/line.ts', async (original) => (await import('./quick.ts')).line(await original()));
vi.mock('../../src/mailbox/message.ts', async (original) => (await import('./quick.ts')).message(await original()));

/** Few and always the same, since this is the short suite; the long one has a thousand others. */
test('whatever people and fate do to three nodes, the invariants hold, and the rotation ends', { timeout: 300_000 }, () => tryOut({ nodes: 3, numRuns: 10, seed: 20261124, maxCommands: 8 }));

/** Found by: the server does not come up again, run the runbook and wait. */
test('A15: the run that is queued to tell that a node did not come back tells it, although Plan refuses first that the node is down', async () => {
  const bench = new Bench(3);
  bench.host(1).node.staysDown = true;
  bench.queue(RUNBOOK_NAME);
  await bench.rest();
  const told = [...bench.world.ends.values()].at(-1)!.refusals;
  expect(told.map((one) => one.code)).toEqual(['NODE_DID_NOT_COME_BACK', 'NODE_DOWN']);
  expect(told[0]!.text).toMatch(/Now: NODE2 presents .*NODE3 is not seen.*NODE1 presents/);
});

/** Found by: an administrator imports a third certificate, cut the power of the host. */
test('A15: a node that presents another certificate than the database shows stops the rotation before anything is made, whomever the load balancer shows to Plan', async () => {
  const bench = new Bench(3);
  bench.importForeign(true);
  const { octopus } = bench.world;
  octopus.nodes[2]!.presents = certificates().old.thumbprint;
  const run = bench.queue(RUNBOOK_NAME);
  await bench.rest();
  expect(bench.world.ends.get(run)?.refusals.map((one) => one.code)).toEqual(['CERTIFICATE_FOREIGN']);
  expect(bench.story().filter((line) => line.includes('export-certificate'))).toEqual([]);
});
