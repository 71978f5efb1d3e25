import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { KEYS } from '../../src/tentacle/bash/configuration.ts';
import { CONFIGURATION } from '../../src/tentacle/powershell/configuration.ts';
import { PRELUDE } from '../../src/tentacle/powershell/machine.ts';
import { LIST } from '../../src/tentacle/powershell/list.ts';
import { TWINS } from '../../src/tentacle/powershell/twins.ts';
import { SERVICE } from '../../src/tentacle/powershell/service.ts';
import { trustScript } from '../../src/tentacle/trust-script.ts';
import { addTwins, dropTwinned, type Edited } from '../../src/tentacle/twins.ts';
import { configurationFile, escaped } from './fakes/configuration.ts';
import { pwsh, ROTATION } from './fakes/machine.ts';
import { anyList } from './fakes/lists.ts';

const OLD = 'A'.repeat(40) as Thumbprint;
const NEW = 'B'.repeat(40) as Thumbprint;

describe('the PowerShell text', () => {
  const script = (route: 'listening' | 'polling') => trustScript({ rotationId: ROTATION, fence: 1, operation: 'add', thumbprint: NEW, beside: OLD, restart: 'detached', restartDelaySeconds: 1, restartWatchSeconds: 1, idleLimitSeconds: 1, route, shell: 'PowerShell' });

  it.each(['listening', 'polling'] as const)('A19: %s: has nothing that Octopus would expand, nothing outside ASCII, and nothing that Windows PowerShell 5.1 lacks', (route) => {
    const text = script(route);
    expect(text).not.toMatch(/#\{|##octopus|[^\x00-\x7f]|\r/);
    expect(text).not.toMatch(/&&|\|\||\?\?|\?\.[A-Za-z]|-Parallel|-AsHashtable|utf8NoBOM|\$IsWindows|ToHexString|2>&1/);
    // The body stands in a here-string: only its own end may begin a line with one.
    expect(text.match(/^'@/gm)).toHaveLength(2);
    expect(() => trustScript({ rotationId: '$(id)', fence: 1, operation: 'observe', thumbprint: NEW, restart: 'none', restartDelaySeconds: 1, restartWatchSeconds: 1, idleLimitSeconds: 1, shell: 'PowerShell' })).toThrow(/may not enter a script/);
  });
});

if (pwsh === undefined) it.skip('skipped: no pwsh; the edit in PowerShell was not run', () => undefined);

describe.skipIf(pwsh === undefined)('the edit under a real PowerShell', { timeout: 120_000 }, () => {
  it('makes the same edit as the other two, to the byte, for any list, and finds it in the same files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rotation-powershell-'));
    try {
      const cases = fc.sample(fc.record({ before: anyList, add: fc.boolean() }), 150);
      cases.forEach(({ before }, n) => writeFileSync(join(folder, `in-${n}`), escaped(before)));
      const files: [string, string | Buffer][] = [
        ['configuration-doctype', configurationFile('[]').replace('<octopus', '<!DOCTYPE octopus-settings>\n<octopus')],
        ['duplicate-key', configurationFile('[]', { after: '<set key="tentacle.communication.trustedoctopusSERVERS"/>' })],
        ['configuration-encoding', Buffer.from(configurationFile('[]'), 'utf16le')],
        ['configuration-encoding', configurationFile('[]').replace('utf-8', 'windows-1252')],
        ['configuration-malformed', configurationFile('[<!-- -->]')],
        ['configuration-malformed', configurationFile('<![CDATA[[]]]>')],
        ['configuration-malformed', configurationFile('[]').slice(0, -5)],
        ['configuration-malformed', `${configurationFile('[]')}x`],
        ['configuration-malformed', ''],
        ['=[1]', configurationFile('[1]', { before: '<!-- <set key="Tentacle.Communication.TrustedOctopusServers">[]</set> --><deep><set key="Tentacle.Communication.TrustedOctopusServers">no</set></deep>', bom: false })],
        ['=', configurationFile('')],
      ];
      files.forEach(([, text], n) => writeFileSync(join(folder, `file-${n}`), text));
      const lines = [PRELUDE, LIST, SERVICE, CONFIGURATION, TWINS, `$folder = '${folder}'; $all = @()`,
        ...cases.map(({ add }, n) => `try { $text = '=' + (${add ? `Or-AddTwins` : 'Or-DropTwinned'} ([IO.File]::ReadAllText("$folder/in-${n}")) ${add ? `'${NEW}' '${OLD}'` : `'${OLD}' '${NEW}'`}) } catch { $text = Or-ReasonOf $_ }\n[IO.File]::WriteAllText("$folder/out-${n}", $text)`),
        ...files.map((_file, n) => `try { $text = '=' + (Or-ValueIn (Or-ReadConfiguration ([IO.File]::ReadAllBytes("$folder/file-${n}")) '${KEYS.list}')) } catch { $text = Or-ReasonOf $_ }\n[IO.File]::WriteAllText("$folder/value-${n}", $text)`)];
      writeFileSync(join(folder, 'run.ps1'), lines.join('\n'));
      expect(spawnSync(pwsh!, ['-NoProfile', '-NonInteractive', '-File', join(folder, 'run.ps1')], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      const got = (name: string) => readFileSync(join(folder, name), 'utf8');
      const words = (edited: Edited) => ('refused' in edited ? edited.refused : `=${escaped(edited.list)}`);
      cases.forEach(({ before, add }, n) => expect(got(`out-${n}`), before).toBe(words(add ? addTwins(before, { beside: OLD, thumbprint: NEW }) : dropTwinned(before, { thumbprint: OLD, keep: NEW }))));
      files.forEach(([expected, text], n) => expect(got(`value-${n}`), String(text)).toBe(expected));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
