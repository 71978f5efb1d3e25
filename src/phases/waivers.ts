import { planErrors } from '../errors/plan.ts';
import type { Waiver } from '../journal/contract.ts';

const MEMBERS = ['machine', 'by', 'reason', 'until'] as const;

/** Reads waivers as an administrator writes them: a JSON array, every member a non-empty text, `until` a day. Anything else is refused, never ignored. */
export function readWaivers(text: string | undefined): Waiver[] {
  if (text === undefined || text.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw planErrors.WAIVER_MALFORMED({ text, problem: 'it is not JSON' });
  }
  if (!Array.isArray(value)) throw planErrors.WAIVER_MALFORMED({ text, problem: 'it is not an array' });
  return value.map((one: unknown, index) => waiver(text, one, index));
}

function waiver(text: string, one: unknown, index: number): Waiver {
  const problem = (what: string) => planErrors.WAIVER_MALFORMED({ text, problem: `number ${index + 1} ${what}` });
  if (one === null || typeof one !== 'object' || Array.isArray(one)) throw problem('is not an object');
  const given = one as Record<string, unknown>;
  const strange = Object.keys(given).find((name) => !(MEMBERS as readonly string[]).includes(name));
  if (strange !== undefined) throw problem(`has an unknown member ${strange}`);
  for (const name of MEMBERS) if (typeof given[name] !== 'string' || given[name].trim() === '') throw problem(`lacks ${name}`);
  const { machine, by, reason, until } = given as unknown as Waiver;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until) || Number.isNaN(Date.parse(until))) throw problem(`has an end date that is not a day like 2027-03-31: ${until}`);
  return { machine, by, reason, until };
}
