import { test } from 'vitest';
import { embedded, real, type Subject } from './rig.ts';

/** The same suite against the sandbox's Tentacle and, where there is one, a real one; its absence is told. */
export function ofEachSubject(suite: (subject: Subject) => void): void {
  suite(embedded);
  if (real) suite(real);
  else test.skip('a real Tentacle (skipped: no TENTACLE_EXE)', () => undefined);
}
