// metadata.json of a step package: the source as it is, then what the builder adds (step-packages.md 2.6 and 3.1).
import Ajv from 'ajv';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { API, PARTS } from './api-versions.mjs';

const ajv = new Ajv.default({ allErrors: true });
formats.default(ajv);
const isMetadata = ajv.compile(JSON.parse(readFileSync(new URL('metadata.schema.json', import.meta.url), 'utf8')));

/** The text of the built file. Throws with everything that is wrong with the source. */
export function builtMetadata(source, version) {
  if (!isMetadata(source)) throw new Error(`steps: metadata.json of ${source?.id ?? 'a step'}: ${ajv.errorsText(isMetadata.errors)}`);
  const apiVersions = { API, ...Object.fromEntries(Object.entries(PARTS).map(([key, part]) => [key, part.version])) };
  return JSON.stringify({ ...source, apiVersions, version, dependencies: {} });
}
