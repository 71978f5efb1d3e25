// Bundles everything that runs as a process of its own into dist/: the command line, one bundle per phase and the relay (in the
// feed package), the embedded Octopus. Plain JavaScript, so that it runs before anything is built. Same sources, same bytes.
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutBrowserAdapters } from './axios-adapters.mjs';
import { packedScripts } from './packed-scripts.mjs';
import { precompiledAjv } from './precompiled-ajv.mjs';
import { bundleOptions, productOptions } from './product-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const quiet = process.argv.includes('--quiet');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const common = bundleOptions(root);
const product = productOptions(root);

/** Entry points by name: every file of a folder whose name ends in .ts. */
function entriesOf(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return {};
  return Object.fromEntries(readdirSync(path).filter((name) => name.endsWith('.ts')).map((name) => [name.slice(0, -3), join(path, name)]));
}

/** Bundles by file name. An output of its own for each entry: Node's CommonJS cannot share chunks, and the relay is copied alone. */
async function bundle(entryPoints, plugins = () => []) {
  const made = {};
  for (const [name, entry] of Object.entries(entryPoints)) {
    const { outputFiles } = await build({ ...product, entryPoints: { [name]: entry }, outdir: dist, plugins: [withoutBrowserAdapters(), packedScripts(), ...plugins(name)] });
    made[`${name}.js`] = Buffer.from(outputFiles[0].contents);
  }
  return made;
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The packaging code that is TypeScript, loaded without a file in between. */
async function packagingCode() {
  const { outputFiles } = await build({ ...common, format: 'esm', target: 'node20', write: false, entryPoints: [join(root, 'src/packaging/step-template.ts')] });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Sorted names, one fixed time, no attributes of this machine. The date is local on purpose: a zip holds no time zone. */
function zip(files) {
  const fixed = { mtime: new Date(1980, 0, 1), level: 9, os: 3, attrs: (0o100644 << 16) >>> 0 };
  return zipSync(Object.fromEntries(Object.keys(files).sort().map((name) => [name, [files[name], fixed]])));
}

/** Everything that belongs into dist/, by its path there. */
const output = new Map([['package.json', '{ "type": "commonjs" }\n']]);

const sandbox = entriesOf('src/sandbox/entry');
if (Object.keys(sandbox).length > 0) {
  const { outputFiles } = await build({ ...common, target: 'node20', write: false, entryPoints: sandbox, outdir: join(dist, 'sandbox') });
  for (const file of outputFiles) output.set(`sandbox/${basename(file.path)}`, file.contents);
}

const phases = readdirSync(join(root, 'steps')).filter((name) => existsSync(join(root, 'steps', name, 'step.ts'))).sort();
const files = await bundle({
  ...Object.fromEntries(phases.map((phase) => [phase, join(root, 'steps', phase, 'step.ts')])),
  relay: join(root, 'src/runners/relay-entry.ts'),
}, (name) => [precompiledAjv(root, phases.includes(name) ? name : undefined)]);
const cli = await bundle({ 'octopus-rotation': join(root, 'src/cli/main.ts') });

output.set(`packages/octopus-rotation.${version}.zip`, zip(files));
const { stepTemplate } = await packagingCode();
for (const phase of phases) {
  const metadata = JSON.parse(readFileSync(join(root, 'steps', phase, 'metadata.json'), 'utf8'));
  const schema = JSON.parse(readFileSync(join(root, 'schemas', 'inputs', `${phase}.schema.json`), 'utf8'));
  const pinned = Object.fromEntries([`${phase}.js`, 'relay.js'].map((name) => [name, sha256(files[name])]));
  output.set(`step-templates/${phase}.json`, `${JSON.stringify(stepTemplate(phase, metadata, schema, pinned), null, 2)}\n`);
}
for (const [name, bytes] of Object.entries(cli)) output.set(name, bytes);

// Each file is replaced in one go and only when it differs, since something else may be running out of dist/ at the same time.
for (const [name, content] of output) {
  const path = join(dist, name);
  const bytes = Buffer.from(content);
  if (existsSync(path) && readFileSync(path).equals(bytes)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, bytes, { mode: 0o755 });
  renameSync(`${path}.${process.pid}`, path);
}
for (const folder of ['sandbox', 'packages', 'step-templates']) {
  if (!existsSync(join(dist, folder))) continue;
  // What an earlier build left, but not the half-written file of one that runs now.
  for (const name of readdirSync(join(dist, folder))) if (!output.has(`${folder}/${name}`) && !/\.\d+$/.test(name)) rmSync(join(dist, folder, name), { force: true });
}

if (!quiet) {
  for (const [name, bytes] of Object.entries({ ...files, ...cli })) console.log(`${String(Math.ceil(bytes.length / 1000)).padStart(5)} kB  ${name}`);
  console.log('dist/ is built.');
}
