import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { Bench } from './bench.ts';
import { commands } from './commands.ts';

vi.mock('../../src/certificates/pfx.ts', async (original) => {
  const real = await original<typeof import('../../src/certificates/pfx.ts')>();
  const { openedOnce } = await import('./opened-once.ts');
  return { ...real, openPfx: openedOnce(real.openPfx) };
});

const numRuns = Number(process.env['MODEL_RUNS'] ?? 100);
const seed = Number(process.env['MODEL_SEED'] ?? Math.floor(Date.now() / 1000));
const path = process.env['MODEL_PATH'];

it('sequences', { timeout: 600_000 }, async () => {
  let number = 0;
  const begun = process.cpuUsage();
  await fc.assert(fc.asyncProperty(commands(12), async (list) => {
    number++;
    const bench = new Bench();
    await fc.asyncModelRun(() => ({ model: {}, real: bench }), list);
    await bench.live();
  }), { numRuns, seed, ...(path ? { path } : {}), interruptAfterTimeLimit: 300_000, markInterruptAsFailure: false });
  const spent = process.cpuUsage(begun);
  console.log(`${number} sequences, ${Math.round((spent.user + spent.system) / 1000 / number)} ms each, seed ${seed}`);
  expect(number).toBeGreaterThan(0);
});
