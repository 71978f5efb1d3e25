import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame, nullRequest } from '../../../src/sandbox/wire/frames.ts';

describe('Frames on the wire', () => {
  test('a frame arrives as it was sent, however the bytes are cut', () => {
    fc.assert(fc.property(fc.string(), fc.nat(), fc.uint8Array({ maxLength: 20 }), (text, cut, following) => {
      const bytes = encodeFrame({ result: text });
      const at = cut % bytes.length;
      if (at < bytes.length) expect(decodeFrame(bytes.subarray(0, at)).kind).toBe('incomplete');
      const received = decodeFrame(Buffer.concat([bytes, following]));
      expect(received).toEqual({ kind: 'frame', value: { result: text }, rest: Buffer.from(following) });
    }));
  });

  test('the null request is known in every DEFLATE encoding, and in pieces', () => {
    const document = Buffer.from('0e0000000a4d6573736167650000', 'hex');
    for (let level = 0; level <= 9; level += 1) expect(decodeFrame(deflateRawSync(document, { level })).kind).toBe('null-request');
    expect(decodeFrame(nullRequest).kind).toBe('null-request');
    for (let length = 1; length < 12; length += 1) expect(decodeFrame(nullRequest.subarray(0, length)).kind).toBe('incomplete');
  });

  test.each(['END\r\n', '\u00ff\u00ff', 'GET / HTTP/1.1\r\n'])('%j is not a call', (text) => {
    expect(decodeFrame(Buffer.from(text, 'latin1')).kind).toBe('invalid');
  });
});
