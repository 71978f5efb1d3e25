import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors/refusal.ts';
import { readWaivers } from '../../src/phases/waivers.ts';

const good = { machine: 'web-07', by: 'A. Person', reason: 'scrapped in March', until: '2027-03-31' };

describe('waivers', () => {
  it('are read as an administrator writes them', () => {
    expect(readWaivers(undefined)).toEqual([]);
    expect(readWaivers('  ')).toEqual([]);
    expect(readWaivers(JSON.stringify([good]))).toEqual([good]);
  });

  it.each([
    ['not JSON', '[{'],
    ['no array', JSON.stringify(good)],
    ['no name', JSON.stringify([{ ...good, by: '' }])],
    ['no reason', JSON.stringify([{ machine: 'x', by: 'y', until: '2027-03-31' }])],
    ['an end date that is no day', JSON.stringify([{ ...good, until: 'soon' }])],
    ['an unknown member', JSON.stringify([{ ...good, forever: true }])],
    ['null', '[null]'],
  ])('are refused with %s, never ignored', (_name, text) => {
    expect(() => readWaivers(text)).toThrow(expect.objectContaining({ code: 'WAIVER_MALFORMED' }));
  });

  it('never end in anything but waivers or a refusal', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        for (const waiver of readWaivers(text)) expect(Object.keys(waiver).sort()).toEqual(['by', 'machine', 'reason', 'until']);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }));
  });
});
