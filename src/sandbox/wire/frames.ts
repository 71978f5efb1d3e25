import { inflateRawSync, constants } from 'node:zlib';

/** What Halibut sends when it has nothing to ask: DEFLATE of the BSON document `{Message: null}` (tentacle-trust.md section 7). */
export const nullRequest = Buffer.from('e3636060e0f24d2d2e4e4c4f65600000', 'hex');
const nullDocument = Buffer.from('0e0000000a4d6573736167650000', 'hex');

/** `MX-CLIENT 1.0`, `MX-SERVER 1.0`: always CRLF, always followed by an empty line. */
export const greeting = Buffer.from('MX\r\n\r\n');
export const clientIdentity = Buffer.from('MX-CLIENT 1.0\r\n\r\n');
export const serverIdentity = Buffer.from('MX-SERVER 1.0\r\n\r\n');

/** How a polling Tentacle names itself, and what the two say between requests (Halibut's docs/halibut-protocol.md). */
export const subscriberIdentity = (subscription: string): Buffer => Buffer.from(`MX-SUBSCRIBER 1.0 ${subscription}\r\n\r\n`);
export const [next, proceed] = [Buffer.from('NEXT\r\n'), Buffer.from('PROCEED\r\n')];

/** The sandbox's own calls: this mark, the length as four bytes, JSON. The mark is no DEFLATE stream that Halibut could send. */
const mark = Buffer.from('SBX1');

export type Call =
  | { operation: 'about' }
  | { operation: 'startScript'; request: unknown }
  | { operation: 'getStatus'; ticket: string; afterSequence: number }
  | { operation: 'cancelScript' | 'completeScript'; ticket: string };
export type Answer = { result: unknown } | { error: string };

export function encodeFrame(value: Call | Answer): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([mark, length, body]);
}

/** What the bytes received so far are. `rest` is what follows a whole frame. */
export type Received = { kind: 'incomplete' } | { kind: 'null-request' } | { kind: 'invalid' } | { kind: 'frame'; value: unknown; rest: Buffer };

/** Reads one frame, or the null request in whatever DEFLATE encoding. */
export function decodeFrame(bytes: Buffer): Received {
  if (bytes.length === 0) return { kind: 'incomplete' };
  if (!bytes.subarray(0, 4).equals(mark.subarray(0, bytes.length))) return decodeNullRequest(bytes);
  if (bytes.length < 8) return { kind: 'incomplete' };
  const end = 8 + bytes.readUInt32BE(4);
  if (bytes.length < end) return { kind: 'incomplete' };
  return { kind: 'frame', value: JSON.parse(bytes.subarray(8, end).toString('utf8')), rest: bytes.subarray(end) };
}

function decodeNullRequest(bytes: Buffer): Received {
  try {
    const document = inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    if (document.length >= nullDocument.length) return { kind: document.equals(nullDocument) ? 'null-request' : 'invalid' };
    return { kind: nullDocument.subarray(0, document.length).equals(document) ? 'incomplete' : 'invalid' };
  } catch {
    return { kind: 'invalid' };
  }
}
