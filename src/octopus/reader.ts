/**
 * Answers are checked where they come in, once. A reader turns unknown JSON into a typed value or says where the shape is wrong;
 * properties that it does not name are ignored, since every version of Octopus adds some.
 */
export type Reader<T> = (value: unknown, at: string) => T;

/** The shape is not the expected one. Turned into OCTOPUS_UNEXPECTED by the HTTP client, which knows the request. */
export class ShapeError extends Error {}

/** A resource as it came, kept whole so that it can be sent back with a change. */
export type Document = { [name: string]: unknown };

function fail(at: string, expected: string, value: unknown): never {
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : value === undefined ? 'nothing' : `a ${typeof value}`;
  throw new ShapeError(`${at} should be ${expected} but is ${found}`);
}

export const text: Reader<string> = (value, at) => (typeof value === 'string' ? value : fail(at, 'a text', value));
export const filledText: Reader<string> = (value, at) => (typeof value === 'string' && value !== '' ? value : fail(at, 'a text that is not empty', value));
export const flag: Reader<boolean> = (value, at) => (typeof value === 'boolean' ? value : fail(at, 'true or false', value));
export const count: Reader<number> = (value, at) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fail(at, 'a whole number from 0', value));
export const document: Reader<Document> = (value, at) =>
  (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : fail(at, 'an object', value));
export const nothing: Reader<undefined> = () => undefined;

export function oneOf<const T extends string>(...values: T[]): Reader<T> {
  return (value, at) => (values.includes(value as T) ? (value as T) : fail(at, `one of ${values.join(', ')}`, value));
}

/** null, absent, or what the inner reader reads. */
export function maybe<T>(inner: Reader<T>): Reader<T | null> {
  return (value, at) => (value === null || value === undefined ? null : inner(value, at));
}

/** As `maybe`, with a value for null and absent. */
export function either<T>(inner: Reader<T>, otherwise: T): Reader<T> {
  return (value, at) => (value === null || value === undefined ? otherwise : inner(value, at));
}

export function list<T>(inner: Reader<T>): Reader<T[]> {
  return (value, at) => (Array.isArray(value) ? value.map((item, index) => inner(item, `${at}[${index}]`)) : fail(at, 'an array', value));
}

export function record<T>(inner: Reader<T>): Reader<Record<string, T>> {
  return (value, at) => Object.fromEntries(Object.entries(document(value, at)).map(([name, item]) => [name, inner(item, `${at}.${name}`)]));
}

export function object<S extends Record<string, Reader<unknown>>>(shape: S): Reader<{ [K in keyof S]: ReturnType<S[K]> }> {
  return (value, at) => {
    const found = document(value, at);
    return Object.fromEntries(Object.entries(shape).map(([name, inner]) => [name, inner(Object.hasOwn(found, name) ? found[name] : undefined, `${at}.${name}`)])) as { [K in keyof S]: ReturnType<S[K]> };
  };
}

/** Applies a function to what a reader read. */
export function mapped<T, U>(inner: Reader<T>, change: (value: T) => U): Reader<U> {
  return (value, at) => change(inner(value, at));
}
