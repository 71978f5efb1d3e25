import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cliErrors } from '../../errors/cli.ts';

/** Where the built programs are. */
export interface Programs { start: string; /** The estate that is taken when none is named. */ estate: string }

/** The embedded Octopus beside this program (dist/), or in the nearest dist/ above it. */
export function findPrograms(program: string = process.argv[1] ?? ''): Programs {
  const begin = dirname(existsSync(program) ? realpathSync(program) : resolve(program));
  for (let folder = begin; ; folder = dirname(folder)) {
    for (const dist of [folder, join(folder, 'dist')]) {
      const start = join(dist, 'sandbox', 'start.js');
      if (existsSync(start)) return { start, estate: join(dirname(dist), 'src', 'sandbox', 'estates', 'default.json') };
    }
    if (dirname(folder) === folder) throw cliErrors.CLI_SANDBOX_NOT_BUILT(undefined);
  }
}

/** The home of a rehearsal: everything that the embedded Octopus, its machines and the rotation write. */
export interface Home {
  folder: string;
  /** Journal and PFX files, as the installer is told. */
  state: string;
  /** Reports go below it, a folder for each rotation. */
  reports: string;
  kept: boolean;
  /** Removes what is not kept. */
  clean(): Promise<void>;
}

/** A named home stays and may be used again; without a name it is a new folder that goes away at the end, and only the reports stay. */
export async function openHome(named: string | undefined, current: string): Promise<Home> {
  if (named === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'octopus-'));
    return { folder, state: join(folder, 'state'), reports: resolve(current, '.rehearsal'), kept: false, clean: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
  }
  const folder = resolve(current, named);
  await mkdir(folder, { recursive: true });
  const found = await readdir(folder);
  if (found.length > 0 && !found.includes('sandbox.json')) throw cliErrors.CLI_HOME_NOT_REHEARSED({ home: folder });
  return { folder, state: join(folder, 'state'), reports: join(folder, 'reports'), kept: true, clean: async () => undefined };
}
