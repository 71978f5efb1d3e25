import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { refusalsOf } from '../../src/errors/refusal.ts';
import { install } from '../../src/install/install.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { installedForm, type LibraryTemplate } from '../../src/packaging/library-form.ts';
import { OWNER_MARK } from '../../src/packaging/step-template.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { fastClock, KEY } from '../octopus/server.ts';
import { smallOctopus, type SmallOctopus } from './small-octopus.ts';

const common = (octopus: SmallOctopus) => ({ url: octopus.url, apiKey: KEY, clock: fastClock(), random: { bytes: (length: number) => new Uint8Array(randomBytes(length)) } });
const templates = new Map(readdirSync('dist/step-templates').map((name) => [name.slice(0, -5), installedForm(JSON.parse(readFileSync(`dist/step-templates/${name}`, 'utf8')) as LibraryTemplate)] as const));

async function installed(): Promise<SmallOctopus> {
  const octopus = await smallOctopus();
  await install({
    ...common(octopus), release: { version: '1.2.3', fileName: 'octopus-rotation.1.2.3.zip', content: Buffer.from('the package'), templates },
    settings: { spaceName: 'Default', environmentName: 'Production', hostTentacle: 'octopus-01', given: {} },
    watch: { change: () => undefined, secretMade: () => undefined, warning: () => undefined },
  });
  return octopus;
}

async function run(octopus: SmallOctopus, dryRun = false): Promise<{ codes: string[]; removed: string[]; writes: string[] }> {
  const removed: string[] = [];
  const before = octopus.writes().length;
  const error = await uninstall({ ...common(octopus), spaceName: 'Default', dryRun, done: ({ kind }) => removed.push(kind) }).then(() => null, (failed: unknown) => failed);
  return { codes: error === null ? [] : refusalsOf(error).map((each) => each.code), removed, writes: octopus.writes().slice(before) };
}

/** Everything that the small Octopus holds, without what nobody can tell apart. */
const content = (octopus: SmallOctopus): unknown => JSON.parse(JSON.stringify({ ...octopus.collections, runbookSnapshots: [], packages: octopus.packages }));

function openLease(octopus: SmallOctopus): void {
  const set = octopus.collections['libraryvariablesets']!.find((each) => each['Name'] === 'Octopus Rotation lease')!;
  octopus.variables[String(set['VariableSetId'])]!.Variables = [{ Id: 'v1', Name: 'Rotation.Lease', Value: 'not to be read', IsSensitive: false }];
}

describe('uninstalling', () => {
  it('leaves Octopus as it was before it was installed; done again it finds nothing', async () => {
    const before = content(await smallOctopus()) as Record<string, { Endpoint: unknown; Roles: string[] }[]>;
    const octopus = await installed();
    const { codes, removed } = await run(octopus);
    expect(codes).toEqual([]);
    expect([...new Set(removed)]).toEqual(['project', 'step template', 'package', 'lease', 'host role']);
    const after = content(octopus) as typeof before;
    expect(after['machines']!.map((each) => each.Roles)).toEqual(before['machines']!.map((each) => each.Roles));
    expect({ ...after, machines: [] }).toEqual({ ...before, machines: [] });
    expect(await run(octopus)).toEqual({ codes: [], removed: [], writes: [] });
  });

  it('tells with --dry-run what it would do, and writes nothing', async () => {
    const octopus = await installed();
    const dry = await run(octopus, true);
    expect([dry.codes, dry.writes]).toEqual([[], []]);
    expect((await run(octopus)).removed).toEqual(dry.removed);
  });

  it('is finished by the next one, wherever it breaks off', async () => {
    for (const at of [1, 2, 5]) {
      const octopus = await installed();
      octopus.breakAtWrite = octopus.writes().length + at;
      await run(octopus);
      octopus.breakAtWrite = null;
      expect([at, (await run(octopus)).codes, octopus.collections['actiontemplates'], octopus.packages]).toEqual([at, [], [], []]);
    }
  });

  it('D20: refuses while a rotation is open, also when its marker cannot be read', async () => {
    const octopus = await installed();
    openLease(octopus);
    expect(await run(octopus)).toEqual({ codes: ['UNINSTALL_ROTATION_OPEN'], removed: [], writes: [] });
  });

  it('does not touch what does not bear its mark, whatever it is called', async () => {
    const octopus = await installed();
    octopus.collections['projects']![0]!['Description'] = 'Ours now.';
    const template = octopus.collections['actiontemplates']![0]!;
    template['Description'] = String(template['Description']).replace(OWNER_MARK, '');
    const { removed } = await run(octopus);
    expect(removed).not.toContain('project');
    expect(octopus.collections['actiontemplates']).toEqual([template]);
    expect(octopus.collections['projects']).toHaveLength(1);
  });

  it('refuses to delete the runbook or the step of somebody else along with its own, all at once', async () => {
    const octopus = await installed();
    octopus.collections['runbooks']!.push({ Id: 'Runbooks-9', Name: 'Restart the site', Description: '', ProjectId: octopus.collections['projects']![0]!['Id'] });
    octopus.usages = [{ ActionTemplateId: octopus.collections['actiontemplates']![0]!['Id'], ProjectId: 'Projects-77', ProjectName: 'Shop', StepName: 'Check' }];
    expect(await run(octopus)).toEqual({ codes: ['UNINSTALL_PROJECT_SHARED', 'UNINSTALL_TEMPLATE_IN_USE'], removed: [], writes: [] });
  });
});
