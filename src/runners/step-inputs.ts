import { inputErrors } from '../errors/inputs.ts';
import type { Phase } from '../phases/context.ts';

interface InputSchema { properties: Record<string, { isSensitiveValue?: boolean; type?: string | string[] }>; required?: string[] }

/**
 * Reads what the step's body put on standard input: base64 of `{"phase", "inputs"}`, every value a text. Checked against the schema
 * of the phase, texts turned into numbers where it says so; an unknown input is an error, an empty required one too (D18).
 */
export async function readInputs<Inputs>(phase: Phase<Inputs>, schema: object, stdin: string): Promise<Inputs> {
  const given = decode(stdin);
  if (given.phase !== phase.name) throw inputErrors.INPUT_NOT_JSON({ problem: `it is for the phase ${String(given.phase)}, not ${phase.name}` });
  return checkInputs(schema, given.inputs);
}

/** Texts against the schema of the phase, as above. */
export async function checkInputs<Inputs>(schema: object, given: Record<string, string>): Promise<Inputs> {
  const { properties, required = [] } = schema as InputSchema;
  const strange = Object.keys(given).filter((name) => !(name in properties));
  if (strange.length > 0) throw inputErrors.INPUT_UNKNOWN({ names: strange });
  const missing = required.filter((name) => !given[name]?.trim());
  if (missing.length > 0) throw inputErrors.INPUT_MISSING({ names: missing });
  const { default: Ajv } = await import('ajv');
  const ajv = new Ajv({ coerceTypes: true, allErrors: true, keywords: ['isSensitiveValue'] });
  // The step's body leaves empty values out; one that comes all the same was not given, and neither was one of blanks, which is no number either.
  const filled = Object.entries(given).filter(([, value]) => value.trim() !== '');
  const inputs = Object.fromEntries(filled.map(([name, value]) => [name, properties[name]?.type === 'boolean' ? checkbox(value) : value]));
  if (!ajv.validate(schema, inputs)) {
    // The value of a sensitive input is not told.
    throw inputErrors.INPUT_INVALID({ problems: (ajv.errors ?? []).map((one) => `${one.instancePath.slice(1) || 'the inputs'} ${one.message ?? 'is wrong'}${one.params['allowedValues'] ? `: ${String(one.params['allowedValues'])}` : ''}`) });
  }
  return inputs as Inputs;
}

/** Octopus writes a checkbox as `True` or `False` (step-packages.md 7.2). */
function checkbox(value: string): string {
  return /^(true|false)$/i.test(value) ? value.toLowerCase() : value;
}

/** Names of inputs whose values are secrets. */
export function sensitiveNames(schema: object): string[] {
  return Object.entries((schema as InputSchema).properties).filter(([, one]) => one.isSensitiveValue).map(([name]) => name);
}

function decode(stdin: string): { phase: unknown; inputs: Record<string, string> } {
  const text = stdin.trim();
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw inputErrors.INPUT_NOT_JSON({ problem: text === '' ? 'nothing was given' : 'it is not base64' });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch {
    throw inputErrors.INPUT_NOT_JSON({ problem: 'it is not JSON' });
  }
  const { phase, inputs } = (value ?? {}) as { phase?: unknown; inputs?: unknown };
  if (inputs === null || typeof inputs !== 'object' || Object.values(inputs).some((one) => typeof one !== 'string')) throw inputErrors.INPUT_NOT_JSON({ problem: 'it has no inputs' });
  return { phase, inputs: inputs as Record<string, string> };
}
