// In the bundles of the feed package, ajv is replaced by what it makes of the schemas that they check: plain code, compiled while
// building. Loading ajv and compiling takes longer than the start of a phase may, and ajv itself weighs 125 kB in each of eleven files.
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The options that the sources give to ajv, each with the schemas that are checked so, and whether anybody reads what is wrong. A bundle
 * that asks for anything else fails at once and says so.
 */
const uses = (phase) => [
  [{ coerceTypes: true, allErrors: true, keywords: ['isSensitiveValue'] }, phase === undefined ? [] : [`inputs/${phase}`], true],
  [{ allowUnionTypes: true }, ['machine-result'], false],
  [{}, ['relay-job'], true],
];

/** An esbuild plugin: `ajv` with these schemas and nothing else. `phase` is left out for the relay, which has no inputs. */
export function precompiledAjv(root, phase) {
  return {
    name: 'precompiled-ajv',
    setup(build) {
      build.onResolve({ filter: /^ajv$/ }, () => ({ path: 'ajv', namespace: 'precompiled-ajv' }));
      build.onResolve({ filter: /^precompiled:/ }, ({ path }) => ({ path, namespace: 'precompiled-ajv' }));
      build.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => ({ contents: JSON.stringify(JSON.parse(readFileSync(path, 'utf8'), withoutWords)), loader: 'json' }));
      build.onLoad({ filter: /.*/, namespace: 'precompiled-ajv' }, ({ path }) => ({ contents: path === 'ajv' ? facade(root, phase) : validators(root, uses(phase)[Number(path.split(':')[1])]), loader: 'js', resolveDir: root }));
    },
  };
}

/** The compiled code carries its schema along; what is said in it to people checks nothing. A property of such a name holds a schema, not a text. */
const withoutWords = (key, value) => (typeof value === 'string' && (key === 'title' || key === 'description') ? undefined : value);
const read = (root, name) => JSON.parse(readFileSync(join(root, 'schemas', `${name}.schema.json`), 'utf8'), withoutWords);

/** One module per set of options: validators by the schema's $id. */
function validators(root, [options, names, messages]) {
  const schemas = names.map((name) => read(root, name));
  const ajv = new Ajv.default({ ...options, messages, schemas, code: { source: true } });
  // Nobody reads where in the schema something is refused.
  return standalone.default(ajv, Object.fromEntries(schemas.map((schema, index) => [`v${index}`, schema.$id]))).replace(/schemaPath:"[^"]*",/g, '');
}

/** The part of ajv's interface that the sources use. */
function facade(root, phase) {
  const sets = uses(phase);
  return `${sets.map((_, index) => `import * as set${index} from 'precompiled:${index}';`).join('\n')}
const sets = { ${sets.map(([options, names], index) => `${JSON.stringify(JSON.stringify(options))}: { ${names.map((name, at) => `${JSON.stringify(read(root, name).$id)}: set${index}.v${at}`).join(', ')} }`).join(', ')} };
export class Ajv {
  constructor(options = {}) {
    this.errors = null;
    this.validators = sets[JSON.stringify(options)];
    if (this.validators === undefined) throw new TypeError('No schema was compiled with these options: src/packaging/precompiled-ajv.mjs');
  }
  compile(schema) {
    const validator = this.validators[schema.$id];
    if (validator === undefined) throw new TypeError('The schema ' + schema.$id + ' was not compiled: src/packaging/precompiled-ajv.mjs');
    return validator;
  }
  validate(schema, data) {
    const validator = this.compile(schema);
    const valid = validator(data);
    this.errors = validator.errors;
    return valid;
  }
  errorsText() {
    return (this.errors ?? []).map((error) => 'data' + error.instancePath + ' ' + error.message).join(', ');
  }
}
export default Ajv;
`;
}
