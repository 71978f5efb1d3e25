// `node test/support/killing/build.mjs FOLDER`: the package and the step templates of dist/ once more, with bundles that can be killed at
// every entry of the journal and every other change of a file. Nothing of this is in the product: only the port for files is another one.
import { build } from 'esbuild';
import { unzipSync, zipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { precompiledAjv } from '../../../src/packaging/precompiled-ajv.mjs';
import { productOptions } from '../../../src/packaging/product-bundle.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const folder = process.argv[2];
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const killing = {
  name: 'killing',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/ports\/files\.ts$/ }, ({ importer }) => (importer.endsWith('/src/runners/phase-context.ts') ? { path: join(here, 'killing-files.ts') } : undefined));
  },
};

const [packageName] = readdirSync(join(root, 'dist/packages')).filter((name) => name.endsWith('.zip'));
const files = unzipSync(readFileSync(join(root, 'dist/packages', packageName)));
const replaced = new Map();
for (const name of Object.keys(files)) {
  const phase = name.replace(/\.js$/, '');
  const entry = phase === 'relay' ? 'src/runners/relay-entry.ts' : `steps/${phase}/step.ts`;
  const { outputFiles, metafile } = await build({
    ...productOptions(root), metafile: true, entryPoints: [join(root, entry)], outdir: folder, plugins: [killing, precompiledAjv(root, phase === 'relay' ? undefined : phase)],
  });
  if (!Object.keys(metafile.inputs).includes('test/support/killing/killing-files.ts')) throw new Error(`${name} would not be killed: it gets its files from somewhere else.`);
  const bytes = outputFiles[0].contents;
  replaced.set(sha256(files[name]), sha256(bytes));
  files[name] = bytes;
}

for (const name of ['packages', 'step-templates']) mkdirSync(join(folder, name), { recursive: true });
writeFileSync(join(folder, 'packages', packageName), zipSync(files, { level: 1, mtime: new Date(1980, 0, 1) }));
for (const name of readdirSync(join(root, 'dist/step-templates'))) {
  let text = readFileSync(join(root, 'dist/step-templates', name), 'utf8');
  for (const [before, now] of replaced) text = text.replaceAll(before, now);
  writeFileSync(join(folder, 'step-templates', name), text);
}
