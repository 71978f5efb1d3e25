import { badRequest } from './errors.ts';

export type Json = Record<string, unknown>;

/** JSON names are case-insensitive in (octopus-rest.md 2.2): first letters are raised; deeper names are dictionaries or given as documented. */
export function bodyOf(body: unknown): Json {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('The request body is missing or is not a JSON object.');
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]));
}

/** Collects what is missing or of the wrong type, so that one refusal names every complaint. */
export class BodyReader {
  readonly #errors: string[] = [];
  constructor(readonly body: Json) {}

  text(name: string, fallback?: string): string {
    const value = this.body[name];
    if (typeof value === 'string' && (value.trim() !== '' || fallback !== undefined)) return value;
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    this.#errors.push(`Please provide a value for ${name}.`);
    return '';
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.body[name];
    if (typeof value === 'boolean') return value;
    if (value === undefined || value === null) return fallback;
    this.#errors.push(`${name} must be true or false.`);
    return fallback;
  }

  texts(name: string, fallback?: string[]): string[] {
    const value = this.body[name];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    this.#errors.push(`${name} must be an array of strings.`);
    return [];
  }

  complain(error: string): void {
    this.#errors.push(error);
  }

  /** Throws the 400 that names everything found so far. */
  check(): void {
    if (this.#errors.length > 0) throw badRequest(...this.#errors);
  }
}

/** A PUT carries the `Version` it was read with; a stale or missing one is refused. */
export function demandVersion(current: number, body: Json, message: string): void {
  if (body.Version !== current) throw badRequest(`${message} (the current version is ${current}, the request carries ${String(body.Version)})`);
}

/** A sensitive value as sent: `NewValue` sets, null keeps (octopus-rest.md 2.2). */
export interface SensitiveInput { HasValue?: boolean; NewValue?: string | null; Hint?: string | null }

export function isSensitiveInput(value: unknown): value is SensitiveInput {
  return typeof value === 'object' && value !== null && ('NewValue' in value || 'HasValue' in value);
}

export const sensitiveOutput = (hasValue: boolean) => ({ HasValue: hasValue, NewValue: null, Hint: null });
