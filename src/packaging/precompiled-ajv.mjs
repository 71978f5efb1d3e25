// In the bundles of the feed package, ajv is replaced by what it makes of the inputs' schema of their phase: plain code, compiled while
// building. Loading ajv and compiling takes longer than the start of a phase may, and ajv itself weighs 125 kB in each of eleven files.
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The options that src/runners/step-inputs.ts gives to ajv. A bundle that asks for anything else fails at once and says so. */
const OPTIONS = { coerceTypes: true, allErrors: true, keywords: ['isSensitiveValue'] };

/** An esbuild plugin: `ajv` with the schema of this phase and nothing else. `phase` is left out for the relay, which has no inputs and needs no ajv. */
export function precompiledAjv(root, phase) {
  return {
    name: 'precompiled-ajv',
    setup(build) {
      build.onResolve({ filter: /^ajv$/ }, () => ({ path: 'ajv', namespace: 'precompiled-ajv' }));
      build.onResolve({ filter: /^precompiled$/ }, ({ path }) => ({ path, namespace: 'precompiled-ajv' }));
      build.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => ({ contents: JSON.stringify(JSON.parse(readFileSync(path, 'utf8'), withoutWords)), loader: 'json' }));
      build.onLoad({ filter: /.*/, namespace: 'precompiled-ajv' }, ({ path }) => {
        if (phase === undefined) throw new Error('The relay is not to bring ajv along: src/schema/check.ts checks its job.');
        const schema = JSON.parse(readFileSync(join(root, 'schemas', 'inputs', `${phase}.schema.json`), 'utf8'), withoutWords);
        return { contents: path === 'ajv' ? facade(schema) : validator(schema), loader: 'js', resolveDir: root };
      });
    },
  };
}

/** What is said to people in a schema checks nothing. A property of such a name holds a schema, not a text. */
const withoutWords = (key, value) => (typeof value === 'string' && (key === 'title' || key === 'description') ? undefined : value);

function validator(schema) {
  const ajv = new Ajv.default({ ...OPTIONS, schemas: [schema], code: { source: true } });
  // Nobody reads where in the schema something is refused.
  return standalone.default(ajv, { inputs: schema.$id }).replace(/schemaPath:"[^"]*",/g, '');
}

/** The part of ajv's interface that the sources use. */
function facade(schema) {
  return `import { inputs } from 'precompiled';
export default class Ajv {
  constructor(options) {
    this.errors = null;
    if (JSON.stringify(options) !== ${JSON.stringify(JSON.stringify(OPTIONS))}) throw new TypeError('No schema was compiled with these options: src/packaging/precompiled-ajv.mjs');
  }
  validate(schema, data) {
    if (schema.$id !== ${JSON.stringify(schema.$id)}) throw new TypeError('The schema ' + schema.$id + ' was not compiled: src/packaging/precompiled-ajv.mjs');
    const valid = inputs(data);
    this.errors = inputs.errors;
    return valid;
  }
}
`;
}
