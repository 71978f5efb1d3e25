import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_NAME, RUNBOOK_NAME } from '../../src/install/names.ts';
import { lease, octopusRotation } from '../support/rotation.ts';
import { Scenario } from '../support/scenario.ts';

const MARK = 'This is the second release.';
const folder = mkdtempSync(join(tmpdir(), 'upg-'));
let story: Scenario;
let first: string;

beforeAll(async () => {
  secondRelease(folder);
  story = await Scenario.start('test/estates/smallest.json', { settings: ['--restart-watch-seconds', '15'] });
  await story.begin();
  first = await published();
});
afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

/** The built release under another version, whose steps say so when they run. */
function secondRelease(into: string): void {
  mkdirSync(join(into, 'packages'));
  const [built] = readdirSync('dist/packages');
  cpSync(join('dist/packages', built!), join(into, 'packages', 'octopus-rotation.99.0.0.zip'));
  mkdirSync(join(into, 'step-templates'));
  for (const name of readdirSync('dist/step-templates')) {
    const template = JSON.parse(readFileSync(join('dist/step-templates', name), 'utf8')) as { Properties: Record<string, string> };
    const body = template.Properties['Octopus.Action.Script.ScriptBody']!;
    template.Properties['Octopus.Action.Script.ScriptBody'] = body.replace('set -euo pipefail\n', `set -euo pipefail\necho '${MARK}'\n`);
    writeFileSync(join(into, 'step-templates', name), JSON.stringify(template));
  }
}

function command(name: string, ...more: string[]) {
  const { line } = story.sandbox;
  return octopusRotation([name, '--server', line.url, '--api-key-env', 'TEST_API_KEY', '--space', 'Default', ...more], { TEST_API_KEY: line.apiKey });
}

async function published(): Promise<string> {
  const { serverAccess } = await import('../../src/cli/runs/server-access.ts');
  return serverAccess(story.sandbox.line.url, story.sandbox.line.apiKey).publishedSnapshot(story.installed.spaceId, 'Default', PROJECT_NAME, RUNBOOK_NAME);
}

async function read<T>(path: string): Promise<T> {
  const response = await fetch(`${story.sandbox.line.url}/api/${story.installed.spaceId}/${path}`, { headers: { 'X-Octopus-ApiKey': story.sandbox.line.apiKey } });
  return response.json() as Promise<T>;
}

describe('an upgrade while a rotation is open', () => {
  it('publishes the new release, keeps the old one, and leaves the rotation as it is', async () => {
    await story.sandbox.power('web-01', 'stop');
    const refused = await story.run('INC-1');
    expect([refused.task.state, new Set(refused.refusals)]).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
    const [marker, journal] = [await lease(story.installed), story.journal()];
    expect(marker).not.toBeNull();

    const upgraded = await command('upgrade', '--from', folder);
    expect([upgraded.code, upgraded.stderr]).toEqual([0, '']);
    expect(upgraded.stdout).toContain('Warning INSTALL_ROTATION_OPEN');
    expect(upgraded.stdout).toMatch(/Upgraded from \S+ to 99\.0\.0\./);
    expect(await published()).not.toBe(first);
    expect([await lease(story.installed), story.journal()]).toEqual([marker, journal]);
    expect((await read<{ Items: { Version: string }[] }>('packages')).Items).toHaveLength(2);
  });

  it('a run of the new release goes on with it and refuses for the same reason', async () => {
    const again = await story.run('INC-1');
    expect([again.task.state, new Set(again.refusals)]).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
    expect(again.log).toContain(MARK);
  });

  it('the release that it began with finishes it: what its relay queues takes the snapshot that the hand-over came from, not the one published since', async () => {
    await story.sandbox.power('web-01', 'start');
    const { installed } = story;
    const { taskId } = await story.client.runRunbook({ spaceId: installed.spaceId, projectName: PROJECT_NAME, runbookName: RUNBOOK_NAME, environmentName: installed.environment, snapshotName: first, variables: { 'Rotation.Force': 'INC-1' } });
    const run = await story.ended(taskId);
    expect([run.task.state, run.refusals], run.log.slice(-3000)).toEqual(['Success', []]);
    const queued = await story.queuedRun(0);
    expect(queued.task.state, queued.log.slice(-3000)).toBe('Success');
    expect(story.journal().find((entry) => entry.kind === 'run-queued')).toMatchObject({ data: { snapshot: first } });
    for (const log of [run.log, queued.log]) expect(log).not.toContain(MARK);
    await story.ends();
  });

  it('then the new release is the one that runs, an older one is refused, and uninstalling leaves nothing of either', async () => {
    const quiet = await story.run('');
    expect([quiet.task.state, quiet.log], quiet.log).toEqual(['Success', expect.stringContaining('Nothing is due')]);
    expect(quiet.log).toContain(MARK);
    expect((await command('upgrade')).stderr).toContain('UPGRADE_OLDER');
    expect((await command('uninstall')).code).toBe(0);
    for (const path of ['packages', 'actiontemplates', 'projects', 'runbooks', 'libraryvariablesets', 'machines']) expect(JSON.stringify(await read(path))).not.toMatch(/octopus-rotation|Octopus Rotation/);
  });
});
