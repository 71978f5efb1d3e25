/** Our Calamari against what the real one did (fixtures/README.md). */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCalamari } from '../sandbox/calamari/run.ts';

type ValueRecord = { kind: 'value'; shell: string; name: string; given: string | null; arrives: string | null };
type HelperRecord = { kind: 'helper'; shell: string; name: string; body: string; exit: number; stdout: string[]; stderr: string[] };

const records = readFileSync(join(import.meta.dirname, 'fixtures/calamari-bodies.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as ValueRecord | HelperRecord);
const ofShell = (shell: string): (ValueRecord | HelperRecord)[] => records.filter((record) => record.shell === shell);
const values = ofShell('Bash').filter((record): record is ValueRecord => record.kind === 'value');
const helpers = ofShell('Bash').filter((record): record is HelperRecord => record.kind === 'helper');
const mask = /^##octopus\[mask value='[A-Za-z0-9+/]+=*'\]$/;

describe('Bash under Calamari', () => {
  it('all records are there', () => {
    expect([values.length, helpers.length, ofShell('PowerShell').length]).toEqual([24, 12, 36]);
  });

  const arrived = new Map<string, string>();
  it('hands every value to one script', () => {
    const variables = Object.fromEntries(values.flatMap(({ name, given }) => (given === null ? [] : [[name, given]])));
    const body = values.map(({ name }) => `v=$(get_octopusvariable "${name}"; printf x); v=\${v%x}; printf '%s ' "${name}"; printf %s "$v" | base64 -w0; echo`).join('\n');
    for (const line of runCalamari(body, { variables }).afterPreamble) {
      const [name = '', encoded = ''] = line.split(' ');
      arrived.set(name, Buffer.from(encoded, 'base64').toString('utf8'));
    }
    expect(arrived.size).toBeGreaterThan(values.length);
  });

  it.each(values)('value $name arrives as recorded', ({ name, arrives }) => {
    expect(arrived.get(name)).toBe(arrives);
  });

  it.each(helpers)('helper: $name', ({ body, exit, stdout, stderr }) => {
    let path = '';
    const result = runCalamari(body, { inspect: (directory) => { path = join(directory, 'a.txt'); } });
    const expected = stdout.map((line) => line
      .replace('{base64 of the absolute path of a.txt}', Buffer.from(path).toString('base64'))
      .replace('Artifact a.txt will be collected from {path}', `Artifact a.txt will be collected from ${path}`));
    expect(result.afterPreamble).toEqual(expected);
    expect(result.stderr.map((line) => (mask.test(line) ? "##octopus[mask value='{random}']" : line))).toEqual(stderr);
    expect(result.exit).toBe(exit);
  });
});

const hasPwsh = spawnSync('pwsh', ['--version']).status === 0;
describe('PowerShell under Calamari', () => {
  it('is refused by name, as long as only Bash is built', () => {
    expect(runCalamari('Write-Host hello', { variables: { 'Octopus.Action.Script.Syntax': 'PowerShell' } })).toMatchObject({ exit: 1, stderr: ['This embedded Octopus runs Bash scripts only, not "PowerShell".'] });
  });

  for (const record of ofShell('PowerShell')) it.skip(`${record.kind} ${record.name} (skipped: ${hasPwsh ? 'the embedded Calamari runs Bash only' : 'no pwsh'})`, () => undefined);
});
