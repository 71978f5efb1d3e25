import { printable } from '../errors/printable.ts';
import { says } from './same.ts';

/** One value that is not as it should be, for people; null where there is none. Secrets are told of, never told. */
export interface Difference { path: string; from: string | null; to: string | null }

/** Of these only that they differ is told, unless a value is nothing but an expression. By the last part of the path. */
export type IsSecret = (name: string) => boolean;

const HIDDEN = '(not shown)';
const nobody: IsSecret = () => false;

/** Where `found` does not say what `wanted` says; empty exactly when `says` is true. Items of a list are told apart by their names where each has one. */
export function differences(found: unknown, wanted: unknown, isSecret: IsSecret = nobody, path = ''): Difference[] {
  if (says(found, wanted)) return [];
  const at = (name: string): string => (path === '' ? name : `${path} / ${name}`);
  const [before, after] = [byName(found), byName(wanted)];
  if (before !== null && after !== null && Array.isArray(wanted)) {
    const gone = [...before.keys()].filter((name) => !after.has(name)).map((name): Difference => ({ path: at(name), from: 'there', to: null }));
    const rest = [...after].flatMap(([name, item]): Difference[] => (before.has(name) ? differences(before.get(name), item, isSecret, at(name)) : [{ path: at(name), from: null, to: 'there' }]));
    if (gone.length + rest.length > 0) return [...gone, ...rest];
    return [{ path: at('order'), from: [...before.keys()].map((name) => printable(name)).join(', '), to: [...after.keys()].map((name) => printable(name)).join(', ') }];
  }
  if (isRecord(found) && isRecord(wanted) && Object.keys(wanted).length > 0 && !says({}, wanted)) {
    return Object.entries(wanted).flatMap(([name, value]) => differences(found[name], value, isSecret, at(name)));
  }
  return [leaf(found, wanted, path, isSecret)];
}

function leaf(found: unknown, wanted: unknown, path: string, isSecret: IsSecret): Difference {
  const name = path.split(' / ').at(-1)!;
  if (isLong(name, found) || isLong(name, wanted)) return { path, ...lines(found, wanted) };
  return { path, from: shown(found, isSecret(name)), to: shown(wanted, isSecret(name)) };
}

/** A script, or any text of several lines: somebody may have written a secret into it, so it is told where it differs, not what stands there. */
const isLong = (name: string, value: unknown): boolean => typeof value === 'string' && (value.includes('\n') || name.endsWith('ScriptBody'));

function lines(found: unknown, wanted: unknown): { from: string | null; to: string | null } {
  const [before, after] = [found, wanted].map((each) => (typeof each === 'string' && each !== '' ? each.split('\n') : null)) as [string[] | null, string[] | null];
  const count = (text: string[] | null): string | null => (text === null ? null : `${text.length} line${text.length === 1 ? '' : 's'}`);
  if (before === null || after === null) return { from: count(before), to: count(after) };
  const first = before.findIndex((line, index) => line !== after[index]);
  return { from: count(before), to: `${count(after)}, another from line ${(first === -1 ? before.length : first) + 1} on` };
}

/** One value for people. Nothing that looks like a key or an account in an address is shown, wherever it stands. */
export function shown(value: unknown, isSecret: boolean): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'object' && 'HasValue' in value) return value.HasValue === true ? HIDDEN : null;
  if (isSecret && !(typeof value === 'string' && /^#\{[^{}]*\}$/.test(value))) return HIDDEN;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(text.replace(/\bAPI-[A-Za-z0-9]{6,}/gi, HIDDEN).replace(/:\/\/[^/@\s]+@/g, '://...@'), 200);
}

function byName(value: unknown): Map<string, unknown> | null {
  if (!Array.isArray(value)) return null;
  const named = new Map<string, unknown>();
  for (const item of value) {
    if (!isRecord(item) || typeof item['Name'] !== 'string') return null;
    named.set(item['Name'], item);
  }
  return named.size === value.length ? named : null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** For a text on a terminal. */
export const differenceText = ({ path, from, to }: Difference): string => `${printable(path, 200)}: ${from ?? 'nothing'} -> ${to ?? 'nothing'}`;
