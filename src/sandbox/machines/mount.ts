import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { machineLayout } from './layout.ts';

/** Mounts the shared folder on a machine; `null` takes the mount away, so that everything below it is not found. */
export function mountShare(machineDir: string, share: string | null): void {
  const { share: mount } = machineLayout(machineDir);
  mkdirSync(dirname(mount), { recursive: true });
  const next = `${mount}.new`;
  symlinkSync(share ?? join(dirname(mount), 'not-mounted'), next);
  renameSync(next, mount);
}
