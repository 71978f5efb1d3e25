import fc from 'fast-check';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { unzip } from '../../../src/sandbox/calamari/unzip.ts';

const name = fc.stringMatching(/^[a-zäé][a-z0-9.]{0,8}(\/[a-z]{1,5})?$/);

test('what was zipped comes out again, deflated or stored', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 300 })), { selector: ([one]) => one.split('/')[0], maxLength: 5 }), fc.constantFrom(0 as const, 6 as const), (files, level) => {
    const zipped = Buffer.from(zipSync(Object.fromEntries(files), { level }));
    expect(new Map(unzip(zipped).map((one) => [one.name, new Uint8Array(one.content)]))).toEqual(new Map(files));
  }));
});

test('what is no zip, or is damaged, is refused', () => {
  const zipped = Buffer.from(zipSync({ 'a.txt': Buffer.from('some text, some text, some text') }));
  expect(() => unzip(Buffer.from('no zip'))).toThrow('no zip file');
  expect(() => unzip(zipped.subarray(0, -4))).toThrow('no zip file');
  fc.assert(fc.property(fc.nat(zipped.length - 1), fc.nat(255), (at, byte) => {
    const damaged = Buffer.from(zipped);
    damaged[at] = byte;
    try {
      for (const one of unzip(damaged)) expect(one.content.length).toBeLessThan(1_000);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }));
});
