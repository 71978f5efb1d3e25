import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemProcesses as processes } from '../../../src/runners/ports/processes.ts';
import { temporaryFolder } from '../../journal/support.ts';

const node = (script: string, change: Partial<Parameters<typeof processes.run>[0]> = {}): ReturnType<typeof processes.run> => processes.run({ file: process.execPath, args: ['-e', script], timeoutMs: 20_000, ...change });

describe('Running a program', () => {
  it('gives exit code, both streams, input, folder and environment', async () => {
    const folder = await temporaryFolder();
    const result = await node('process.stdin.on("data", (d) => { console.log(String(d) + process.cwd() + process.env.ADDED + (process.env.PATH ? "+" : "-")); console.error("err"); process.exitCode = 7; })', { stdin: 'in ü ', folder, env: { ADDED: ' added' } });
    expect(result).toEqual({ exitCode: 7, stdout: `in ü ${folder} added+\n`, stderr: 'err\n', timedOut: false });
  });

  it('says when nothing was started', async () => {
    expect(await processes.run({ file: '/no/such/program', args: [], timeoutMs: 1000 })).toEqual({ exitCode: null, stdout: '', stderr: '', timedOut: false, notStarted: 'ENOENT' });
    const path = join(await temporaryFolder(), 'no-program');
    await writeFile(path, 'x', { mode: 0o600 });
    expect((await processes.run({ file: path, args: [], timeoutMs: 1000 })).notStarted).toBe('EACCES');
  });

  it('has no exit code for a program that a signal ended', async () => {
    expect(await node('process.kill(process.pid, "SIGKILL")')).toMatchObject({ exitCode: null, timedOut: false });
  });

  it('does not mind a program that reads no input', async () => {
    expect(await node('process.exit(0)', { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 });
  });

  it('kills the whole group on time-out, and keeps what was said until then', async () => {
    const begin = performance.now();
    const result = await processes.run({ file: '/bin/sh', args: ['-c', 'sleep 60 & echo $!; wait'], timeoutMs: 300 });
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(result).toMatchObject({ exitCode: null, timedOut: true });
    const grandchild = Number(result.stdout);
    expect(grandchild).toBeGreaterThan(1);
    await vi.waitFor(async () => expect(await readFile(`/proc/${grandchild}/stat`, 'utf8').then((text) => text.split(') ')[1]![0], () => 'gone')).toMatch(/gone|Z/));
  });

  it('does not wait for what a program left behind with its streams open', async () => {
    const begin = performance.now();
    const result = await processes.run({ file: '/bin/sh', args: ['-c', 'sleep 60 & echo $!'], timeoutMs: 30_000 });
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(result).toMatchObject({ exitCode: 0, timedOut: false });
    process.kill(Number(result.stdout), 'SIGKILL');
  });

  it('keeps head and tail of an endless output, and its memory', async () => {
    const result = await node('const line = "x".repeat(1023) + "\\n"; process.stdout.write("first\\n"); let n = 0; const more = () => { while (n++ < 12000) if (!process.stdout.write(line)) return process.stdout.once("drain", more); process.stdout.write("last\\n"); }; more();');
    expect(result.exitCode).toBe(0);
    expect(result.stdout.length).toBeLessThan(5_000_000);
    expect(result.stdout).toMatch(/^first\n/);
    expect(result.stdout).toMatch(/\n\.\.\. \d+ bytes left out \.\.\.\n/);
    expect(result.stdout).toMatch(/last\n$/);
  });

  it('finds programs on PATH, and nothing that cannot be run', async () => {
    expect(await processes.find('sh')).toMatch(/^\/.*\/sh$/);
    expect(await processes.find('no-such-program-here')).toBeNull();
    const path = join(await temporaryFolder(), 'tool');
    await writeFile(path, '#!/bin/sh\n', { mode: 0o600 });
    await chmod(path, 0o755);
    expect(await processes.find(path)).toBe(path);
    expect(await processes.find(join(path, '..'))).toBeNull();
  });
});

describe('Whether a process lives', () => {
  it('knows itself', async () => {
    expect(processes.self).toMatchObject({ pid: process.pid, started: expect.stringMatching(/^\d+$/), boot: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await processes.alive(processes.self)).toBe('alive');
  });

  it('takes another start time or another boot under the same number for dead', async () => {
    expect(await processes.alive({ ...processes.self, started: '1' })).toBe('dead');
    expect(await processes.alive({ ...processes.self, boot: '00000000-0000-4000-8000-000000000000' })).toBe('dead');
  });

  it('sees that a process has ended, also before anybody waited for it', async () => {
    const child = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const identity = async (pid: number): Promise<typeof processes.self> => ({ ...processes.self, pid, started: (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[19]! });
    // `sleep 60` never waits for the process that the shell had started: it stays a zombie.
    const zombie = await identity(Number(String(said)));
    const parent = await identity(child.pid!);
    await vi.waitFor(async () => expect(await processes.alive(zombie)).toBe('dead'));
    expect(await readFile(`/proc/${zombie.pid}/stat`, 'utf8')).toContain(') Z ');
    expect(await processes.alive(parent)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await processes.alive(parent)).toBe('dead');
  });

  it('calls nobody alive or dead without a boot id', async () => {
    expect(await processes.alive({ pid: process.pid, started: '', boot: '' })).toBe('unknown');
  });
});
