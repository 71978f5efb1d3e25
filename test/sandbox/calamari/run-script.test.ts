import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../../src/sandbox/calamari/line-splitter.ts';
import { decryptVariables, encryptVariables } from '../../../src/sandbox/calamari/variables-file.ts';
import { runCalamari } from './run.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const exitCodeMessage = (code: number): string => `##octopus[setVariable name="${b64('Octopus.Action.Script.ExitCode')}" value="${b64(String(code))}"]`;

describe('Calamari', () => {
  it('starts in under 300 ms, Node and the encryption of its variables included', () => {
    const times = [1, 2, 3].map(() => {
      const started = performance.now();
      runCalamari('', { variables: { 'Octopus.Action.Script.Syntax': 'Fortran' } });
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(300);
  });

  it('writes the preamble: a mask of the key on both streams, then the environment as a verbose block', () => {
    const { stdout, stderr } = runCalamari('echo hello');
    expect(stdout[0]).toMatch(/^##octopus\[mask value='[^']+'\]$/);
    expect(stderr).toEqual([stdout[0]]);
    expect(stdout.slice(1, 3)).toEqual(['##octopus[stdout-verbose]', 'Bash Environment Information:']);
    expect(stdout.slice(-3)).toEqual(['##octopus[stdout-default]', 'hello', exitCodeMessage(0)]);
  });

  it('expands #{...} in the body itself, comments included', () => {
    expect(runCalamari('# #{Name}\nsed -n 1p Script.sh; echo "#{Name} ##{Name} #{Nope}"', { variables: { Name: 'x' } }).afterPreamble.slice(0, 2)).toEqual(['# x', 'x #{Name} #{Nope}']);
  });

  it('refuses a body with a #{ that is no expression', () => {
    expect(runCalamari('echo "#{ half"')).toMatchObject({ exit: 1, stdout: [], stderr: [expect.stringContaining('no Octostache expression')] });
  });

  it('a value that names itself ends it before the script starts', () => {
    const result = runCalamari('echo started', { variables: { Loop: '#{Loop}' } });
    expect(result.exit).toBe(1);
    expect(result.stdout).toEqual([]);
    expect(result.stderr[0]).toMatch(/self referencing loop/);
  });

  it('an Octostache construct it does not know ends it by name', () => {
    expect(runCalamari('echo started', { variables: { Odd: '#{Other | ToUpper}', Other: 'x' } })).toMatchObject({ exit: 1, stdout: [], stderr: [expect.stringMatching(/Octostache construct #\{Other \|/)] });
  });

  it('stages packages: extracted to the folder of their name, or copied, and says where', () => {
    const zip = zipSync({ 'phase.js': new TextEncoder().encode('console.log("ran")'), 'sub/dir/x.txt': new Uint8Array([1]) });
    const name = (property: string, reference: string): string => `Octopus.Action.Package[${reference}].${property}`;
    const variables = {
      [name('OriginalPath', 'Rotate.Pack/age')]: 'p1.zip', [name('Extract', 'Rotate.Pack/age')]: 'True', [name('PackageVersion', 'Rotate.Pack/age')]: '1.2.3',
      [name('OriginalPath', 'Plain')]: 'p1.zip', 'Octopus.Action.Name': 'Step', 'Octopus.Machine.Name': 'm',
    };
    const body = `node "$(get_octopusvariable 'Octopus.Action.Package[Rotate.Pack/age].ExtractedPath')/phase.js"\nls "$PWD/Rotate.Package/sub/dir" Plain.zip\nget_octopusvariable "Octopus.Action[Step].Output[m].Octopus.Action.Package[Plain].PackageFileName"; echo`;
    const result = runCalamari(body, { variables, files: { 'p1.zip': zip }, inspect: (directory) => expect(existsSync(join(directory, 'Rotate.Package/sub/dir/x.txt'))).toBe(true) });
    expect(result.afterPreamble.filter((line) => line.trim() !== '')).toEqual(['ran', 'Plain.zip', expect.stringMatching(/Rotate\.Package\/sub\/dir:$/), 'x.txt', 'Plain.zip', exitCodeMessage(0)]);
    expect(result.stdout.some((line) => line.startsWith(`##octopus[setVariable name="${b64(name('ExtractedPath', 'Rotate.Pack/age'))}" value="`))).toBe(true);
  });

  it('refuses a package entry that leads outside its folder', () => {
    const zip = zipSync({ '../../evil': new Uint8Array([1]) });
    const variables = { 'Octopus.Action.Package[P].OriginalPath': 'p.zip', 'Octopus.Action.Package[P].Extract': 'True' };
    expect(runCalamari('true', { variables, files: { 'p.zip': zip } })).toMatchObject({ exit: 1, stderr: [expect.stringContaining('outside its folder')] });
  });

  it('leaves neither helpers nor key behind', () => {
    runCalamari('true', { variables: { Secret: 's3cret-value' }, inspect: (directory) => expect(readdirSync(directory).sort()).toEqual(['Script.sh', 'Variables.secret']) });
  });

  it('waits for a child in the background that holds its streams, and not for one that closed them', () => {
    expect(runCalamari('sleep 0.7 &').milliseconds).toBeGreaterThan(700);
    expect(runCalamari('setsid nohup sleep 3 </dev/null >/dev/null 2>&1 &').milliseconds).toBeLessThan(2000);
  });

  it('a missing artifact exits 127; a path with a blank has an empty length', () => {
    expect(runCalamari('new_octopusartifact missing.txt').exit).toBe(127);
    expect(runCalamari('printf hi > "a b"; new_octopusartifact "a b"').afterPreamble.at(-2)).toMatch(/name='YSBi' length=''\]$/);
  });

  it('levels echo unquoted and a value -n is lost', () => {
    const result = runCalamari('mkdir g; cd g; touch x y; write_highlight "a   *"; set_octopusvariable N -n');
    expect(result.afterPreamble[1]).toBe('a x y');
    expect(result.afterPreamble).toContain("##octopus[setVariable name='Tg==' value='']");
  });

  it('without openssl every variable reads as unset and fail_step sends an empty message', () => {
    const bin = mkdtempSync(join(tmpdir(), 'bin-'));
    try {
      for (const tool of ['bash', 'uname', 'whoami', 'hostname', 'getconf', 'env']) {
        writeFileSync(join(bin, tool), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`);
        chmodSync(join(bin, tool), 0o755);
      }
      rmSync(join(bin, 'bash'));
      symlinkSync('/bin/bash', join(bin, 'bash'));
      const result = runCalamari('v=$(get_octopusvariable Name); echo "[$v]"; fail_step sorry', { variables: { Name: 'x' }, env: { ...process.env, PATH: bin } });
      expect(result.afterPreamble.slice(0, 2)).toEqual(['[]', "##octopus[resultMessage message='']"]);
      expect(result.exit).toBe(1);
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  it('output to stderr fails the script only when it is asked to, and the mask line is no output', () => {
    const variables = { 'Octopus.Action.FailScriptOnErrorOutput': 'True' };
    expect(runCalamari('echo oops >&2').exit).toBe(0);
    expect(runCalamari('true', { variables }).exit).toBe(0);
    expect(runCalamari('echo oops >&2', { variables })).toMatchObject({ exit: 255, afterPreamble: [exitCodeMessage(-1)] });
  });

  it('one line of 1 MB and 300 kB of lines arrive whole, and CRLF in a body does no harm', () => {
    const result = runCalamari('head -c 1000000 /dev/zero | tr "\\0" x\r\necho\r\nseq 1 50000\r\n');
    expect(result.afterPreamble[0]).toHaveLength(1_000_000);
    expect(result.afterPreamble.slice(1, -1)).toEqual(Array.from({ length: 50_000 }, (_, at) => String(at + 1)));
  });

  it('a killed script reads 137', () => {
    expect(runCalamari('kill -9 $$').exit).toBe(137);
  });

  it('functions that are not embedded end the script by name', () => {
    expect(runCalamari('new_octopustarget -n x; echo on')).toMatchObject({ exit: 1, stderr: [expect.any(String), 'This embedded Octopus does not know the function new_octopustarget.'] });
  });
});

describe('its files', () => {
  it('the variables file round-trips and refuses a wrong password', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), (variables) => {
      expect(decryptVariables(encryptVariables(variables, 'p'), 'p')).toEqual({ ...variables });
    }), { numRuns: 20 });
    const file = encryptVariables({ a: 'b' }, 'p');
    expect(file.subarray(0, 4).toString()).toBe('IV__');
    expect(() => decryptVariables(file, 'q')).toThrow();
  });

  it('lines are the same however the bytes are chopped', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', 'ü', '🐙')).map((parts) => parts.join('')), fc.array(fc.nat(5)), (text, cuts) => {
      const bytes = Buffer.from(text);
      const splitter = new LineSplitter();
      const lines: string[] = [];
      let at = 0;
      for (const cut of cuts) {
        lines.push(...splitter.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      lines.push(...splitter.push(bytes.subarray(at)), ...splitter.end());
      const expected = text.split(/\r\n|\r|\n/);
      if (expected.at(-1) === '') expected.pop();
      expect(lines).toEqual(expected);
    }));
  });
});
