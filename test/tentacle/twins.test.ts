import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { CONFIGURATION, KEYS } from '../../src/tentacle/bash/configuration.ts';
import { INSTANCES } from '../../src/tentacle/bash/instances.ts';
import { TWINS } from '../../src/tentacle/bash/twins.ts';
import { parseTrustList } from '../../src/tentacle/trust-list.ts';
import { comparableAddress } from '../../src/tentacle/address.ts';
import { addTwins, dropTwinned, isPolled, withoutTwin, type Edited, type TwinRefusal } from '../../src/tentacle/twins.ts';
import { configurationFile, escaped } from './fakes/configuration.ts';
import { anyList } from './fakes/lists.ts';

const OLD = 'A'.repeat(40) as Thumbprint;
const NEW = 'B'.repeat(40) as Thumbprint;
const REASONS: Record<number, string> = { 2: 'list-broken', 3: 'duplicate-entries', 4: 'no-pollable-entry', 5: 'twin-missing', 6: 'twin-differs', 7: 'keep-missing' };
const folder = mkdtempSync(join(tmpdir(), 'rotation-twins-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bash = (script: string, input: string) => spawnSync('bash', ['-c', `export LC_ALL=C\n${TWINS}\n${INSTANCES}\n${CONFIGURATION}\n${script}`], { input, encoding: 'utf8', env: { PATH: process.env['PATH'] } });
/** Edits as the machine does them, many in one shell: values in, values or reasons out. */
function onMachine(cases: { add: boolean; value: string }[]): Edited[] {
  cases.forEach((one, n) => writeFileSync(join(folder, `in-${n}`), `${one.value}x`));
  const lines = cases.map((one, n) => `or_twins ${one.add ? `add ${NEW} ${OLD}` : `drop ${OLD} ${NEW}`} <in-${n} >out-${n}; echo $?`);
  const codes = bash(`cd '${folder}'\n${lines.join('\n')}`, '').stdout.trim().split('\n').map(Number);
  return cases.map((_one, n) => {
    const out = readFileSync(join(folder, `out-${n}`), 'utf8');
    if (codes[n] !== 0) return { refused: REASONS[codes[n]!] as TwinRefusal };
    expect(out.endsWith('x')).toBe(true);
    return { list: out.slice(0, -1) };
  });
}

const listOf = (edited: Edited): string => {
  if ('refused' in edited) throw new Error(edited.refused);
  return edited.list;
};

/** Lists that are edited at all: the one certificate that is polled has entries, none equal, none with NEW yet. */
const editable = anyList.filter((text) => {
  try {
    return !parseTrustList(text).some((one) => one.thumbprint.trim().toUpperCase() === NEW) && 'list' in addTwins(text, { beside: OLD, thumbprint: NEW });
  } catch {
    return false;
  }
});

const isOurs = (one: { thumbprint: string; address: string | null }) => one.thumbprint.replace(/^[ \u00a0]+|[ \u00a0]+$/g, '').toUpperCase() === OLD && !/^wss:/i.test(one.address ?? '');
/** Addresses at which the certificate `shown` by the server is expected, letter by letter. */
const satisfied = (text: string, shown: string) => new Set(parseTrustList(text).filter((one) => isPolled(one) && one.thumbprint === shown).map((one) => `${comparableAddress(one.address!)} ${one.subscriptionId}`));

describe('add then retire, for any list', () => {
  it('A2, A3, A25: leaves exactly the foreign entries plus NEW, in their order', () => {
    fc.assert(fc.property(editable, (before) => {
      const after = listOf(dropTwinned(listOf(addTwins(before, { beside: OLD, thumbprint: NEW })), { thumbprint: OLD, keep: NEW }));
      expect(parseTrustList(after)).toEqual(parseTrustList(before).map((one) => (isOurs(one) ? { ...one, thumbprint: NEW } : one)));
    }), { numRuns: 300 });
  });

  it('A3, A4, A16: at every moment between, each polled address keeps an entry that the certificate of the server satisfies', () => {
    fc.assert(fc.property(editable, (before) => {
      const both = listOf(addTwins(before, { beside: OLD, thumbprint: NEW }));
      const after = listOf(dropTwinned(both, { thumbprint: OLD, keep: NEW }));
      const polled = satisfied(before, OLD);
      // OLD is shown until the swap, NEW from then on, and by each node on its own; the twins stand on both sides of it.
      for (const [text, shown] of [[before, OLD], [both, OLD], [both, NEW], [after, NEW]] as const) {
        for (const place of polled) expect(satisfied(text, shown)).toContain(place);
      }
      expect(withoutTwin(parseTrustList(both), OLD, NEW)).toEqual([]);
    }), { numRuns: 300 });
  });

  it('rule 4: adding and taking NEW away again gives the very text that was there; adding twice changes nothing', () => {
    fc.assert(fc.property(editable, (before) => {
      const both = listOf(addTwins(before, { beside: OLD, thumbprint: NEW }));
      expect(addTwins(both, { beside: OLD, thumbprint: NEW })).toEqual({ list: both });
      const back = dropTwinned(both, { thumbprint: NEW, keep: OLD });
      // OLD in a form that no server satisfies keeps nothing polled, so nothing is taken away for its sake.
      if ('list' in back) expect(back.list).toBe(before);
      else expect(['keep-missing', 'twin-missing']).toContain(back.refused);
    }), { numRuns: 300 });
  });

  it('A39: whatever the text, it is edited whole or refused; nobody is left without an entry that was there', () => {
    fc.assert(fc.property(fc.oneof(anyList, fc.string(), fc.json()), fc.boolean(), (before, add) => {
      const edited = add ? addTwins(before, { beside: OLD, thumbprint: NEW }) : dropTwinned(before, { thumbprint: OLD, keep: NEW });
      if ('refused' in edited) return;
      const foreign = (text: string) => parseTrustList(text).filter((one) => !isOurs(one) && one.thumbprint.trim().toUpperCase() !== NEW);
      expect(foreign(edited.list)).toEqual(foreign(before));
      for (const place of satisfied(before, add ? OLD : NEW)) expect(satisfied(edited.list, add ? OLD : NEW)).toContain(place);
    }), { numRuns: 1000 });
  });
});

describe('the edit on the machine', () => {
  it('is the same as the one above, to the byte, for any list', () => {
    const cases = fc.sample(fc.record({ before: anyList, add: fc.boolean() }), 150);
    const edited = onMachine(cases.map(({ before, add }) => ({ add, value: escaped(before) })));
    cases.forEach(({ before, add }, n) => {
      const expected = add ? addTwins(before, { beside: OLD, thumbprint: NEW }) : dropTwinned(before, { thumbprint: OLD, keep: NEW });
      expect(edited[n], before).toEqual('list' in expected ? { list: escaped(expected.list) } : expected);
    });
    expect(new Set(edited.map((one) => ('refused' in one ? one.refused : 'list'))).size).toBeGreaterThan(3);
  });

  it('A25: keeps XML escapes in whatever form they stand, and the line ends', () => {
    const NAMED: Record<string, string> = { '"': '&quot;', '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;' };
    const how = fc.array(fc.constantFrom('named', 'number', 'plain'), { minLength: 40, maxLength: 40 });
    const cases = fc.sample(fc.tuple(editable, how), 60).map(([plain, forms]) => {
      let n = 0;
      const written = plain.replace(/["&<>']/g, (c) => {
        const form = forms[n++ % forms.length]!;
        return form === 'plain' && c !== '&' && c !== '<' ? c : form === 'number' ? `&#${c.charCodeAt(0)};` : NAMED[c]!;
      });
      return { plain, value: written.replaceAll('\n', '\r\n'), add: true };
    });
    const edited = onMachine(cases).map(listOf);
    const read = (text: string) => text.replaceAll('\r\n', '\n').replace(/&(?:#(\d+)|\w+);/g, (all, code?: string) => (code ? String.fromCharCode(Number(code)) : Object.keys(NAMED).find((c) => NAMED[c] === all)!));
    cases.forEach(({ plain, value }, n) => {
      expect(read(edited[n]!)).toBe(listOf(addTwins(plain, { beside: OLD, thumbprint: NEW })));
      // What was written is all of what was there, with something between: no form was exchanged for another.
      let at = 0;
      for (const c of value) {
        at = edited[n]!.indexOf(c, at) + 1;
        expect(at).toBeGreaterThan(0);
      }
    });
  });

  it('A40: takes the value out of a file and exchanges it for another, and every other byte stays', () => {
    const junk = fc.constantFrom('', '<!-- a > b -->', '<set key="Other">x &amp; y</set>', "<set key='Empty'/>", '<set other="1"  key = "a>b" >\r\n</set >', '<?pi <set> ?>', '<deep><set key="Tentacle.Communication.TrustedOctopusServers">no</set></deep>');
    const cases = fc.sample(fc.record({ one: anyList, two: anyList, around: fc.record({ before: junk, after: junk, end: fc.constantFrom('\n' as const, '\r\n' as const), bom: fc.boolean() }) }), 40);
    cases.forEach(({ one, two, around }, n) => {
      const put = (name: string, text: string) => writeFileSync(join(folder, `${name}-${n}`), text);
      put('file', configurationFile(escaped(one), around));
      put('later', configurationFile(escaped(`${one} `), around));
      put('from', `${escaped(one)}x`);
      put('to', `${escaped(two)}x`);
    });
    const lines = cases.map((_one, n) => `or_value_in file-${n} ${KEYS.list} >value-${n}; or_value_in file-${n} ${KEYS.list} from-${n} to-${n} >whole-${n}; echo $?; or_value_in later-${n} ${KEYS.list} from-${n} to-${n} >none-${n}; echo $?`);
    const codes = bash(`cd '${folder}'\n${lines.join('\n')}`, '').stdout.trim().split('\n');
    expect(codes).toEqual(cases.flatMap(() => ['0', '16']));
    cases.forEach(({ one, two, around }, n) => {
      const got = (name: string) => readFileSync(join(folder, `${name}-${n}`), 'utf8');
      expect(got('value')).toBe(`${escaped(one)}x`);
      expect(got('whole')).toBe(configurationFile(escaped(two), around));
      expect(got('none')).toBe('');
    });
  });

  it.each<[string, number, (text: string) => string | Buffer]>([
    ['a DOCTYPE', 12, (text) => text.replace('<octopus', '<!DOCTYPE octopus-settings>\n<octopus')],
    ['the key twice', 13, (text) => text.replace('</octopus', '<set key="tentacle.communication.trustedoctopusSERVERS"/></octopus')],
    ['UTF-16', 14, (text) => Buffer.from(text, 'utf16le')],
    ['UTF-16 by its mark alone', 14, (text) => Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text.slice(1))])],
    ['another encoding', 14, (text) => text.replace('utf-8', 'windows-1252')],
    ['a comment inside the value', 11, (text) => text.replace('[]', '[<!-- -->]')],
    ['CDATA as the value', 11, (text) => text.replace('[]', '<![CDATA[[]]]>')],
    ['another root', 11, (text) => text.replaceAll('octopus-settings', 'settings')],
    ['two roots', 11, (text) => `${text}<octopus-settings/>`],
    ['elements crossed', 11, (text) => text.replace('</set>', '</sat>')],
    ['an end that is missing', 11, (text) => text.slice(0, -5)],
    ['an attribute left open', 11, (text) => text.replace('key="Octopus.Home"', 'key="Octopus.Home')],
    ['text outside', 11, (text) => `${text}x`],
    ['nothing', 11, () => ''],
  ])('A40: does not understand a file with %s, and says so', (_name, code, change) => {
    const path = join(folder, 'odd.config');
    writeFileSync(path, change(configurationFile('[]')));
    expect(bash(`or_value_in '${path}' ${KEYS.list}`, '')).toMatchObject({ status: code, stdout: '' });
  });

  it('takes an absent or empty value for an empty list', () => {
    const path = join(folder, 'empty.config');
    for (const text of [configurationFile('[]').replace('>[]</set>', ' />'), configurationFile(''), configurationFile('[]').replace('Tentacle.Communication', 'Other')]) {
      writeFileSync(path, text);
      expect(execFileSync('bash', ['-c', `${TWINS}\n${CONFIGURATION}\nor_value_in '${path}' ${KEYS.list} | or_twins list`], { encoding: 'utf8' })).toBe('');
      expect(bash(`or_value_in '${path}' ${KEYS.list} | or_twins add ${NEW} ${OLD}`, '').status).toBe(4);
    }
  });

  it('finds the file of its instance, whatever its case, and none where there are two or none', () => {
    const path = (instances: unknown) => bash('OR_NAME="my tentacle" or_instance_path', `2026-11-24 | INFO | { noise\n${JSON.stringify(instances, null, 2)}`);
    const one = (name: string, file: string | null) => ({ InstanceName: name, ConfigurationFilePath: file });
    expect(path([one('Other', '/a'), one('My Tentacle', '/b "c"/\\d/\u00fc')]).stdout).toBe('/b "c"/\\d/\u00fc\n');
    expect(path([one('My Tentacle', '/a'), one('MY TENTACLE', '/b')]).status).toBe(1);
    expect(path([one('My Tentacle', null), one('Other', '/a')]).status).toBe(1);
    expect(path([one('My Tentacle', '/a\nb')]).status).toBe(1);
    expect(path([]).status).toBe(1);
  });
});
