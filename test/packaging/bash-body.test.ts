import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { bashBody } from '../../src/packaging/bash-body.ts';

/** Prints what the phase would have got: its decoded stdin, its arguments, and whether a secret is in its environment. */
const PHASE = `
const text = require('node:fs').readFileSync(0, 'utf8');
console.log(JSON.stringify({ decoded: JSON.parse(Buffer.from(text, 'base64').toString('utf8')), argv: process.argv.slice(2), environment: JSON.stringify(process.env) }));
process.exitCode = Number(process.env.PHASE_EXIT ?? 0);
`;
const HASH = createHash('sha256').update(PHASE).digest('hex');
const home = mkdtempSync(join(tmpdir(), 'bash-body-'));
const folder = join(home, 'package with blank');
mkdirSync(folder);
writeFileSync(join(folder, 'plan-server-certificate.js'), PHASE);
afterAll(() => rmSync(home, { recursive: true }));

/** Calamari's function: a set value exactly, an unset one as a line end (Bootstrap.sh). */
function helpers(values: Record<string, string>): string {
  const cases = Object.entries(values).map(([name, value]) => `    ${Buffer.from(name).toString('base64')}) echo -n "${Buffer.from(value).toString('base64')}" | openssl enc -base64 -A -d ;;`);
  return `get_octopusvariable() {
  case "$(echo -n "$1" | openssl enc -base64 -A)" in
${cases.join('\n')}
    *) echo "" ;;
  esac
}
`;
}

const EXTRACTED = { 'Octopus.Action.Package[octopus-rotation].ExtractedPath': folder };

function run(values: Record<string, string>, options: { inputs?: string[]; sha256?: string; env?: Record<string, string>; path?: string; extracted?: Record<string, string> } = {}) {
  const inputs = options.inputs ?? Object.keys(values);
  const body = bashBody({ phase: 'plan-server-certificate', inputs, sha256: { 'plan-server-certificate.js': options.sha256 ?? HASH } });
  const given = { ...(options.extracted ?? EXTRACTED), ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`OctopusRotation.${name}`, value])) };
  const script = join(home, `${Math.random().toString(36).slice(2)}.sh`);
  writeFileSync(script, helpers(given) + body);
  const result = spawnSync('/usr/bin/bash', [script], { encoding: 'utf8', env: { PATH: options.path ?? process.env['PATH'] ?? '', ...options.env } });
  const seen = result.stdout.startsWith('{') ? (JSON.parse(result.stdout) as { decoded: { phase: string; inputs: Record<string, string> }; argv: string[]; environment: string }) : null;
  return { code: result.status, stdout: result.stdout, stderr: result.stderr, seen };
}

/** A PATH with the named programs only. */
function pathWith(...programs: string[]): string {
  const bin = mkdtempSync(join(home, 'bin-'));
  for (const program of programs) {
    const found = (process.env['PATH'] ?? '').split(delimiter).map((each) => join(each, program)).find((each) => spawnSync('/usr/bin/test', ['-x', each]).status === 0);
    symlinkSync(found!, join(bin, program));
  }
  return bin;
}

describe('the Bash body of a step', () => {
  it('hands hostile values to the phase unchanged', () => {
    const values = { Quotes: `a "b" 'c' \`d\` \\`, Substitution: '$(touch /tmp/never) ${x} $HOME', Lines: 'one\ntwo\n\n', Returns: 'a\r\nb\r\n', Text: 'Z\u00fcrich \u2713 \u{1F419}', Blank: '  x  ', Option: '-n', Glob: '*' };
    const { code, seen, stderr } = run(values);
    expect([code, stderr]).toEqual([0, '']);
    expect(seen?.decoded).toEqual({ phase: 'plan-server-certificate', inputs: values });
  });

  it('leaves out what is empty or not set, also when it is the last one', () => {
    expect(run({ Empty: '', Set: 'x' }, { inputs: ['Empty', 'Set', 'Unset'] }).seen?.decoded.inputs).toEqual({ Set: 'x' });
    expect(run({}, { inputs: ['Unset'] }).seen?.decoded.inputs).toEqual({});
  });

  it('hands over any text without NUL', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => !text.includes('\0')), (text) => {
      const expected = text === '' || text === '\n' ? {} : { Value: text };
      expect(run({ Value: text }).seen?.decoded.inputs).toEqual(expected);
    }), { numRuns: 15 });
  });

  it('hands over a megabyte', () => {
    const long = 'x'.repeat(1_000_000);
    expect(run({ Value: long }).seen?.decoded.inputs).toEqual({ Value: long });
  });

  it('puts no value into an argument or an environment', () => {
    const { seen } = run({ Secret: 'canary-5d1f' });
    expect(seen?.argv).toEqual([]);
    expect(seen?.environment).not.toContain('canary-5d1f');
    expect(seen?.environment).not.toContain(Buffer.from('canary-5d1f').toString('base64').slice(0, 10));
  });

  it('passes on the exit code of the phase', () => {
    expect(run({ Value: 'x' }, { env: { PHASE_EXIT: '7' } }).code).toBe(7);
    expect(run({ Value: 'x' }, { env: { PHASE_EXIT: '255' } }).code).toBe(255);
  });

  it('D18: says in one plain sentence that openssl is missing', () => {
    const { code, stdout } = run({ Value: 'x' }, { path: pathWith('node') });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^openssl is needed on this machine.*Nothing was changed\.\n$/);
  });

  it('says in one plain sentence that node is missing', () => {
    const { code, stdout } = run({ Value: 'x' }, { path: pathWith('openssl') });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Node\.js 18 or later is needed.*No node was found\. Nothing was changed\.\n$/);
  });

  it('refuses a node that is too old, with its version', () => {
    const bin = pathWith('openssl');
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho v16.20.2\n', { mode: 0o755 });
    const { code, stdout } = run({ Value: 'x' }, { path: `${bin}${delimiter}/bin` });
    expect([code, stdout]).toEqual([1, expect.stringContaining('Found: 16.20.2. Nothing was changed.')]);
  });

  it('refuses when the package was not extracted', () => {
    expect(run({ Value: 'x' }, { extracted: {} })).toMatchObject({ code: 1, stdout: expect.stringContaining('was not extracted') });
  });

  it('refuses to run a bundle that is not the pinned one', () => {
    const { code, stdout } = run({ Value: 'x' }, { sha256: '0'.repeat(64) });
    expect(code).toBe(1);
    expect(stdout).toContain('plan-server-certificate.js in the package octopus-rotation is not the one');
  });

  it('ends with an error when a value cannot be read, instead of going on without it', () => {
    const body = bashBody({ phase: 'plan-server-certificate', inputs: ['Value'], sha256: { 'plan-server-certificate.js': HASH } });
    const script = join(home, 'failing.sh');
    writeFileSync(script, `get_octopusvariable() { case "$1" in Octopus.*) echo -n "${folder}" ;; *) return 3 ;; esac; }\n${body}`);
    const { status, stdout } = spawnSync('bash', [script], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, 'The values of this step could not be read. Nothing was changed.\n']);
  });

  it('holds nothing that Octopus would substitute, and takes tokens only', () => {
    const body = bashBody({ phase: 'check-health', inputs: ['After'], sha256: { 'check-health.js': HASH } });
    expect(body).not.toContain('#{');
    expect(() => bashBody({ phase: 'x; rm -rf /', inputs: [], sha256: {} })).toThrow(TypeError);
    expect(() => bashBody({ phase: 'x', inputs: ['A B'], sha256: {} })).toThrow(TypeError);
    expect(() => bashBody({ phase: 'x', inputs: [], sha256: { 'x.js': 'no hash' } })).toThrow(TypeError);
  });
});
