import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { build, type Plugin } from 'esbuild';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { schemaProblem, type Schema } from '../../src/schema/check.ts';
import { CERTIFICATE_RESULT, ENTRIES, JOB, MARKER, MESSAGES, RESULT } from './samples.ts';

const schemaOf = (name: string): Schema => JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')) as Schema;
const ajv = new Ajv({ discriminator: true, allowUnionTypes: true });

const CASES: [string, unknown[]][] = [['journal', ENTRIES], ['lease', [MARKER]], ['machine-result', [RESULT]], ['certificate-result', [CERTIFICATE_RESULT]], ['relay-job', [JOB]], ['node-message', MESSAGES]];

// The packaging is plain JavaScript.
const { precompiledAjv } = (await import(String(new URL('../../src/packaging/precompiled-ajv.mjs', import.meta.url)))) as { precompiledAjv: (root: string) => Plugin };

type Path = (string | number)[];

/** Every place inside a value, the value itself first. */
function places(value: unknown, path: Path = []): Path[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, one]) => places(one, [...path, key])) : [];
  return [path, ...inner];
}

/** A copy with something else at one place. `undefined` takes it away. */
function withAt(value: unknown, path: Path, change: (found: unknown) => unknown): unknown {
  if (path.length === 0) return change(structuredClone(value));
  const copy = structuredClone(value) as Record<string, unknown>;
  let parent = copy;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const last = path.at(-1)!;
  const next = change(parent[last]);
  if (next !== undefined) parent[last] = next;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const instead = (value: unknown) => () => value;

/** What the bundles do: the same source with ajv replaced by the code that it compiled while building. */
const bundled = new Map<string, (value: unknown) => string | null>();
beforeAll(async () => {
  const contents = `import { schemaProblem } from './src/schema/check.ts';\n${CASES.map(([name], index) => `import s${index} from './schemas/${name}.schema.json';`).join('\n')}\nexport default { ${CASES.map(([name], index) => `${JSON.stringify(name)}: (value) => schemaProblem(s${index}, value)`).join(', ')} };`;
  const { outputFiles } = await build({ stdin: { contents, resolveDir: process.cwd(), loader: 'ts' }, bundle: true, minify: true, platform: 'node', format: 'esm', write: false, plugins: [precompiledAjv(process.cwd())] });
  const code = (await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`)) as { default: Record<string, (value: unknown) => string | null> };
  for (const [name, check] of Object.entries(code.default)) bundled.set(name, check);
});

/** What may go wrong at one place, by name. */
const MUTATIONS: Record<string, (found: unknown) => unknown> = {
  ...Object.fromEntries([null, true, false, 0, 1, 2, -1, 0.5, 101, 1e21, '', 'x', 'X', '\n', '7', 'server', [], [null], ['x'], [{}], {}, { x: 1 }, { x: 'y' }].map((value) => [`instead ${JSON.stringify(value)}`, instead(value)])),
  removed: () => undefined,
  'a member more': (found) => (isRecord(found) ? { ...found, surplus: 'x' } : Array.isArray(found) ? [...(found as unknown[]), 'surplus'] : found),
  'a member of an inherited name': (found) => (isRecord(found) ? { ...found, toString: 'x' } : found),
  'the first twice': (found) => (Array.isArray(found) && found.length > 0 ? [...(found as unknown[]), found[0]] : found),
  'a character more': (found) => (typeof found === 'string' ? `${found}x` : found),
  'a character less': (found) => (typeof found === 'string' ? found.slice(1) : found),
  'other letters': (found) => (typeof found === 'string' ? (found === found.toUpperCase() ? found.toLowerCase() : found.toUpperCase()) : found),
  'a line end more': (found) => (typeof found === 'string' ? `${found}\n` : found),
  negative: (found) => (typeof found === 'number' ? -1 - found : found),
  broken: (found) => (typeof found === 'number' ? found + 0.25 : found),
};
const NAMES = Object.keys(MUTATIONS);

describe('A value against a schema, as the bundles check it', () => {
  it.each(CASES)('of %s: every sample passes, and every kind has one', (name, samples) => {
    const schema = schemaOf(name);
    for (const sample of samples) expect([schemaProblem(schema, sample), bundled.get(name)!(sample)], JSON.stringify(sample)).toEqual([null, null]);
    const kinds = (schema['oneOf'] as { properties: { kind: { const: string } } }[] | undefined)?.map((one) => one.properties.kind.const);
    if (kinds) expect(new Set(samples.map((one) => (one as { kind: string }).kind))).toEqual(new Set(kinds));
  });

  it.each(CASES)('of %s: every mutation is refused or passes as with ajv', (name, samples) => {
    const schema = schemaOf(name);
    const validate = ajv.compile(schema);
    let refused = 0;
    for (const sample of samples) {
      for (const path of places(sample)) {
        for (const mutation of NAMES) {
          const value: unknown = withAt(sample, path, MUTATIONS[mutation]!);
          if (value === undefined) continue;
          const problem = bundled.get(name)!(value);
          if ((problem === null) !== validate(value)) expect.fail(`${mutation} at /${path.join('/')}: ${problem ?? 'passes'}, but ajv says ${ajv.errorsText(validate.errors)}`);
          if (problem !== null) refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('several mutations of any sample together are refused or pass as with ajv', () => {
    const all = CASES.flatMap(([name, samples]) => samples.map((sample) => ({ name, sample })));
    const validators = new Map(CASES.map(([name]) => [name, new Ajv({ discriminator: true, allowUnionTypes: true }).compile(schemaOf(name))]));
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.array(fc.tuple(fc.nat(), fc.constantFrom(...NAMES)), { minLength: 2, maxLength: 4 }), ({ name, sample }, changes) => {
        let value: unknown = sample;
        for (const [at, mutation] of changes) {
          const inside = places(value);
          const next: unknown = withAt(value, inside[at % inside.length]!, MUTATIONS[mutation]!);
          value = next === undefined ? value : next;
        }
        expect(bundled.get(name)!(value) === null, JSON.stringify(value)).toBe(validators.get(name)!(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('any JSON value is refused or passes as with ajv', () => {
    for (const [name] of CASES) {
      const validate = new Ajv({ discriminator: true, allowUnionTypes: true }).compile(schemaOf(name));
      fc.assert(fc.property(fc.jsonValue(), (value) => {
        expect(bundled.get(name)!(value) === null).toBe(validate(value));
      }), { numRuns: 200 });
    }
  });

  it('says the place and what is wrong there, bundled or not', () => {
    const planned = ENTRIES.find((entry) => entry.kind === 'planned')!;
    const broken: [unknown, string][] = [
      [withAt(planned, ['data', 'machines', 0, 'own'], instead('x')), '/data/machines/0/own pattern'],
      [withAt(planned, ['data', 'old'], instead(undefined)), '/data required'],
      [{ ...planned, extra: 1 }, ' additionalProperties'],
      [{ ...planned, kind: 'nonsense' }, ' discriminator'],
    ];
    for (const [value, problem] of broken) expect([schemaProblem(schemaOf('journal'), value), bundled.get('journal')!(value)]).toEqual([problem, problem]);
  });
});

it('The journal as it is bundled brings no ajv along, nor the schema that it was compiled from', async () => {
  const result = await build({ entryPoints: ['src/journal/journal.ts'], bundle: true, minify: true, platform: 'node', format: 'cjs', write: false, metafile: true, plugins: [precompiledAjv(process.cwd())] });
  expect(Object.keys(result.metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
  expect(result.outputFiles[0]!.text).not.toContain('"$ref"');
  expect(result.outputFiles[0]!.contents.length).toBeLessThan(80_000);
});
