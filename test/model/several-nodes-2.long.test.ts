import { test, vi } from 'vitest';
import { given, tryOut } from './sequences.ts';

vi.mock('../../src/certificates/pfx.ts', async (original) => (await import('./quick.ts')).pfx(await original()));
vi.mock('../../src/certificates/certificate.ts', async (original) => (await import('./quick.ts')).certificate(await original()));
vi.mock('../../src/journal/secrets.ts', async (original) => (await import('./quick.ts')).secrets(await original()));
vi.mock('../../src/journal/line.ts', async (original) => (await import('./quick.ts')).line(await original()));
vi.mock('../../src/mailbox/message.ts', async (original) => (await import('./quick.ts')).message(await original()));

/** The same ones each time. MODEL_SEED gives others, and with MODEL_PATH, as a failure tells them, gives one again; MODEL_RUNS other numbers of them. */
const half = given(41_565, 350);

test(`whatever people and fate do to three nodes, the invariants hold, and the rotation ends (seed ${half.seed}, second half)`, { timeout: 1_200_000 }, () => tryOut({ ...half, nodes: 3 }));
