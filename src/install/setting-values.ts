import generate from '../../schemas/inputs/generate-server-certificate.schema.json';
import plan from '../../schemas/inputs/plan-server-certificate.schema.json';
import planTentacles from '../../schemas/inputs/plan-tentacle-certificates.schema.json';
import type { Setting } from './settings.ts';

interface Property { type?: string; enum?: string[]; minimum?: number; maximum?: number }

const PROPERTIES: Record<string, Property> = { ...(planTentacles.properties as Record<string, Property>), ...(generate.properties as Record<string, Property>), ...(plan.properties as Record<string, Property>) };

/** What a setting must be, by the schema of the input that it is bound to, when `value` is not that; null when it is, or any text may be. */
export function expectedOf(setting: Setting, value: string): string | null {
  const { type, enum: options, minimum, maximum } = PROPERTIES[setting] ?? {};
  if (options !== undefined) return options.includes(value) ? null : options.join(' or ');
  if (type === 'boolean') return value === 'True' || value === 'False' ? null : 'True or False';
  if (type !== 'number' && type !== 'integer') return null;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  const [least, most] = [minimum ?? 0, maximum ?? Infinity];
  return number >= least && number <= most ? null : `a whole number from ${least}${most === Infinity ? '' : ` to ${most}`}`;
}
