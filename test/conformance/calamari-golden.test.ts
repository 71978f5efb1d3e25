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

const pwsh = process.env.SANDBOX_PWSH || 'pwsh';
const hasPwsh = spawnSync(pwsh, ['-NoProfile', '-Command', 'exit 0']).status === 0;
const powerShell = { 'Octopus.Action.Script.Syntax': 'PowerShell', 'Octopus.Action.PowerShell.ExecuteWithoutProfile': 'True' };

describe.skipIf(!hasPwsh)(`PowerShell under Calamari${hasPwsh ? '' : ' (skipped: no pwsh; SANDBOX_PWSH names one)'}`, () => {
  const powerShellValues = ofShell('PowerShell').filter((record): record is ValueRecord => record.kind === 'value');
  const powerShellHelpers = ofShell('PowerShell').filter((record): record is HelperRecord => record.kind === 'helper');
  const arrived = new Map<string, string | null>();

  it('hands every value to one script', () => {
    const variables = Object.fromEntries(powerShellValues.flatMap(({ name, given }) => (given === null ? [] : [[name, given]])));
    const body = powerShellValues.map(({ name }) => `$v = $OctopusParameters['${name}']; if ($null -eq $v) { Write-Host '${name} null' } else { Write-Host ('${name} =' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($v))) }`).join('\n');
    for (const line of runCalamari(body, { variables: { ...powerShell, ...variables } }).afterPreamble) {
      const [name = '', encoded = ''] = line.split(' ');
      arrived.set(name, encoded === 'null' ? null : Buffer.from(encoded.slice(1), 'base64').toString('utf8'));
    }
    expect(arrived.size).toBeGreaterThanOrEqual(powerShellValues.length);
  });

  it.each(powerShellValues)('value $name arrives as recorded', ({ name, arrives }) => {
    expect(arrived.get(name)).toBe(arrives);
  });

  it.each(powerShellHelpers)('helper: $name', ({ body, exit, stdout, stderr }) => {
    let path = '';
    const result = runCalamari(body, { variables: powerShell, inspect: (directory) => { path = join(directory, 'a.txt'); } });
    const expected = stdout.map((line) => line
      .replace('{base64 of the absolute path of a.txt}', Buffer.from(path).toString('base64'))
      .replace('Artifact a.txt will be collected from {path}', `Artifact a.txt will be collected from ${path}`));
    expect(result.afterPreamble).toEqual(expected);
    // The records are without the place and the stack of an error.
    expect(result.stderr.slice(0, Math.max(stderr.length, stderr.length === 0 ? result.stderr.length : 0))).toEqual(stderr);
    expect(result.exit).toBe(exit);
  });
});

describe.skipIf(hasPwsh)('PowerShell without a pwsh', () => {
  it('is refused in one sentence that names what is missing', () => {
    expect(runCalamari('Write-Host hello', { variables: powerShell })).toMatchObject({ exit: 1, stderr: [expect.stringContaining(`please ensure that ${pwsh} is installed`)] });
  });
});
