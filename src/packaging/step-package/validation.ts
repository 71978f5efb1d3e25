import type { InputSchema } from '../input-schema.ts';
import { labelOf } from '../labels.ts';

/** What a rule says of a bad value; undefined of a good one. */
export type Rule = (value: unknown) => string | undefined;

/** Default export of a step package's validation.js (step-packages.md 2.3). `validate` is Octopus': it binds a rule to the place of a value. */
export type ValidateInputs = <Path, Validator>(inputs: Record<string, Path>, validate: (path: Path, rule: Rule) => Validator) => Validator[];

const thumbprint = form(/^[0-9A-Fa-f]{40}$|^[0-9A-Fa-f]{64}$/, 'is no thumbprint: 40 or 64 hexadecimal digits');

/** What the phases would refuse of these values whatever the phase. */
const FORMS: Record<string, (label: string, value: string) => string | undefined> = {
  ServerUrl: form(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i, 'is no address of an Octopus Server, like https://octopus.example.com'),
  StateFolder: form(/^(\/|[A-Za-z]:[\\/]|\\\\)/, 'must be a full path, like /var/lib/octopus-rotation'),
  TaskId: form(/^ServerTasks-\d+$/, 'is no task, like ServerTasks-42'),
  SpaceId: form(/^Spaces-\d+$/, 'is no space, like Spaces-1'),
  RotationId: form(/^[a-z]{2}-\d{8}-[0-9a-f]{8}$/, 'is no rotation, like sc-20270331-0a1b2c3d'),
  OldThumbprint: thumbprint,
  NewThumbprint: thumbprint,
  Waivers: waivers,
};

/**
 * Refuses in the form what the phase would refuse, by the schema of its inputs. Pure, ES5 without any library newer than that: Octopus runs it
 * in a JavaScript engine of its own. An expression is not looked into, since what it becomes is not known yet; while the step runs, Octopus
 * asks again.
 */
export function validationOf(schema: InputSchema): ValidateInputs {
  return (inputs, validate) => Object.keys(schema.properties).map((name) => validate(inputs[name]!, (value) => problemOf(name, schema, value)));
}

function problemOf(name: string, schema: InputSchema, value: unknown): string | undefined {
  const property = schema.properties[name]!;
  const label = labelOf(name);
  const isRequired = (schema.required || []).indexOf(name) >= 0;
  if (property.isSensitiveValue === true && typeof value === 'object' && value !== null) return sensitiveProblem(label, isRequired, value as { type?: unknown; newValue?: unknown });
  if (value === undefined || value === null || (typeof value === 'string' && /^\s*$/.test(value))) return isRequired ? `${label} is needed.` : undefined;
  if (typeof value === 'string' && value.indexOf('#{') >= 0) return undefined;
  if (property.type === 'number') return numberProblem(label, value, property.minimum, property.maximum);
  if (property.type === 'boolean') return value === true || value === false || /^(true|false)$/i.test(String(value)) ? undefined : `${label} must be True or False.`;
  if (typeof value !== 'string') return `${label} must be a text.`;
  if (property.enum !== undefined && property.enum.indexOf(value) < 0) return `${label} must be ${property.enum.join(' or ')}.`;
  const check = FORMS[name];
  return check === undefined ? undefined : check(label, value);
}

/** Octopus tells of a sensitive value only whether there is one, unless it was typed this moment. */
function sensitiveProblem(label: string, isRequired: boolean, value: { type?: unknown; newValue?: unknown }): string | undefined {
  const isEmpty = value.type === 'empty' || (value.type === 'new' && /^\s*$/.test(String(value.newValue || '')));
  return isEmpty && isRequired ? `${label} is needed.` : undefined;
}

function numberProblem(label: string, value: unknown, minimum: number | undefined, maximum: number | undefined): string | undefined {
  const number = Number(value);
  if (typeof value === 'object' || typeof value === 'boolean' || number !== number || number - number !== 0) return `${label} must be a number.`;
  if (minimum !== undefined && number < minimum) return `${label} must be at least ${minimum}.`;
  return maximum !== undefined && number > maximum ? `${label} must be at most ${maximum}.` : undefined;
}

function form(pattern: RegExp, problem: string): (label: string, value: string) => string | undefined {
  return (label, value) => (pattern.test(value) ? undefined : `${label} ${problem}.`);
}

/** As src/phases/waivers.ts reads them; a test compares the two. */
function waivers(label: string, text: string): string | undefined {
  const example = `${label} must be a JSON array like [{"machine":"web-07","by":"A. Person","reason":"scrapped","until":"2027-03-31"}]`;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (_) {
    return `${example}: it is not JSON.`;
  }
  if (Object.prototype.toString.call(list) !== '[object Array]') return `${example}: it is not an array.`;
  const entries = list as unknown[];
  for (let at = 0; at < entries.length; at += 1) {
    const problem = waiverProblem(entries[at]);
    if (problem !== undefined) return `${example}: number ${at + 1} ${problem}.`;
  }
  return undefined;
}

const MEMBERS = ['machine', 'by', 'reason', 'until'];

function waiverProblem(entry: unknown): string | undefined {
  if (entry === null || typeof entry !== 'object' || Object.prototype.toString.call(entry) === '[object Array]') return 'is not an object';
  const given = entry as Record<string, unknown>;
  const strange = Object.keys(given).filter((name) => MEMBERS.indexOf(name) < 0)[0];
  if (strange !== undefined) return `has an unknown member ${strange}`;
  const missing = MEMBERS.filter((name) => typeof given[name] !== 'string' || /^\s*$/.test(given[name] as string))[0];
  if (missing !== undefined) return `lacks ${missing}`;
  const until = given['until'] as string;
  return /^\d{4}-\d{2}-\d{2}$/.test(until) && !isNaN(Date.parse(until)) ? undefined : 'has an end date that is not a day like 2027-03-31';
}
