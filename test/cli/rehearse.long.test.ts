import { Ajv } from 'ajv';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import schema from '../../schemas/rehearsal-event.schema.json' with { type: 'json' };

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const program = join(root, 'dist', 'octopus-rotation.js');
const estate = join(root, 'test', 'estates', 'smallest.json');
const fits = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);

let current: string;
beforeEach(async () => {
  current = await mkdtemp(join(tmpdir(), 'rehearse-'));
});
afterEach(() => rm(current, { recursive: true, force: true }));

interface Outcome { code: number | null; out: string; error: string }

/** Runs the built program in `current`; `watch` sees each line and may send a signal. */
function rehearse(args: string[], watch: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined): Promise<Outcome> {
  const child = spawn(process.execPath, [program, 'rehearse', ...args], { cwd: current, env: { ...process.env, TMPDIR: current } });
  let out = '';
  let error = '';
  child.stdout.on('data', (piece: Buffer) => {
    out += piece.toString();
    watch(out, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (piece: Buffer) => void (error += piece.toString()));
  return new Promise((done) => child.on('close', (code) => done({ code, out, error })));
}

/** Processes that still work in or for this test's folder. */
function left(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(current) || readFileSync(`/proc/${name}/environ`, 'utf8').includes(`${current}/octopus-`);
    } catch {
      return false;
    }
  });
}

describe('rehearse, as a process', () => {
  it('rotates twice in one home, tells events that fit the schema, and leaves no process', async () => {
    for (let round = 1; round <= 2; round += 1) {
      const { code, out, error } = await rehearse(['--estate', estate, '--home', join(current, 'home'), '--json']);
      expect(error, `round ${round}`).toBe('');
      expect(code).toBe(0);
      const events = out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const event of events) expect(fits(event), `${JSON.stringify(event)} ${JSON.stringify(fits.errors)}`).toBe(true);
      const summary = events.at(-1)!;
      expect(summary).toMatchObject({ event: 'summary', outcome: 'completed', proved: 2, leftBehind: [] });
      expect(summary['newThumbprint']).not.toBe(summary['oldThumbprint']);
      expect(existsSync(join(current, summary['report'] as string))).toBe(true);
      expect(left()).toEqual([]);
    }
  });

  it('without a home keeps the report and nothing else', async () => {
    const { code, out } = await rehearse(['--estate', estate]);
    expect(code).toBe(0);
    const report = /^Report: (.+)$/m.exec(out)![1]!;
    expect(report).toMatch(/^\.rehearsal\//);
    expect(readFileSync(join(current, report), 'utf8')).toContain('Completed: the server certificate was replaced');
    expect(readdirSync(current)).toEqual(['.rehearsal']);
  });

  it.each([['SIGINT', 'sandbox-ready'], ['SIGTERM', '"event":"handed-over"']] as const)('stopped with %s after %s leaves no process and no folder', async (signal, after) => {
    let sent = false;
    const { code, error } = await rehearse(['--estate', estate, '--json'], (out, kill) => {
      if (sent || !out.includes(after)) return;
      sent = true;
      kill(signal);
    });
    expect(sent).toBe(true);
    expect(code).toBe(130);
    expect(error).toContain('CLI_INTERRUPTED');
    expect(left()).toEqual([]);
    expect(readdirSync(current).filter((name) => name.startsWith('octopus-'))).toEqual([]);
  });
});
