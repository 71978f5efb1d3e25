// Holds the versions of the step templates to their content. schemas/step-templates.json records, for each template, its version, what it
// says (without the hashes of the bundles that it pins, which every change of the code changes) and the release that it was of.
// `npm run templates` raises the version of whatever says something else, or is of another release, and records it; with --check nothing
// is written and the exit code is 1 when something would be.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleOptions } from './product-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const RECORD = 'schemas/step-templates.json';
const check = process.argv.includes('--check');

const { outputFiles } = await build({ ...bundleOptions(root), format: 'esm', target: 'node20', write: false, entryPoints: [join(root, 'src/packaging/written.ts')] });
const { libraryForm, stepTemplate } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);

const release = read('package.json').version;
const recorded = existsSync(join(root, RECORD)) ? read(RECORD) : {};
const now = {};
const raised = [];
for (const phase of readdirSync(join(root, 'steps')).filter((name) => existsSync(join(root, 'steps', name, 'step.ts'))).sort()) {
  const metadata = read(`steps/${phase}/metadata.json`);
  const said = libraryForm(stepTemplate(phase, metadata, read(`schemas/inputs/${phase}.schema.json`), {}));
  const sha256 = createHash('sha256').update(JSON.stringify({ ...said, Version: 0 })).digest('hex');
  const before = recorded[phase];
  let { version } = metadata.template;
  if (before !== undefined && before.id !== said.Id) throw new Error(`steps/${phase}/metadata.json: the id of a template is never changed; it was ${before.id}.`);
  if (before !== undefined && (before.sha256 !== sha256 || before.release !== release) && version <= before.version) version = before.version + 1;
  now[phase] = { id: said.Id, version, release, sha256 };
  if (version === metadata.template.version) continue;
  raised.push(`${phase}: version ${version}`);
  if (!check) writeFileSync(join(root, 'steps', phase, 'metadata.json'), `${JSON.stringify({ ...metadata, template: { ...metadata.template, version } }, null, 2)}\n`);
}
for (const [phase, before] of Object.entries(recorded)) now[phase] ??= before;
const text = `${JSON.stringify(Object.fromEntries(Object.entries(now).sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`;
const stale = !existsSync(join(root, RECORD)) || readFileSync(join(root, RECORD), 'utf8') !== text;
if (stale && !check) writeFileSync(join(root, RECORD), text);
for (const line of raised) console.log(line);
if (stale) console.log(check ? `${RECORD} is stale: run \`npm run templates\` and commit the result.` : `written: ${RECORD}`);
if (check && (stale || raised.length > 0)) process.exitCode = 1;
