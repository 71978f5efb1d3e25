import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flag, parseOptions, valued } from '../../../src/sandbox/tentacle/options.ts';
import { formatSettings, parseSettings, Settings } from '../../../src/sandbox/tentacle/settings-file.ts';
import { addOrUpdate, passiveEntry, readTrustedServers, storeTrustedServers } from '../../../src/sandbox/tentacle/trusted-servers.ts';

// XML knows neither most control characters nor lone surrogates, and turns CRLF into LF.
const text = fc.string({ unit: 'grapheme' }).filter((value) => !/[\0-\x08\x0b-\x1f\ufffe\uffff]|\r/.test(value));

describe('The configuration file', () => {
  test('gives back every value that was written, sorted, and is the same text again', () => {
    fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z.]{0,20}$/), text), (values) => {
      const settings = new Settings();
      for (const [key, value] of Object.entries(values)) settings.set(key, value);
      const written = formatSettings(settings);
      const read = parseSettings(written);
      for (const { key, value } of settings.entries()) expect(read.get(key.toUpperCase())).toBe(value);
      expect(formatSettings(read)).toBe(written);
    }));
  });

  test.each(['<a></a>', '<octopus-settings>', '<octopus-settings></set>', '<octopus-settings/><x/>', '<octopus-settings><set key="a">b</octopus-settings>', '&', 'x<octopus-settings></octopus-settings>'])('%j is refused', (broken) => {
    expect(() => parseSettings(broken)).toThrow("Unable to parse configuration key 'Octopus.Home'");
  });
});

describe('The trust list', () => {
  test('comes back as it was stored, whatever was pasted into it', () => {
    fc.assert(fc.property(fc.array(text.filter((value) => value.trim() !== '' && value.trim() === value && !/^[\u0085\ufeff]|[\u0085\ufeff]$/.test(value))), (thumbprints) => {
      const settings = new Settings();
      storeTrustedServers(settings, thumbprints.map(passiveEntry));
      expect(readTrustedServers(parseSettings(formatSettings(settings))).map(({ Thumbprint }) => Thumbprint)).toEqual(thumbprints);
    }));
  });

  test('adding is idempotent: the second time changes nothing but the place', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[0-9A-F]{40}$/), { minLength: 1, maxLength: 6 }), fc.nat(), (thumbprints, pick) => {
      const list = thumbprints.map(passiveEntry);
      const again = thumbprints[pick % thumbprints.length] as string;
      const result = addOrUpdate(list, passiveEntry(again.toLowerCase()));
      expect(result).toHaveLength(list.length);
      expect(result.at(-1)?.Thumbprint).toBe(again.toLowerCase());
    }));
  });

  test('U+FEFF at the end is no blank to .NET, a no-break space is', () => {
    expect(passiveEntry(' \u00a0AB\u00a0 ').Thumbprint).toBe('AB');
    expect(passiveEntry('\ufeffAB').Thumbprint).toBe('\ufeffAB');
  });
});

describe('Options', () => {
  test('every form sets the same value; an option takes the next argument even when it looks like an option', () => {
    const parse = (...args: string[]) => {
      const seen: string[] = [];
      const rest = parseOptions([valued('trust', (value) => seen.push(value)), flag('reset-trust', () => seen.push('reset'))], args);
      return { seen, rest };
    };
    for (const form of [['--trust=X'], ['--trust:X'], ['/trust:X'], ['-trust=X'], ['--trust', 'X'], ['/TRUST', 'X']]) expect(parse(...form)).toEqual({ seen: ['X'], rest: [] });
    expect(parse('--trust', '--reset-trust')).toEqual({ seen: ['--reset-trust'], rest: [] });
    expect(parse('stray', '--other=1', '--reset-trust')).toEqual({ seen: ['reset'], rest: ['stray', '--other=1'] });
    expect(() => parse('--trust')).toThrow("Missing required value for option '--trust'.");
  });
});
