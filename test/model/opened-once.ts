import { createHash } from 'node:crypto';
import type { OpenPfx } from '../../src/certificates/contract.ts';

/** Opens each file once: the same certificates serve every sequence, and their decryption would take most of the time. Failures are not remembered. */
export function openedOnce(open: OpenPfx): OpenPfx {
  const known = new Map<string, ReturnType<OpenPfx>>();
  return async (bytes, password, path) => {
    const key = `${createHash('sha1').update(bytes).digest('hex')} ${password}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const opened = open(bytes, password, path);
    await opened;
    known.set(key, opened);
    return opened;
  };
}
