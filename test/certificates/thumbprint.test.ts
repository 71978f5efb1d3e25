import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isThumbprint, parseThumbprint } from '../../src/certificates/thumbprint.ts';

const digits = fc.stringMatching(/^[0-9a-fA-F]{40}$/);

describe('parseThumbprint', () => {
  it('A19: letter case, colons and blanks between the bytes come to one form', () => {
    fc.assert(fc.property(digits, fc.constantFrom('', ' ', ':'), (text, separator) => {
      const pairs = text.match(/../g)!;
      expect(parseThumbprint(`  ${pairs.join(separator)} `)).toBe(text.toUpperCase());
    }));
  });

  it('A19: an invisible character anywhere is refused and shown, not guessed away', () => {
    fc.assert(fc.property(digits, fc.nat(40), fc.constantFrom('\u200e', '\u200f', '\u00ad', '\u202e', '\u200b'), (text, at, mark) => {
      const dirty = text.slice(0, at) + mark + text.slice(at);
      expect(() => parseThumbprint(dirty)).toThrow(/<U\+[0-9A-F]{4}>/);
    }));
  });

  it('A19: what it gives has the exact form, and everything else is refused', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), digits, fc.stringMatching(/^[0-9A-F]{38,42}$/)), (text) => {
      let parsed: string;
      try {
        parsed = parseThumbprint(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'THUMBPRINT_MALFORMED' });
        return;
      }
      expect(isThumbprint(parsed)).toBe(true);
      expect(parsed).toBe(text.replace(/[\s:\ufeff]/g, '').toUpperCase());
    }));
  });

  it('A19: a SHA-256 is not a thumbprint', () => {
    expect(() => parseThumbprint('A'.repeat(64))).toThrow(/40 hexadecimal digits/);
  });
});
