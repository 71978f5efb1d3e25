import { isThumbprint } from '../certificates/thumbprint.ts';
import { tentacleErrors } from '../errors/tentacle.ts';

/** What may enter a script for a machine: tokens of fixed form, and nothing else (rule 14). Each of these throws TRUST_SCRIPT_TOKEN. */
export const ROTATION_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
export const MOST_SECONDS = 86_400;

export function thumbprint(name: string, value: string): string {
  if (!isThumbprint(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}

export function matching(name: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}

export function whole(name: string, value: number, most: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || value > most) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value: String(value) });
  return String(value);
}
