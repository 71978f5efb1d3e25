import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import entrySchema from '../../schemas/journal.schema.json' with { type: 'json' };
import { schemaProblem } from '../schema/check.ts';
import type { Entry } from './contract.ts';

/** `previous` of the first line. */
export const FIRST_PREVIOUS = '0'.repeat(64);

/** Everything of an entry but its MAC. */
export type Unsealed = Omit<Entry, 'mac'>;

/**
 * One line without its line end. The MAC comes last and covers, byte by byte, the same text without it: nothing has to be brought
 * into a canonical form.
 */
export function sealLine(entry: Unsealed, key: Uint8Array): { line: string; mac: string; hash: string } {
  const text = JSON.stringify(entry);
  const mac = createHmac('sha256', key).update(text).digest('hex');
  const line = `${text.slice(0, -1)},"mac":"${mac}"}`;
  return { line, mac, hash: createHash('sha256').update(line).digest('hex') };
}

const TAIL = /^,"mac":"([0-9a-f]{64})"\}$/;
const TAIL_LENGTH = ',"mac":""}'.length + 64;

/** Reads one line (without its line end) and says in `reason` why it is not to be trusted. `hash` is what the next line names as previous. */
export function openLine(line: Buffer, key: Uint8Array, expected: { sequence: number; previous: string }): { entry: Entry; hash: string } | { reason: string } {
  const tail = TAIL.exec(line.subarray(Math.max(0, line.length - TAIL_LENGTH)).toString('latin1'));
  if (tail === null) return { reason: 'it does not end with its authentication code' };
  const mac = createHmac('sha256', key).update(line.subarray(0, line.length - TAIL_LENGTH)).update('}').digest();
  if (!timingSafeEqual(mac, Buffer.from(tail[1]!, 'hex'))) return { reason: 'its authentication code is wrong' };
  let entry: Entry;
  try {
    entry = JSON.parse(line.toString('utf8')) as Entry;
  } catch {
    return { reason: 'it is not JSON' };
  }
  if (entry.sequence !== expected.sequence) return { reason: `it has the number ${entry.sequence} where ${expected.sequence} is due` };
  if (entry.previous !== expected.previous) return { reason: 'it does not follow the line before it' };
  const problem = entryProblem(entry);
  if (problem !== null) return { reason: `it does not fit the schema: ${problem}` };
  return { entry, hash: createHash('sha256').update(line).digest('hex') };
}

/** Where and how an entry breaks schemas/journal.schema.json, or null. */
export function entryProblem(entry: unknown): string | null {
  return schemaProblem(entrySchema, entry)?.trimStart() ?? null;
}
