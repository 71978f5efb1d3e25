import { RUNBOOKS } from '../../src/install/runbooks/index.ts';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'install-'));
let sandbox: ChildProcess;
let facts: { url: string; apiKey: string };

beforeAll(async () => {
  sandbox = spawn(process.execPath, ['dist/sandbox/start.js', '--estate', 'test/estates/smallest.json', '--home', home, '--json'], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: sandbox.stdout! })) {
    facts = JSON.parse(line) as typeof facts;
    break;
  }
}, 60_000);

afterAll(async () => {
  const ended = new Promise((resolve) => sandbox.once('exit', resolve));
  sandbox.kill('SIGTERM');
  await ended;
  rmSync(home, { recursive: true, force: true });
}, 60_000);

interface Line { event: string; kind?: string; action?: string; value?: string; snapshot?: string }

function install(...more: string[]): { status: number | null; stderr: string; lines: Line[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/octopus-rotation.js', 'install', '--server', facts.url, '--api-key-env', 'OCTOPUS_API_KEY', '--space', 'Default', '--environment', 'Octopus', '--host-tentacle', 'octopus-01', '--json', ...more],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], OCTOPUS_API_KEY: facts.apiKey } });
  return { status, stderr, lines: stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line) };
}

/** Everything that the installer may have written, without what changes by itself. */
async function state(): Promise<unknown> {
  const paths = ['projects/all', 'runbooks', 'actiontemplates', 'packages', 'runbookSnapshots', 'libraryvariablesets', 'machines', 'runbookProcesses', 'projecttriggers'];
  return Promise.all(paths.map(async (path) => {
    const response = await fetch(`${facts.url}/api/Spaces-1/${path}`, { headers: { 'X-Octopus-ApiKey': facts.apiKey } });
    return response.status === 404 || response.status === 405 ? response.status : response.json();
  }));
}

describe('the installer and the embedded Octopus', () => {
  it('install once; the second time nothing is written', async () => {
    const untouched = await state();
    const dry = install('--dry-run');
    expect([dry.status, dry.stderr, await state()]).toEqual([0, '', untouched]);
    const first = install();
    expect([first.status, first.stderr]).toEqual([0, '']);
    const planned = dry.lines.filter((line) => line.event === 'resource').map((line) => [line.kind, line.action]);
    expect(first.lines.filter((line) => line.event === 'resource').map((line) => [line.kind, line.action === 'created' ? 'would be created' : line.action === 'updated' ? 'would be changed' : line.action])).toEqual(planned);
    expect(first.lines.filter((line) => line.event === 'secret')).toHaveLength(1);
    const before = await state();
    const second = install();
    expect([second.status, second.stderr]).toEqual([0, '']);
    expect(second.lines.filter((line) => line.event === 'resource').map((line) => line.action)).toEqual(first.lines.filter((line) => line.event === 'resource').map(() => 'unchanged'));
    expect(second.lines.filter((line) => line.event === 'secret')).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it('change one setting: variables and snapshot follow, nothing else', () => {
    const dry = install('--drain-limit-minutes', '5', '--dry-run').lines.filter((line) => line.event === 'resource' && line.action !== 'unchanged');
    expect(dry[0]).toMatchObject({ kind: 'variables', action: 'would be changed', differences: [{ path: 'Rotation.DrainLimitMinutes', from: '30', to: '5' }] });
    const changed = install('--drain-limit-minutes', '5').lines.filter((line) => line.event === 'resource' && line.action !== 'unchanged');
    expect(changed.map((line) => `${line.action} ${line.kind}`)).toEqual(['updated variables', ...RUNBOOKS.map(() => 'created snapshot')]);
  });

  it('refuse a wrong key in plain words, with exit code 1', () => {
    const { status, stderr } = spawnSync(process.execPath, ['dist/octopus-rotation.js', 'install', '--server', facts.url, '--api-key-env', 'K', '--space', 'Default', '--environment', 'Octopus', '--host-tentacle', 'octopus-01'], { encoding: 'utf8', env: { PATH: process.env['PATH'], K: 'API-WRONGKEY0000' } });
    expect(status).toBe(1);
    expect(stderr).toContain('OCTOPUS_UNAUTHORISED');
    expect(stderr).not.toContain('API-WRONGKEY0000');
  });

  it('schedule: a trigger of the runbook, changed when another schedule is given, and left alone when none is', async () => {
    const triggers = async () => ((await (await fetch(`${facts.url}/api/Spaces-1/projecttriggers`, { headers: { 'X-Octopus-ApiKey': facts.apiKey } })).json()) as { Items: { Filter: object; Action: { ActionType: string } }[] }).Items;
    const done = (...more: string[]) => install(...more).lines.filter((line) => line.event === 'resource' && line.action !== 'unchanged').map((line) => `${line.action} ${line.kind}`);
    expect(done('--schedule', '0 0 3 1 * *', '--timezone', 'Europe/Berlin')).toEqual(['created trigger']);
    expect(await triggers()).toMatchObject([{ Filter: { CronExpression: '0 0 3 1 * *', Timezone: 'Europe/Berlin' }, Action: { ActionType: 'RunRunbook' } }]);
    expect(done('--schedule', 'monthly', '--timezone', 'Europe/Berlin')).toEqual([]);
    expect(done('--schedule', 'yearly')).toEqual(['updated trigger']);
    expect(done()).toEqual([]);
    expect(await triggers()).toMatchObject([{ Filter: { CronExpression: '0 0 3 1 1 *', Timezone: 'UTC' } }]);
    expect(install('--schedule', 'daily')).toMatchObject({ status: 1, stderr: expect.stringContaining('CLI_BAD_OPTION') });
  });

  it('uninstall: a dry run changes nothing, then nothing of ours is left, and installing begins anew', async () => {
    const uninstall = (...more: string[]) => spawnSync(process.execPath, ['dist/octopus-rotation.js', 'uninstall', '--server', facts.url, '--api-key-env', 'OCTOPUS_API_KEY', '--space', 'Default', ...more], { encoding: 'utf8', env: { PATH: process.env['PATH'], OCTOPUS_API_KEY: facts.apiKey } });
    const before = await state();
    const dry = uninstall('--dry-run');
    expect([dry.status, dry.stderr, await state()]).toEqual([0, '', before]);
    const { status, stderr, stdout } = uninstall();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.match(/^removed /gm)?.length).toBe(dry.stdout.match(/^would be removed /gm)?.length);
    const left = JSON.stringify(await state());
    for (const name of ['Octopus Rotation', 'octopus-rotation', 'Managed by']) expect(left).not.toContain(name);
    expect(uninstall().stdout).toContain('There is nothing of Octopus Rotation in this space.');
    expect(install().lines.filter((line) => line.event === 'secret')).toHaveLength(1);
  });
});
