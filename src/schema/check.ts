/**
 * Checks a value against one of this project's own JSON Schemas (draft 7, the part that those use). ajv would weigh more than everything else
 * in a bundle, compiles longer than a phase may take to start, and what it compiles to is six times the schema. A word that is not known here
 * is a TypeError when a schema is first used, never a check left out; test/schema holds it to what ajv says.
 */

export type Schema = Readonly<Record<string, unknown>>;

/** Where and how a value breaks a schema (`/data/kind enum`, the first problem found), or null. Values are as JSON.parse makes them. Pure. */
export function schemaProblem(schema: Schema, value: unknown): string | null {
  let check = checks.get(schema);
  if (check === undefined) checks.set(schema, (check = checkOf(schema, schema)));
  return check(value);
}

/** The problem, with its place below the value; null for none. */
type Check = (value: unknown) => string | null;

const checks = new WeakMap<Schema, Check>();

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isRecord,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  number: Number.isFinite,
  integer: (value) => Number.isFinite(value) && (value as number) % 1 === 0,
};

/** Says nothing about a value by itself: read together with another word, or for people. */
const SILENT = null;

const WORDS: Record<string, ((wished: never, schema: Schema, root: Schema) => Check) | null> = {
  $schema: SILENT, $id: SILENT, title: SILENT, description: SILENT, definitions: SILENT, discriminator: SILENT,
  $ref: (pointer: string, _, root) => checkOf(resolve(root, pointer), root),
  type(wished: string | string[]) {
    const types = [wished].flat().map((one) => known(TYPES, one, 'type'));
    return (value) => (types.some((fits) => fits(value)) ? null : ` type ${String(wished)}`);
  },
  const(wished: unknown) {
    const only = plain(wished);
    return (value) => (value === only ? null : ` const ${JSON.stringify(only)}`);
  },
  enum(wished: unknown[]) {
    const allowed = new Set(wished.map(plain));
    return (value) => (allowed.has(value) ? null : ' enum');
  },
  pattern(text: string) {
    const pattern = new RegExp(text, 'u');
    return (value) => (typeof value !== 'string' || pattern.test(value) ? null : ` pattern ${text}`);
  },
  // In characters, not in UTF-16 units.
  minLength: (least: number) => (value) => (typeof value !== 'string' || [...value].length >= least ? null : ` minLength ${least}`),
  minimum: (least: number) => (value) => (typeof value !== 'number' || value >= least ? null : ` minimum ${least}`),
  maximum: (most: number) => (value) => (typeof value !== 'number' || value <= most ? null : ` maximum ${most}`),
  maxItems: (most: number) => (value) => (!Array.isArray(value) || value.length <= most ? null : ` maxItems ${most}`),
  required: (names: string[]) => (value) => {
    const missing = isRecord(value) ? names.find((name) => !Object.hasOwn(value, name)) : undefined;
    return missing === undefined ? null : ` required ${missing}`;
  },
  properties(properties: Record<string, Schema>, _, root) {
    const members = Object.entries(properties).map(([name, one]) => ({ name, check: checkOf(one, root) }));
    return (value) => {
      if (!isRecord(value)) return null;
      for (const { name, check } of members) {
        const problem = Object.hasOwn(value, name) ? check(value[name]) : null;
        if (problem !== null) return `/${name}${problem}`;
      }
      return null;
    };
  },
  additionalProperties(wished: boolean | Schema, { properties = {} }, root) {
    const named = new Set(Object.keys(properties as object));
    const check: Check = wished === true ? () => null : wished === false ? () => ' is one too many' : checkOf(wished, root);
    return (value) => {
      if (!isRecord(value)) return null;
      for (const name of Object.keys(value)) {
        const problem = named.has(name) ? null : check(value[name]);
        if (problem !== null) return `/${name}${problem}`;
      }
      return null;
    };
  },
  items(each: Schema, _, root) {
    const check = checkOf(each, root);
    return (value) => {
      if (!Array.isArray(value)) return null;
      for (let index = 0; index < value.length; index++) {
        const problem = check(value[index]);
        if (problem !== null) return `/${index}${problem}`;
      }
      return null;
    };
  },
  anyOf(schemas: Schema[], _, root) {
    const alternatives = schemas.map((one) => checkOf(one, root));
    return (value) => (alternatives.some((check) => check(value) === null) ? null : ' anyOf');
  },
  // Only with a discriminator, as OpenAPI has it: its value chooses the one schema that counts.
  oneOf(schemas: { properties: Record<string, { const?: unknown }> }[], { discriminator }, root) {
    const name = (discriminator as { propertyName: string }).propertyName;
    const alternatives = new Map(schemas.map((one) => [plain(one.properties[name]!.const), checkOf(one, root)]));
    return (value) => (isRecord(value) ? (alternatives.get(value[name]) ?? (() => `/${name} is none that is known`))(value) : null);
  },
};

function checkOf(schema: Schema, root: Schema): Check {
  const all = Object.entries(schema).flatMap(([word, wished]) => known(WORDS, word, 'word')?.(wished as never, schema, root) ?? []);
  return (value) => {
    for (const check of all) {
      const problem = check(value);
      if (problem !== null) return problem;
    }
    return null;
  };
}

function known<T>(table: Record<string, T>, name: string, what: string): T {
  if (!Object.hasOwn(table, name)) throw new TypeError(`This ${what} of a JSON Schema is not known to src/schema/check.ts: ${name}`);
  return table[name]!;
}

/** Compared with ===, which is right for what is neither list nor object. */
function plain(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) throw new TypeError('A constant in a JSON Schema that is an object is not known to src/schema/check.ts.');
  return value;
}

const DEFINITIONS = '#/definitions/';

function resolve(root: Schema, pointer: string): Schema {
  const found = pointer.startsWith(DEFINITIONS) ? (root['definitions'] as Record<string, Schema>)[pointer.slice(DEFINITIONS.length)] : undefined;
  if (found === undefined) throw new TypeError(`This reference of a JSON Schema leads nowhere: ${pointer}`);
  return found;
}
