// Bundles everything that runs as a process of its own into dist/: the command line, one bundle per phase and the relay (in the
// feed package), the embedded Octopus. Plain JavaScript, so that it runs before anything is built. Same sources, same bytes.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutBrowserAdapters } from './axios-adapters.mjs';
import { withoutForgeCertificates } from './forge-certificates.mjs';
import { packedScripts } from './packed-scripts.mjs';
import { precompiledAjv } from './precompiled-ajv.mjs';
import { bundleOptions, productOptions } from './product-bundle.mjs';
import { stepPackage } from './step-package/pack.mjs';
import { zip } from './zip.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const quiet = process.argv.includes('--quiet');
// For whoever builds often and does not look at them: they take longer than everything else together.
const withStepPackages = !process.argv.includes('--without-step-packages');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const common = bundleOptions(root);
const product = productOptions(root);
/** The one phase that does. */
const MAKES_CERTIFICATES = 'generate-server-certificate';

/** Entry points by name: every file of a folder whose name ends in .ts. */
function entriesOf(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return {};
  return Object.fromEntries(readdirSync(path).filter((name) => name.endsWith('.ts')).map((name) => [name.slice(0, -3), join(path, name)]));
}

/** Bundles by file name. Each entry is complete in itself: Node's CommonJS cannot share chunks, and the relay is copied alone. */
async function bundle(entryPoints, ...plugins) {
  const { outputFiles } = await build({ ...product, entryPoints, outdir: dist, plugins: [withoutBrowserAdapters(), packedScripts(), ...plugins] });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The packaging code that is TypeScript, loaded without a file in between. */
async function packagingCode() {
  const { outputFiles } = await build({ ...common, format: 'esm', target: 'node20', write: false, entryPoints: [join(root, 'src/packaging/written.ts')] });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Everything that belongs into dist/, by its path there. */
const output = new Map([['package.json', '{ "type": "commonjs" }\n']]);

const sandbox = entriesOf('src/sandbox/entry');
if (Object.keys(sandbox).length > 0) {
  const { outputFiles } = await build({ ...common, target: 'node20', write: false, entryPoints: sandbox, outdir: join(dist, 'sandbox') });
  for (const file of outputFiles) output.set(`sandbox/${basename(file.path)}`, file.contents);
}

const phases = readdirSync(join(root, 'steps')).filter((name) => existsSync(join(root, 'steps', name, 'step.ts'))).sort();
const files = {};
const executors = new Map();
for (const phase of phases) {
  const at = (name) => join(root, 'steps', phase, name);
  const made = await bundle({ [phase]: at('step.ts'), ...(withStepPackages ? { executor: at('executor.ts') } : {}) }, precompiledAjv(root, phase), ...(phase === MAKES_CERTIFICATES ? [] : [withoutForgeCertificates()]));
  files[`${phase}.js`] = made[`${phase}.js`];
  executors.set(phase, made['executor.js']);
}
Object.assign(files, await bundle({ relay: join(root, 'src/runners/relay-entry.ts') }, precompiledAjv(root), withoutForgeCertificates()));
const cli = await bundle({ 'octopus-rotation': join(root, 'src/cli/main.ts') }, precompiledAjv(root), withoutForgeCertificates());

output.set(`packages/octopus-rotation.${version}.zip`, zip(files));
const { libraryForm, stepTemplate, runbooksAsCode } = await packagingCode();
const templates = new Map();
for (const phase of phases) {
  const metadata = JSON.parse(readFileSync(join(root, 'steps', phase, 'metadata.json'), 'utf8'));
  const schema = JSON.parse(readFileSync(join(root, 'schemas', 'inputs', `${phase}.schema.json`), 'utf8'));
  const pinned = Object.fromEntries([`${phase}.js`, 'relay.js'].map((name) => [name, sha256(files[name])]));
  templates.set(phase, stepTemplate(phase, metadata, schema, pinned));
  output.set(`step-templates/${phase}.json`, `${JSON.stringify(libraryForm(templates.get(phase)), null, 2)}\n`);
}
for (const [name, text] of runbooksAsCode(templates)) output.set(`runbooks/${name}`, text);
for (const phase of withStepPackages ? phases : []) {
  const [name, bytes] = await stepPackage({ root, phase, version, executor: executors.get(phase), relay: files['relay.js'] });
  output.set(`step-packages/${name}`, bytes);
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
for (const folder of ['sandbox', 'packages', 'runbooks', 'step-templates', ...(withStepPackages ? ['step-packages'] : [])]) {
  if (!existsSync(join(dist, folder))) continue;
  // What an earlier build left, but not the half-written file of one that runs now.
  for (const name of readdirSync(join(dist, folder))) if (!output.has(`${folder}/${name}`) && !/\.\d+$/.test(name)) rmSync(join(dist, folder, name), { force: true });
}

if (!quiet) {
  for (const [name, bytes] of Object.entries({ ...files, ...cli })) console.log(`${String(Math.ceil(bytes.length / 1000)).padStart(5)} kB  ${name}`);
  console.log('dist/ is built.');
}
