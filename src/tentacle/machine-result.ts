import schema from '../../schemas/machine-result.schema.json' with { type: 'json' };
import { schemaProblem } from '../schema/check.ts';
import type { MachineResult } from './contract.ts';

/** What stands before the base64 in the one line that the trust script ends with. */
export const RESULT_MARK = 'octopus-rotation-result';

const LINE = /^.*?octopus-rotation-result[ \t]+(\S+)[ \t\r]*$/gm;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Every well-formed result of this rotation in a task's log. Lines that are broken, of another rotation or not of the schema are left
 * out and counted: they prove nothing (rules 9 and 20). Whether `own` is the machine that was asked is for the caller to compare.
 */
export function parseMachineResults(log: string, rotationId: string): { results: MachineResult[]; ignored: number } {
  const results: MachineResult[] = [];
  let ignored = 0;
  for (const match of log.matchAll(LINE)) {
    const value = decode(match[1]!);
    if (isResult(value) && value.rotationId === rotationId) results.push(value);
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

function isResult(value: unknown): value is MachineResult {
  return schemaProblem(schema, value) === null;
}
