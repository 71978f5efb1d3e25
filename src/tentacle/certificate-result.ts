import schema from '../../schemas/certificate-result.schema.json' with { type: 'json' };
import type { CertificateResult } from './contract.ts';
import { parseResults } from './result-line.ts';

/** What stands before the base64 in the one line that the certificate script ends with. */
export const CERTIFICATE_RESULT_MARK = 'octopus-rotation-certificate-result';

/**
 * Every well-formed result of this rotation in a task's log, as parseMachineResults. Whether `own` is the machine's OLD or NEW is for the
 * caller to compare (rule 9): before the exchange a Tentacle tells the one, after it the other.
 */
export function parseCertificateResults(log: string, rotationId: string): { results: CertificateResult[]; ignored: number } {
  return parseResults<CertificateResult>(CERTIFICATE_RESULT_MARK, schema, log, rotationId);
}
