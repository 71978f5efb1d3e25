import schema from '../../schemas/machine-result.schema.json' with { type: 'json' };
import type { MachineResult } from './contract.ts';
import { parseResults } from './result-line.ts';

/** What stands before the base64 in the one line that the trust script ends with. */
export const RESULT_MARK = 'octopus-rotation-result';

/**
 * Every well-formed result of this rotation in a task's log. Lines that are broken, of another rotation or not of the schema are left
 * out and counted: they prove nothing (rules 9 and 20). Whether `own` is the machine that was asked is for the caller to compare.
 */
export function parseMachineResults(log: string, rotationId: string): { results: MachineResult[]; ignored: number } {
  return parseResults<MachineResult>(RESULT_MARK, schema, log, rotationId);
}
