// In the bundles of the feed package, ajv is replaced by what it makes of the schemas that they check: plain code, compiled while
// building. Loading ajv and compiling takes longer than the start of a phase may, and ajv itself weighs 125 kB in each of a dozen files.
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { buildSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

/** The options that the sources give to ajv, each with how its schemas are compiled. A bundle that asks for anything else fails at once and says so. */
const INPUTS = { coerceTypes: true, allErrors: true, keywords: ['isSensitiveValue'] };
const OWN = { allowUnionTypes: true, discriminator: true, inlineRefs: false, messages: false };

/** An esbuild plugin: `ajv` with the schemas that the bundle imports, and with the inputs of this phase. `phase` is left out for the relay, which has no inputs. */
export function precompiledAjv(root, phase) {
  return {
    name: 'precompiled-ajv',
    setup(build) {
      build.onResolve({ filter: /^ajv$/ }, () => ({ path: 'ajv', namespace: 'precompiled-ajv' }));
      build.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => (path.includes('/inputs/') ? { contents: JSON.stringify(read(path)), loader: 'json' } : { contents: own(root, read(path)), loader: 'js' }));
      build.onLoad({ filter: /.*/, namespace: 'precompiled-ajv' }, () => ({ contents: facade(phase && read(join(root, 'schemas', 'inputs', `${phase}.schema.json`))), loader: 'js', resolveDir: root }));
    },
  };
}

/** What is said to people in a schema checks nothing. A property of such a name holds a schema, not a text. */
const withoutWords = (key, value) => (typeof value === 'string' && (key === 'title' || key === 'description') ? undefined : value);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'), withoutWords);

/**
 * A schema of ours as a bundle imports it: its name, and what ajv made of it. Of a refusal only its place and keyword are read (src/schema/check.ts).
 * That code says the same again for each property of each kind of entry: it would be a tenth of a bundle, so it lies there deflated, and is
 * inflated when the schema is first asked. What becomes code stands in the bundle itself, whose hash was checked before it ran.
 */
function own(root, schema) {
  const ajv = new Ajv.default({ ...OWN, schemas: [schema], code: { source: true, esm: true, optimize: 2 } });
  const code = standalone.default(ajv, { validate: schema.$id })
    .replace(/\{instancePath(:[^{}]*?)?,schemaPath:"[^"]*",keyword:("\w+"),params:\{[^{}]*\}\}/g, (_, place, keyword) => `refused(${place?.slice(1) ?? 'instancePath'}, ${keyword})`);
  const contents = `const refused = (instancePath, keyword) => ({ instancePath, keyword });\n${withoutBodies(code)}`;
  const [{ text }] = buildSync({ stdin: { contents, resolveDir: root, loader: 'js' }, bundle: true, minify: true, write: false, format: 'iife', globalName: 'compiled', platform: 'node', target: 'node18' }).outputFiles;
  return `import { inflateRawSync } from 'node:zlib';
const packed = '${deflateRawSync(`${text}return compiled.validate;`, { level: 9 }).toString('base64')}';
let compiled;
const validate = (value) => {
  compiled ??= new Function(inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8'))();
  const valid = compiled(value);
  validate.errors = compiled.errors;
  return valid;
};
export default { $id: ${JSON.stringify(schema.$id)}, validate };
`;
}

/** Compiled code carries each schema along to ask it for the names of its properties. Those alone do. */
function withoutBodies(code) {
  const schemas = new Map([...code.matchAll(/\bconst (schema\d+) = (\{.*?\});(?=const |\n|function |$)/g)].map(([, name, text]) => [name, JSON.parse(text)]));
  return code.replace(/\.call\((schema\d+)((?:\.\w+|\[\d+\])*)\.properties, ?/g, (_, name, path) => {
    const inner = [...path.matchAll(/\w+/g)].reduce((found, [step]) => found[step], schemas.get(name));
    return `.call(${JSON.stringify(Object.fromEntries(Object.keys(inner.properties).map((property) => [property, 0])))}, `;
  });
}

/** The part of ajv's interface that the sources use. */
function facade(inputs) {
  const compiled = inputs === undefined ? '' : standalone.default(new Ajv.default({ ...INPUTS, schemas: [inputs], code: { source: true, esm: true } }), { inputs: inputs.$id }).replace(/schemaPath:"[^"]*",/g, '');
  return `${compiled}
export class Ajv {
  constructor(options) {
    this.errors = null;
    if (!${JSON.stringify([INPUTS, OWN].map((one) => JSON.stringify(one)))}.includes(JSON.stringify(options))) throw new TypeError('No schema was compiled with these options: src/packaging/precompiled-ajv.mjs');
  }
  compile(schema) {
    if (typeof schema.validate !== 'function') throw new TypeError('The schema ' + schema.$id + ' was not compiled: src/packaging/precompiled-ajv.mjs');
    return schema.validate;
  }${inputs === undefined ? '' : `
  validate(schema, data) {
    if (schema.$id !== ${JSON.stringify(inputs.$id)}) throw new TypeError('The schema ' + schema.$id + ' was not compiled: src/packaging/precompiled-ajv.mjs');
    const valid = inputs(data);
    this.errors = inputs.errors;
    return valid;
  }`}
}
export default Ajv;
`;
}
