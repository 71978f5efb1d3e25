import { test, vi } from 'vitest';
import { tryOut } from './sequences.ts';

vi.mock('../../src/certificates/pfx.ts', async (original) => {
  const real = await original<typeof import('../../src/certificates/pfx.ts')>();
  const { openedOnce } = await import('./opened-once.ts');
  return { ...real, openPfx: openedOnce(real.openPfx) };
});

/** Few and always the same, since this is the short suite; the long one has thousands of others. */
test('whatever people and fate do to one node, the invariants hold, and the rotation ends', { timeout: 300_000 }, () => tryOut({ numRuns: 40, seed: 20261124, maxCommands: 8 }));
