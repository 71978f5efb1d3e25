import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseOptions } from '../../../src/sandbox/server/cli/options.ts';
import { DecryptionFailed, protect, unprotect } from '../../../src/sandbox/server/database/encryption.ts';
import { masterKeyOf, protectMasterKey, readConfiguration, writeConfiguration } from '../../../src/sandbox/server/instance.ts';
import { compareVersions, parsePackageName } from '../../../src/sandbox/server/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'octopus-parsers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('package names', () => {
  const number = fc.nat({ max: 9999 });
  const version = fc.tuple(number, number, number, fc.option(fc.stringMatching(/^[a-z][a-z0-9]{0,5}(\.[0-9]{1,3})?$/))).map(([a, b, c, pre]) => `${a}.${b}.${c}${pre === null ? '' : `-${pre}`}`);
  const id = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}(\.[A-Za-z][A-Za-z0-9_-]{0,8}){0,3}$/);
  const extension = fc.constantFrom('.zip', '.tar.gz', '.nupkg');

  it('come apart into what they were put together from', () => {
    fc.assert(fc.property(id, version, extension, (packageId, text, ending) => {
      expect(parsePackageName(`${packageId}.${text}${ending}`)).toEqual({ packageId, version: text, extension: ending });
    }));
  });

  it('without a version or of another kind are none', () => {
    for (const name of ['rotator.zip', 'rotator.1.zip', 'rotator.1.0.0.exe', '.1.0.0.zip', '../up.1.0.0.zip', 'a/b.1.0.0.zip', '']) expect(parsePackageName(name), name).toBeNull();
  });

  it('order: numbers by value, a pre-release before its release, and a total order', () => {
    expect(['1.10.0', '1.2.0', '1.2.0-rc.2', '1.2.0-rc.10', '1.2'].sort(compareVersions)).toEqual(['1.2.0-rc.2', '1.2.0-rc.10', '1.2.0', '1.2', '1.10.0']);
    fc.assert(fc.property(version, version, (a, b) => {
      expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
    }));
  });
});

describe('command line options', () => {
  it('give back any value, however it looks', () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom('--', '-', '/'), fc.constantFrom('=', ':', ' '), (value, lead, join_) => {
      const args = join_ === ' ' ? [`${lead}Pfx-Password`, value] : [`${lead}Pfx-Password${join_}${value}`];
      expect(parseOptions(args, { 'pfx-password|pw': 'value' })).toEqual({ values: new Map([['pfx-password', value]]), unrecognized: [], missing: [] });
    }));
  });
});

describe('the configuration file', () => {
  it('gives back what was written, the master key only on its own machine', () => {
    const path = join(folder, 'OctopusServer.config');
    fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^Octopus(\.[A-Z][a-z]{1,8}){1,3}$/), fc.stringMatching(/^[ -~]*$/)), (entries) => {
      writeConfiguration(path, new Map(Object.entries(entries)));
      expect(Object.fromEntries(readConfiguration(path))).toEqual({ ...entries });
    }), { numRuns: 50 });
    const key = Buffer.alloc(32, 7);
    const configuration = new Map([['Octopus.Storage.MasterKey', protectMasterKey(join(folder, 'one'), key)]]);
    expect(masterKeyOf(join(folder, 'one'), configuration)).toEqual(key);
    expect(() => masterKeyOf(join(folder, 'two'), configuration)).toThrow("Unable to parse configuration key 'Octopus.Storage.MasterKey' as a 'Byte[]'.");
  });
});

describe('sensitive values', () => {
  it('open under their key only, and never look the same twice', () => {
    const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const stored = protect(key, text);
      expect(unprotect(key, stored)).toBe(text);
      expect(protect(key, text)).not.toEqual(stored);
      let opened: string | null = null;
      try {
        opened = unprotect(other, stored);
      } catch (error) {
        expect(error).toBeInstanceOf(DecryptionFailed);
      }
      // One padding in 256 fits by chance; the text never does.
      if (text !== '') expect(opened).not.toBe(text);
    }));
  });
});
