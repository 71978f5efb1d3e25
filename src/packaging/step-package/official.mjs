// Builds step packages with Octopus' own builder, for comparing: `npm run build:official [-- <phase>...]` writes dist/step-packages-official/.
// The builder compiles with TypeScript 4.4 and knows neither our configuration nor imports that end in .ts, so it is given a copy of what
// the forms and rules consist of, with those endings taken away; the phase itself comes bundled (step-packages.md 5).
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withoutBrowserAdapters } from '../axios-adapters.mjs';
import { packedScripts } from '../packed-scripts.mjs';
import { precompiledAjv } from '../precompiled-ajv.mjs';
import { productOptions } from '../product-bundle.mjs';
import { API, PARTS } from './api-versions.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const run = promisify(execFile);

/** Folder of the installed builder; installs it when it is not there. Throws when it cannot be installed. */
export async function officialBuilder() {
  const lock = join(root, 'test/conformance/step-package-cli');
  const key = createHash('sha256').update(readFileSync(join(lock, 'package-lock.json'))).digest('hex').slice(0, 16);
  const cache = process.env.OCTOPUS_ROTATION_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'octopus-rotation');
  const folder = join(cache, `step-package-cli-${key}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, 'installing-'));
  try {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(lock, name), join(unfinished, name));
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: unfinished, timeout: 300_000 });
    // Two at once: whoever is second keeps what the first one made.
    if (!existsSync(folder)) renameSync(unfinished, folder);
    return folder;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Lays a step down as the builder wants it and returns the folder; the step is in steps/<phase>. */
async function stage(phase) {
  const folder = mkdtempSync(join(tmpdir(), 'step-package-official-'));
  const put = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const at = (name) => `steps/${phase}/${name}`;
  put('package.json', JSON.stringify({ name: `step-${phase}`, version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version }));
  for (const name of ['metadata.json', 'logo.svg']) put(at(name), readFileSync(join(root, at(name))));

  const { metafile } = await build({ absWorkingDir: root, entryPoints: ['ui.ts', 'validation.ts', 'inputs.ts'].map(at), bundle: true, write: false, outdir: 'out', metafile: true });
  const sources = new Set([...Object.keys(metafile.inputs), at('inputs.ts'), 'steps/common-inputs.ts']);
  for (const path of [...sources].filter((name) => name.endsWith('.ts'))) addTypes(path, sources);
  for (const path of sources) {
    const text = readFileSync(join(root, path), 'utf8');
    if (path.endsWith('.json')) put(`${path}.ts`, `export default ${text.trimEnd()};\n`);
    else put(path, asOfOld(text));
  }

  const bundled = await build({ ...productOptions(root), format: 'esm', target: 'es2020', entryPoints: [join(root, at('executor.ts'))], outdir: folder, plugins: [withoutBrowserAdapters(), packedScripts(), precompiledAjv(root, phase)], banner: { js: "import { createRequire } from 'module'; const require = createRequire(__filename);" } });
  put(at('phase.js'), bundled.outputFiles[0].text);
  put(at('phase.d.ts'), 'declare const execute: (run: { inputs: any; target: any; context: any }) => Promise<void>;\nexport default execute;\n');
  put(at('executor.ts'), "import execute from './phase';\n\nexport default execute;\n");

  const api = 'node_modules/@octopusdeploy/step-api';
  put(`${api}/package.json`, JSON.stringify({ name: '@octopusdeploy/step-api', version: API, dependencies: Object.fromEntries(Object.values(PARTS).map((part) => [part.name, part.version])) }));
  return folder;
}

/** Imports as TypeScript 4.4 reads them: without an ending, and with no `type` among what is imported. */
const asOfOld = (text) => text.replace(/^(import|export) (\{[^}]*\}|.+?)( from '\.{1,2}\/[^']+?)(\.ts)?';$/gm, (_, word, what, from) => `${word} ${what.startsWith('{') ? what.replace(/([{,] *)type /g, '$1') : what}${from}';`);

/** Modules that are imported for their types alone, which esbuild leaves out. */
function addTypes(path, sources) {
  for (const [, name] of readFileSync(join(root, path), 'utf8').matchAll(/from '(\.{1,2}\/[^']+\.ts)'/g)) {
    const found = join(dirname(path), name);
    if (sources.has(found)) continue;
    sources.add(found);
    addTypes(found, sources);
  }
}

/** Builds the step package of a phase; returns the path of the zip below `output`, which must exist. */
export async function buildOfficially(builder, phase, output) {
  const folder = await stage(phase);
  try {
    const made = join(folder, 'made');
    mkdirSync(made);
    const arguments_ = ['build', '-s', join(folder, 'steps', phase), '-p', folder, '-r', folder, '-o', made];
    await run(process.execPath, [join(builder, 'node_modules/@octopusdeploy/step-package-cli/bin/cli.js'), ...arguments_], { cwd: folder, timeout: 300_000, maxBuffer: 1e8 });
    const [name] = readdirSync(made).filter((each) => each.endsWith('.zip'));
    if (name === undefined) throw new Error(`The official builder made no package of ${phase}.`);
    cpSync(join(made, name), join(output, name));
    return join(output, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const phases = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(join(root, 'steps')).filter((name) => existsSync(join(root, 'steps', name, 'executor.ts'))).sort();
  const output = join(root, 'dist/step-packages-official');
  mkdirSync(output, { recursive: true });
  const builder = await officialBuilder();
  for (const phase of phases) console.log(await buildOfficially(builder, phase, output));
}
