import { Ajv, type ValidateFunction } from 'ajv';

/** One of this project's own JSON Schemas, from schemas/. */
export type Schema = Readonly<Record<string, unknown>>;

/** Chosen once for all schemas; the bundles bring what ajv compiles with these along, in ajv's place (src/packaging/precompiled-ajv.mjs). */
const OPTIONS = { allowUnionTypes: true, discriminator: true, inlineRefs: false, messages: false };

const validators = new WeakMap<Schema, ValidateFunction>();

/** Where and how a value breaks a schema (`/data/kind enum`, the first problem found), or null. Values are as JSON.parse makes them. */
export function schemaProblem(schema: Schema, value: unknown): string | null {
  let validate = validators.get(schema);
  if (validate === undefined) validators.set(schema, (validate = new Ajv(OPTIONS).compile(schema)));
  if (validate(value)) return null;
  const first = validate.errors?.[0];
  return `${first?.instancePath ?? ''} ${first?.keyword ?? 'refused'}`;
}
