import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusalsOf } from '../../src/errors/refusal.ts';
import { install } from '../../src/install/install.ts';
import { RUNBOOKS } from '../../src/install/runbooks/index.ts';
import type { Release } from '../../src/install/release.ts';
import { upgrade } from '../../src/install/upgrade.ts';
import { installedForm, type LibraryTemplate } from '../../src/packaging/library-form.ts';
import { fastClock, KEY } from '../octopus/server.ts';
import { smallOctopus, turningPoints, type SmallOctopus } from './small-octopus.ts';

const templates = readdirSync('dist/step-templates').map((name) => [name.slice(0, -5), installedForm(JSON.parse(readFileSync(`dist/step-templates/${name}`, 'utf8')) as LibraryTemplate)] as const);

/** A release whose steps tell which one they are of. */
function release(version: string): Release {
  return {
    version, fileName: `octopus-rotation.${version}.zip`, content: Buffer.from(`package ${version}`),
    templates: new Map(templates.map(([phase, template]) => [phase, { ...template, Properties: { ...template.Properties, 'Octopus.Action.Script.ScriptBody': `# release ${version}\n` } }])),
  };
}

const common = (octopus: SmallOctopus) => ({ url: octopus.url, clock: fastClock(), random: { bytes: (length: number) => new Uint8Array(randomBytes(length)) } });

async function installed(version = '1.2.3'): Promise<SmallOctopus> {
  const octopus = await smallOctopus();
  await install({
    ...common(octopus), apiKey: KEY, release: release(version), settings: { spaceName: 'Default', environmentName: 'Production', hostTentacle: 'octopus-01', given: { WaveSize: '9' } },
    watch: { change: () => undefined, secretMade: () => undefined, warning: () => undefined },
  });
  return octopus;
}

async function run(octopus: SmallOctopus, version: string, change: { dryRun?: boolean; replaceEdited?: boolean; apiKey?: string } = {}) {
  const before = octopus.writes().length;
  const warned: string[] = [];
  const result = await upgrade({
    ...common(octopus), apiKey: 'API-ANOTHERKEY00', spaceName: 'Default', release: release(version), replaceEdited: false, ...change,
    watch: { change: () => undefined, secretMade: () => expect.unreachable('the secret stays'), warning: ({ code }) => warned.push(code) },
  }).catch((error: unknown) => error as Error);
  return { result, codes: refusalsOf(result).map((each) => each.code), warned, writes: octopus.writes().slice(before) };
}

const variables = (octopus: SmallOctopus) => Object.values(octopus.variables).find((each) => String(each['OwnerId']).startsWith('Projects'))!.Variables;

/** Which release each published snapshot is of: by the steps that it froze, and by each package that it took. */
function published(octopus: SmallOctopus): string[][] {
  return RUNBOOKS.map(({ name }) => {
    const runbook = octopus.collections['runbooks']!.find((each) => each['Name'] === name)!;
    const snapshot = octopus.collections['runbookSnapshots']!.find((each) => each['Id'] === runbook['PublishedRunbookSnapshotId'])!;
    const steps = JSON.stringify(octopus.frozen[String(snapshot['FrozenRunbookProcessId'])]);
    const packages = (snapshot['SelectedPackages'] as { Version: string }[]).map((each) => each.Version);
    return [...new Set([...[...steps.matchAll(/# release ([\d.]+)/g)].map((match) => match[1]!), ...packages])];
  });
}

describe('upgrading', () => {
  it('brings in package, step templates, steps and snapshots in that order, and leaves address, key, settings and older packages as they are', async () => {
    const octopus = await installed();
    const before = structuredClone(variables(octopus));
    const { result, writes, codes } = await run(octopus, '1.3.0');
    expect([codes, result]).toEqual([[], expect.objectContaining({ from: '1.2.3' })]);
    const kinds = writes.map((each) => (each.includes('packages') ? 'package' : each.includes('actiontemplates') ? 'template' : each.includes('runbookProcesses') ? 'steps' : each.includes('runbookSnapshots') ? 'snapshot' : each));
    expect(kinds.filter((each, index) => each !== kinds[index - 1])).toEqual(['package', 'template', 'steps', 'snapshot']);
    expect(variables(octopus)).toEqual(before);
    expect(octopus.packages.map((each) => each.Version)).toEqual(['1.2.3', '1.3.0']);
    expect(published(octopus)).toEqual(RUNBOOKS.map(() => ['1.3.0']));
    expect((await run(octopus, '1.3.0')).writes).toEqual([]);
  });

  it('never publishes parts of two releases, nor a rotation before its ways out, wherever it breaks off; the next one finishes it', async () => {
    for (const at of turningPoints((await run(await installed(), '1.3.0')).writes)) {
      const octopus = await installed();
      octopus.breakAtWrite = octopus.writes().length + at;
      await run(octopus, '1.3.0');
      octopus.breakAtWrite = null;
      const found = published(octopus);
      expect([at, found.map((each) => each.length)]).toEqual([at, RUNBOOKS.map(() => 1)]);
      for (const [version] of found) expect(octopus.packages.map((each) => each.Version)).toContain(version);
      if (found[0]![0] === '1.3.0') expect(found).toEqual(RUNBOOKS.map(() => ['1.3.0']));
      expect([at, (await run(octopus, '1.3.0')).codes, published(octopus)]).toEqual([at, [], RUNBOOKS.map(() => ['1.3.0'])]);
    }
  }, 120_000);

  it('tells with a dry run from which release to which, and writes nothing', async () => {
    const octopus = await installed();
    expect(await run(octopus, '1.3.0', { dryRun: true })).toMatchObject({ codes: [], writes: [], result: { from: '1.2.3' } });
  });

  it('goes on while a rotation is open, and says what that means', async () => {
    const octopus = await installed();
    const set = Object.values(octopus.variables).find((each) => String(each['OwnerId']).startsWith('LibraryVariableSets'))!;
    set.Variables = [{ Name: 'Rotation.Lease', Value: 'not to be read', IsSensitive: false }];
    expect(await run(octopus, '1.3.0')).toMatchObject({ codes: [], warned: ['INSTALL_ROTATION_OPEN'] });
    expect(set.Variables).toHaveLength(1);
  });

  it('without an API key to put there, refuses when that of the rotation is gone', async () => {
    const octopus = await installed();
    expect((await run(octopus, '1.3.0', { apiKey: '' })).codes).toEqual([]);
    const set = Object.values(octopus.variables).find((each) => String(each['OwnerId']).startsWith('Projects'))!;
    set.Variables = set.Variables.filter((each) => each['Name'] !== 'Rotation.ApiKey');
    expect(await run(octopus, '1.3.0', { apiKey: '' })).toMatchObject({ codes: ['INSTALL_API_KEY_GONE'], writes: [] });
  });

  it.each<[string, string, string, (octopus: SmallOctopus) => void]>([
    ['an older release', '1.2.2', 'UPGRADE_OLDER', () => undefined],
    ['a step that somebody edited', '1.3.0', 'INSTALL_STEPS_EDITED', (octopus) => (octopus.processes[Object.keys(octopus.processes)[0]!]!.Steps[1]!['Condition'] = 'Always')],
    ['a space without it', '1.3.0', 'UPGRADE_NOT_INSTALLED', (octopus) => (octopus.collections['projects'] = [])],
    ['a project of that name that is not ours', '1.3.0', 'UPGRADE_NOT_INSTALLED', (octopus) => (octopus.collections['projects']![0]!['Description'] = 'mine')],
    ['a project without the runbook', '1.3.0', 'UPGRADE_NOT_INSTALLED', (octopus) => (octopus.collections['runbooks'] = [])],
    ['a host whose role is gone', '1.3.0', 'UPGRADE_NOT_INSTALLED', (octopus) => (octopus.collections['machines']![0]!['Roles'] = ['server'])],
  ])('refuses %s, and writes nothing', async (_, version, code, prepare) => {
    const octopus = await installed();
    prepare(octopus);
    expect(await run(octopus, version)).toMatchObject({ codes: [code], writes: [] });
  });
});
