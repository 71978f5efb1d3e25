// Turns the schemas that every start of a phase needs into plain code, src/journal/validators.generated.ts: loading ajv and compiling
// them takes longer than the start of the phase may. Run after a change of one of them: node src/packaging/validators.mjs
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const target = new URL('src/journal/validators.generated.ts', root);

/** The text of the generated module. Refuses code that would need ajv at run time. */
export function validatorsText() {
  const schema = (name) => JSON.parse(readFileSync(new URL(`schemas/${name}.schema.json`, root), 'utf8'));
  const [journal, lease] = [schema('journal'), schema('lease')];
  const ajv = new Ajv.default({ schemas: [journal, lease], discriminator: true, inlineRefs: false, messages: false, allowUnionTypes: true, code: { source: true, esm: true, lines: true } });
  // Nobody reads where in the schema something is refused, and each bundle would carry hundreds of such paths, and of the names of the other members.
  const code = standalone.default(ajv, { entryIsValid: journal.$id, markerIsValid: lease.$id })
    .replace(/schemaPath:"[^"]*",/g, '')
    .replace(/\{instancePath:([^{}]*?),keyword:("\w+"),params:(\{[^{}]*\})\}/g, 'refused($1, $2, $3)')
    .replace(/\{instancePath,keyword:("\w+"),params:(\{[^{}]*\})\}/g, 'refused(instancePath, $1, $2)');
  if (code.includes('require(')) throw new Error('The generated validators need a part of ajv at run time: use pattern instead of minLength, maxLength and uniqueItems.');
  return `// @ts-nocheck Generated from schemas/journal.schema.json and schemas/lease.schema.json by src/packaging/validators.mjs. Do not edit.\n/* eslint-disable */\nconst refused = (instancePath, keyword, params) => ({ instancePath, keyword, params });\n${code}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, validatorsText());
