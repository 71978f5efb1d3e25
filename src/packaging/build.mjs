// Bundles everything that runs as a process of its own into dist/: the command line, the relay, one bundle per phase, the
// embedded Octopus. Plain JavaScript, so that it runs before anything is built.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const quiet = process.argv.includes('--quiet');

const common = { bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning', absWorkingDir: root, legalComments: 'none', charset: 'utf8' };

/** Entry points by name: every file of a folder whose name ends in .ts. */
function entriesOf(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return {};
  return Object.fromEntries(readdirSync(path).filter((name) => name.endsWith('.ts')).map((name) => [name.slice(0, -3), join(path, name)]));
}

mkdirSync(dist, { recursive: true });
rmSync(join(dist, 'sandbox'), { recursive: true, force: true });
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
const sandbox = entriesOf('src/sandbox/entry');
if (Object.keys(sandbox).length > 0) {
  await build({ ...common, target: 'node20', entryPoints: sandbox, outdir: join(dist, 'sandbox') });
}
if (!quiet) console.log('dist/ is built.');
