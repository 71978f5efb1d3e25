import { schemaProblem, type Schema } from '../schema/check.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Every well-formed result of this rotation in a task's log: what stands in base64 behind `mark`. Lines that are broken, of another
 * rotation or not of the schema are left out and counted: they prove nothing (rules 9 and 20).
 */
export function parseResults<T extends { rotationId: string }>(mark: string, schema: Schema, log: string, rotationId: string): { results: T[]; ignored: number } {
  const results: T[] = [];
  let ignored = 0;
  for (const match of log.matchAll(new RegExp(`^.*?(?<![\\w-])${mark}[ \\t]+(\\S+)[ \\t\\r]*$`, 'gm'))) {
    const value = decode(match[1]!);
    if (schemaProblem(schema, value) === null && (value as T).rotationId === rotationId) results.push(value as T);
    else ignored += 1;
  }
  return { results, ignored };
}

function decode(base64: string): unknown {
  if (!BASE64.test(base64)) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))) as unknown;
  } catch {
    return undefined;
  }
}
