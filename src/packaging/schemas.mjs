// Makes what is generated from types and schemas, and is committed so that it can be read and reviewed:
//   steps/<phase>/inputs.ts         -> schemas/inputs/<phase>.schema.json
//   schemas/<name>.schema.json      -> schemas/types/<name>.ts
//   what steps/<phase>/ lacks of a step package (scaffold.mjs)
// `npm run schemas` writes them; with --check nothing is written and the exit code is 1 when one is stale (a test runs that).
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { BaseType, createFormatter, createParser, SchemaGenerator } from 'ts-json-schema-generator';
import ts from 'typescript';
import { inputsProgram } from './inputs-program.mjs';
import { scaffold } from './scaffold.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Text at run time, marked so that its control hides it. Matched by the name SensitiveValue, as the step package tools do (step-packages.md 2.4). */
class SensitiveType extends BaseType {
  getId() {
    return 'SensitiveValue';
  }
}
const sensitiveParser = {
  supportsNode: (node) => ts.isTypeReferenceNode(node) && node.typeName.getText() === 'SensitiveValue',
  createType: () => new SensitiveType(),
};
const sensitiveFormatter = {
  supportsType: (type) => type instanceof SensitiveType,
  getDefinition: () => ({ type: 'string', isSensitiveValue: true }),
  getChildren: () => [],
};

/** One generator per phase: the default export's named interface, its members inlined, unknown members refused. */
function inputSchema(phase) {
  const path = join(root, 'steps', phase, 'inputs.ts');
  const name = /export default interface (\w+)/.exec(readFileSync(path, 'utf8'))?.[1];
  if (name === undefined) throw new Error(`steps/${phase}/inputs.ts has no "export default interface Name".`);
  const config = { path, type: name, expose: 'none', topRef: false, jsDoc: 'extended', additionalProperties: false, skipTypeCheck: true, sortProps: false, encodeRefs: false };
  const program = inputsProgram(path);
  const formatter = createFormatter(config, (chain) => chain.addTypeFormatter(sensitiveFormatter));
  const { definitions = {}, ...schema } = new SchemaGenerator(program, createParser(program, config, (chain) => chain.addNodeParser(sensitiveParser)), formatter, config).createSchema(name);
  if (Object.keys(definitions).length > 0) throw new Error(`steps/${phase}/inputs.ts: a flat interface of texts, numbers, booleans and literal unions is expected.`);
  return { $schema: schema.$schema, $id: `https://octopus-rotation/schemas/inputs/${phase}.json`, title: `Inputs of ${phase}`, ...schema };
}

/** Every generated file, by its path below the root. */
export async function generated() {
  const files = new Map();
  for (const phase of readdirSync(join(root, 'steps')).sort()) {
    if (!existsSync(join(root, 'steps', phase, 'inputs.ts'))) continue;
    files.set(`schemas/inputs/${phase}.schema.json`, `${JSON.stringify(inputSchema(phase), null, 2)}\n`);
    for (const [name, content] of Object.entries(scaffold(phase))) if (!existsSync(join(root, 'steps', phase, name))) files.set(`steps/${phase}/${name}`, content);
  }
  for (const file of readdirSync(join(root, 'schemas')).filter((name) => name.endsWith('.schema.json')).sort()) {
    const name = file.replace(/\.schema\.json$/, '');
    const schema = JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8'));
    const bannerComment = `// Generated from schemas/${file} by \`npm run schemas\`. Change the schema, not this file.`;
    files.set(`schemas/types/${name}.ts`, await compile(schema, name, { bannerComment, cwd: join(root, 'schemas'), additionalProperties: false, style: { singleQuote: true, printWidth: 160 } }));
  }
  return files;
}

const check = process.argv.includes('--check');
const files = await generated();
const present = ['schemas/inputs', 'schemas/types'].flatMap((folder) => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`) : []));
const changed = [...files].filter(([path, content]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== content).map(([path]) => path);
const orphans = present.filter((path) => !files.has(path));
if (!check) {
  for (const path of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path));
  }
  for (const path of orphans) rmSync(join(root, path));
}
for (const path of [...changed, ...orphans]) console.log(`${check ? 'stale' : 'written'}: ${relative('.', join(root, path))}`);
if (check && changed.length + orphans.length > 0) {
  console.log('Run `npm run schemas` and commit the result.');
  process.exitCode = 1;
}
