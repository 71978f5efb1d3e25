import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { refusalsOf } from '../../src/errors/refusal.ts';
import { install } from '../../src/install/install.ts';
import type { Change } from '../../src/install/plan.ts';
import { RUNBOOKS } from '../../src/install/runbooks/index.ts';
import type { Release } from '../../src/install/release.ts';
import type { InputSchema } from '../../src/packaging/input-schema.ts';
import { OWNER_MARK, stepTemplate, type StepMetadata } from '../../src/packaging/step-template.ts';
import type { Warning } from '../../src/install/warnings.ts';
import type { LeaseMarker } from '../../src/journal/contract.ts';
import { markerText } from '../../src/journal/lease-store.ts';
import { fastClock, KEY } from '../octopus/server.ts';
import { rights, smallOctopus, turningPoints, type SmallOctopus } from './small-octopus.ts';

const files = new Map<string, string>();
const read = <T>(path: string): T => {
  const text = files.get(path) ?? readFileSync(path, 'utf8');
  files.set(path, text);
  return JSON.parse(text) as T;
};

function release(content = 'the package', hash = 'a'): Release {
  const phases = readdirSync('steps').filter((name) => !name.endsWith('.ts'));
  return {
    version: '1.2.3', fileName: 'octopus-rotation.1.2.3.zip', content: Buffer.from(content),
    templates: new Map(phases.map((phase) => [phase, stepTemplate(phase, read<StepMetadata>(`steps/${phase}/metadata.json`), read<InputSchema>(`schemas/inputs/${phase}.schema.json`), { [`${phase}.js`]: hash.repeat(64) })])),
  };
}

async function run(octopus: SmallOctopus, change: { release?: Release; apiKey?: string; host?: string; environment?: string; space?: string; given?: Record<string, string>; replaceEdited?: boolean; dryRun?: boolean; approval?: boolean } = {}) {
  const changes: string[] = [];
  const secrets: string[] = [];
  const warned: Warning[] = [];
  const told: Change[] = [];
  const before = octopus.writes().length;
  const result = await install({
    url: octopus.url, apiKey: change.apiKey ?? KEY, release: change.release ?? release(), clock: fastClock(), random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    settings: { spaceName: change.space ?? 'Default', environmentName: change.environment ?? 'Production', hostTentacle: change.host ?? 'octopus-01', given: change.given ?? {}, replaceEdited: change.replaceEdited ?? false, ...(change.approval === undefined ? {} : { approval: change.approval }) }, dryRun: change.dryRun ?? false,
    watch: { change: (one) => (told.push(one), changes.push(`${one.action} ${one.kind}`)), secretMade: (value) => secrets.push(value), warning: (warning) => warned.push(warning) },
  }).catch((error: unknown) => error as Error);
  return { result, codes: refusalsOf(result).map((each) => each.code), changes, told, secrets, warned, writes: octopus.writes().slice(before) };
}

const variables = (octopus: SmallOctopus) => Object.values(octopus.variables).find((each) => String(each['OwnerId']).startsWith('Projects'))!.Variables;
const variable = (octopus: SmallOctopus, name: string) => variables(octopus).find((each) => each['Name'] === name)!;
const steps = (octopus: SmallOctopus) => Object.values(octopus.processes)[0]!.Steps as { Name: string; Condition: string; Properties: Record<string, string>; Actions: [{ Properties: Record<string, string>; Packages: unknown[] }] }[];

describe('installing', () => {
  it('puts everything in place, and done again writes nothing', async () => {
    const octopus = await smallOctopus();
    const first = await run(octopus);
    expect(first.result).toMatchObject({ spaceId: 'Spaces-1', runbooks: RUNBOOKS.map(({ name }, index) => ({ name, snapshot: `Snapshot ${RUNBOOKS.length - index}` })) });
    expect(new Set(first.changes.map((each) => each.split(' ')[0]))).toEqual(new Set(['create', 'update']));
    expect(octopus.packages[0]?.content.toString()).toBe('the package');

    const second = await run(octopus);
    expect(second.result).toEqual(first.result);
    expect(second.writes).toEqual([]);
    expect(new Set(second.changes.map((each) => each.split(' ')[0]))).toEqual(new Set(['unchanged']));
    expect(second.secrets).toEqual([]);
  });

  it('is finished by the next one, wherever the first one breaks off', async () => {
    for (const at of turningPoints((await run(await smallOctopus())).writes)) {
      const octopus = await smallOctopus();
      octopus.breakAtWrite = at;
      await run(octopus);
      octopus.breakAtWrite = null;
      const second = await run(octopus);
      expect([at, second.result]).toEqual([at, expect.objectContaining({ runbooks: RUNBOOKS.map(({ name }) => expect.objectContaining({ name, snapshot: expect.any(String) })) })]);
      expect([at, (await run(octopus)).writes]).toEqual([at, []]);
      expect(octopus.collections['projects']).toHaveLength(1);
      expect(octopus.collections['runbooks']).toHaveLength(RUNBOOKS.length);
    }
  }, 120_000);

  it('makes the secret of 32 random bytes once, keeps it as sensitive and shows it once', async () => {
    const octopus = await smallOctopus();
    const { secrets } = await run(octopus);
    expect(secrets).toHaveLength(1);
    expect(Buffer.from(secrets[0]!, 'base64url')).toHaveLength(32);
    expect(variable(octopus, 'Rotation.Secret')).toMatchObject({ Value: secrets[0], IsSensitive: true, Type: 'Sensitive' });
  });

  it('replaces the API key when another one is given, told by a fingerprint that does not hold it', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const other = await run(octopus, { apiKey: 'API-OTHERKEY1111' });
    expect(other.changes.filter((each) => !each.startsWith('unchanged'))).toEqual(['update variables', ...RUNBOOKS.map(() => 'create snapshot')]);
    expect(variable(octopus, 'Rotation.ApiKey')).toMatchObject({ Value: 'API-OTHERKEY1111', IsSensitive: true });
    expect(String(variable(octopus, 'Rotation.ApiKey')['Description'])).not.toContain('OTHERKEY');
  });

  it('keeps what people set in the portal, and other variables, unless an option says otherwise', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    variable(octopus, 'Rotation.DrainLimitMinutes')['Value'] = '90';
    variables(octopus).push({ Id: 'theirs', Name: 'Theirs', Value: 'x', IsSensitive: false, Scope: {} });
    await run(octopus, { given: { OfflineMachines: 'leave-behind' } });
    expect(variable(octopus, 'Rotation.DrainLimitMinutes')['Value']).toBe('90');
    expect(variable(octopus, 'Theirs')['Value']).toBe('x');
    expect(variable(octopus, 'Rotation.OfflineMachines')['Value']).toBe('leave-behind');
  });

  it('D19: each step asks that nothing failed and that its predecessor said Continue; the report always runs', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const all = steps(octopus);
    expect(all.map((step) => step.Condition)).toEqual(['Success', ...Array.from({ length: 10 }, () => 'Variable'), 'Always']);
    expect((Object.values(octopus.processes)[1]!.Steps as { Condition: string }[]).map((step) => step.Condition)).toEqual(['Success', 'Always']);
    expect(all[1]?.Properties['Octopus.Step.ConditionVariableExpression']).toBe('#{unless Octopus.Deployment.Error}#{if Octopus.Action[Plan server certificate].Output.Continue}True#{/if}#{/unless}');
    const roles = all.map((step) => step.Properties['Octopus.Action.TargetRoles']);
    expect(roles[1]).toBe('octopus-rotation-host,octopus-server-node');
    expect(new Set([...roles.slice(0, 1), ...roles.slice(2)])).toEqual(new Set(['octopus-rotation-host']));
  });

  it('takes a new build of the templates into process and snapshot, and keeps the ids of the steps', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const ids = steps(octopus).map((step) => (step as unknown as { Id: string }).Id);
    const again = await run(octopus, { release: release('the package', 'b') });
    expect(again.result).toMatchObject({ runbooks: RUNBOOKS.map((_, index) => ({ snapshot: `Snapshot ${2 * RUNBOOKS.length - index}` })) });
    expect(steps(octopus).map((step) => (step as unknown as { Id: string }).Id)).toEqual(ids);
    expect(steps(octopus)[0]?.Actions[0].Properties['Octopus.Action.Script.ScriptBody']).toContain('b'.repeat(64));
    expect(steps(octopus)[0]?.Actions[0].Properties['Octopus.Action.Template.Version']).toBe('2');
  });

  it('adds the role to the host and keeps the rest of that machine', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    expect(octopus.collections['machines']?.[0]).toMatchObject({ Roles: ['server', 'octopus-rotation-host'], MachinePolicyId: 'MachinePolicies-1', MachineId: 'Machines-1' });
  });

  it('never puts key or secret into what it says', async () => {
    const octopus = await smallOctopus();
    octopus.breakAtWrite = 14;
    const { result } = await run(octopus);
    expect(result).toBeInstanceOf(Error);
    expect(inspect(result, { depth: 10, showHidden: true })).not.toContain(KEY);
  });
});

describe('a dry run', () => {
  const differing = (told: Change[]) => told.filter((each) => each.action !== 'unchanged').map((each) => [`${each.action} ${each.kind}`, ...each.differences.map(({ path, from, to }) => `${path}: ${from} -> ${to}`)]);

  it('of a first installation tells each resource that it would make, and makes none', async () => {
    const octopus = await smallOctopus();
    const dry = await run(octopus, { dryRun: true });
    expect([dry.writes, dry.secrets]).toEqual([[], []]);
    expect(dry.changes).toEqual((await run(octopus)).changes);
  });

  it('of an installation that is current tells that each is unchanged', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const dry = await run(octopus, { dryRun: true });
    expect(new Set(dry.changes.map((each) => each.split(' ')[0]))).toEqual(new Set(['unchanged']));
    expect(dry.told.flatMap((each) => each.differences)).toEqual([]);
  });

  it('tells which fields would change, from what to what, and shows no secret', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const dry = await run(octopus, { dryRun: true, apiKey: 'API-OTHERKEY1111', given: { WaveSize: '10' }, release: { ...release('another package', 'b'), version: '1.3.0', fileName: 'octopus-rotation.1.3.0.zip' } });
    expect(dry.writes).toEqual([]);
    const all = differing(dry.told);
    expect(all[0]).toEqual(['create package']);
    expect(all.find(([what]) => what === 'update step template')).toEqual(['update step template', expect.stringMatching(/^Properties \/ Octopus.Action.Script.ScriptBody: \d+ lines -> \d+ lines, another from line \d+ on$/)]);
    expect(all.find(([what]) => what === 'update variables')).toEqual(['update variables', 'Rotation.WaveSize: 50 -> 10', 'Rotation.ApiKey: (not shown) -> (not shown)']);
    expect(all.find(([what]) => what === 'update process')).toContain('Plan server certificate / Actions / Plan server certificate / Properties / Octopus.Action.Template.Version: 1 -> 2');
    expect(all.find(([what]) => what === 'create snapshot')![1]).toMatch(/^Notes: octopus-rotation 1\.2\.3 .* -> octopus-rotation 1\.3\.0 /);
    const text = inspect(dry.told, { depth: 10 });
    for (const secret of [KEY, 'OTHERKEY', String(variable(octopus, 'Rotation.Secret')['Value'])]) expect(text).not.toContain(secret);
  });

  it('foretells exactly what installing then does', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const change = { release: { ...release('another package', 'b'), version: '1.3.0', fileName: 'octopus-rotation.1.3.0.zip' } };
    const dry = await run(octopus, { ...change, dryRun: true });
    expect((await run(octopus, change)).told).toEqual(dry.told);
    expect((await run(octopus, change)).writes).toEqual([]);
    const notes = octopus.collections['runbookSnapshots']!.slice(-RUNBOOKS.length).map((each) => each['Notes']);
    expect(dry.told.filter((each) => each.kind === 'snapshot').map((each) => each.differences[0]!.to)).toEqual(notes);
  });
});

describe('what people edited', () => {
  const newer = (): Release => ({ ...release('another package', 'b'), version: '1.3.0', fileName: 'octopus-rotation.1.3.0.zip' });
  const WAVE = 'OctopusRotation.WaveSize';

  it('in parameters of a step stays, through any number of releases, and is told', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    steps(octopus)[0]!.Actions[0].Properties[WAVE] = '7';
    for (const each of [release(), newer(), { ...release('a third', 'c'), version: '1.4.0', fileName: 'octopus-rotation.1.4.0.zip' }]) {
      const again = await run(octopus, { release: each });
      expect(again.codes).toEqual([]);
      expect(steps(octopus)[0]!.Actions[0].Properties[WAVE]).toBe('7');
      if (each.version === '1.3.0') expect(again.told.flatMap((one) => one.kept)).toEqual([`Plan server certificate / ${WAVE}`]);
    }
    expect((await run(octopus, { release: release('a third', 'c') })).codes).toEqual(['INSTALL_PACKAGE_DIFFERS']);
  });

  it('in a step beyond that is refused with what would be lost, and replaced only when asked for', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    steps(octopus)[2]!.Condition = 'Always';
    steps(octopus)[3]!.Properties['Octopus.Action.MaxParallelism'] = '1';
    (steps(octopus) as unknown[]).push({ Name: 'Tell everybody', Condition: 'Success', Properties: {}, Actions: [{ Name: 'Tell everybody', Properties: {}, Packages: [] }] });
    const refused = await run(octopus);
    expect([refused.codes, refused.writes]).toEqual([['INSTALL_STEPS_EDITED'], []]);
    const { message } = refusalsOf(refused.result)[0]!;
    expect(message).toContain('Back up server certificate\n      Condition: Always -> Variable');
    expect(message).toContain('Octopus.Action.MaxParallelism: 1 -> nothing');
    expect(message).toContain('Tell everybody\n      there -> nothing');
    const replaced = await run(octopus, { replaceEdited: true });
    expect(replaced.changes.filter((each) => !each.startsWith('unchanged'))).toEqual(['update process', 'create snapshot']);
    expect([steps(octopus)[2]?.Condition, steps(octopus).length]).toEqual(['Variable', 12]);
    expect((await run(octopus)).writes).toEqual([]);
  });

  it('and published is still told from what was installed', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    steps(octopus)[0]!.Actions[0].Properties[WAVE] = '7';
    const runbook = octopus.collections['runbooks']![0]!;
    octopus.collections['runbookSnapshots']!.push({ Id: 'RunbookSnapshots-9', Name: 'By hand', Notes: '', RunbookId: runbook['Id'], ProjectId: runbook['ProjectId'] });
    runbook['PublishedRunbookSnapshotId'] = 'RunbookSnapshots-9';
    expect((await run(octopus, { release: newer() })).codes).toEqual([]);
    expect(steps(octopus)[0]!.Actions[0].Properties[WAVE]).toBe('7');
  });

  it('in a step template is refused with what would be lost, and replaced only when asked for', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const template = octopus.collections['actiontemplates']![0]!;
    Object.assign(template, { Version: 2, Properties: { ...(template['Properties'] as object), 'Octopus.Action.Script.ScriptBody': 'echo mine' } });
    const refused = await run(octopus);
    expect([refused.codes, refused.writes]).toEqual([['INSTALL_TEMPLATE_EDITED'], []]);
    expect(refusalsOf(refused.result)[0]!.message).toContain('ScriptBody: 1 line -> ');
    expect((await run(octopus, { replaceEdited: true })).codes).toEqual([]);
    expect((await run(octopus)).writes).toEqual([]);
  });

  it('is not what an older release left: a new one goes in without a question', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    expect((await run(octopus, { release: newer() })).codes).toEqual([]);
  });
});

describe('D6, D7: an approval', () => {
  const NAME = 'Approve replacing the server certificate';
  const approval = (octopus: SmallOctopus) => (steps(octopus) as unknown as { Name: string; Condition: string; Properties: Record<string, string>; Actions: [{ ActionType: string; Properties: Record<string, string> }] }[]).find((each) => each.Name === NAME);

  it('is a manual intervention at top level between proof and replacement, asked for only while the swap is due', async () => {
    const octopus = await smallOctopus();
    await run(octopus, { approval: true });
    const names = steps(octopus).map((each) => each.Name);
    expect(names.slice(names.indexOf(NAME) - 1, names.indexOf(NAME) + 2)).toEqual(['Prove trust', NAME, 'Replace server certificate']);
    expect(approval(octopus)).toMatchObject({ Condition: 'Variable', Properties: { 'Octopus.Step.ConditionVariableExpression': '#{unless Octopus.Deployment.Error}#{if Octopus.Action[Prove trust].Output.SwapDue}True#{/if}#{/unless}' }, Actions: [{ ActionType: 'Octopus.Manual' }] });
    expect(Object.values(octopus.processes).slice(1).flatMap((each) => each.Steps.map((step) => step['Name']))).not.toContain(NAME);
  });

  it('stays when installing again without the option, with the teams that somebody chose for it, and goes when it is not wished any more', async () => {
    const octopus = await smallOctopus();
    await run(octopus, { approval: true });
    expect((await run(octopus)).writes).toEqual([]);
    approval(octopus)!.Actions[0].Properties['Octopus.Action.Manual.ResponsibleTeamIds'] = 'Teams-7';
    const newer = { ...release('another package', 'b'), version: '1.3.0', fileName: 'octopus-rotation.1.3.0.zip' };
    expect((await run(octopus, { release: newer })).codes).toEqual([]);
    expect(approval(octopus)?.Actions[0].Properties['Octopus.Action.Manual.ResponsibleTeamIds']).toBe('Teams-7');
    expect((await run(octopus, { release: newer, approval: false })).codes).toEqual([]);
    expect(approval(octopus)).toBeUndefined();
    expect((await run(octopus, { release: newer })).writes).toEqual([]);
  });

  it('that somebody deleted in the portal is told as an edit', async () => {
    const octopus = await smallOctopus();
    await run(octopus, { approval: true });
    const process = Object.values(octopus.processes)[0]!;
    process.Steps = process.Steps.filter((each) => each['Name'] !== NAME);
    const refused = await run(octopus);
    expect([refused.codes, refusalsOf(refused.result)[0]?.message]).toEqual([['INSTALL_STEPS_EDITED'], expect.stringContaining(NAME)]);
  });
});

/** The host's Tentacle, registered once more. */
const hostAgain = (Id: string, more: object = {}, Uri = 'https://octopus-01:10933/') => ({ Id, Name: 'octopus-01', IsDisabled: false, HealthStatus: 'Healthy', Endpoint: { CommunicationStyle: 'TentaclePassive', Uri, Thumbprint: '0'.repeat(40) }, ...more });

describe('rule 13: what the installer warns of, and installs all the same', () => {
  const user = (Id: string, permissions: object, IsActive = true) => ({ Id, Username: Id.toLowerCase(), IsActive, permissions: permissions as Record<string, unknown> });

  it('is nothing in a space of its own that nobody else may edit', async () => {
    const octopus = await smallOctopus();
    expect((await run(octopus)).warned).toEqual([]);
    expect((await run(octopus)).warned).toEqual([]);
  });

  it('is everybody else who may change process, runbook or variables there, and nobody who may not', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const project = octopus.collections['projects']![0]!;
    octopus.users.push(
      user('Process', rights('ProcessEdit')), user('Runbook', rights('RunbookEdit')), user('Variable', rights('VariableEdit')), user('Admin', { SystemPermissions: ['AdministerSystem'] }),
      user('OurProject', rights('ProcessEdit', { RestrictedToProjectIds: [project['Id']] })), user('OurGroup', rights('VariableEdit', { RestrictedToProjectGroupIds: [project['ProjectGroupId']], RestrictedToProjectIds: ['Projects-9'] })),
      user('Gone', rights('ProcessEdit'), false), user('Reader', rights('ProcessView')), user('Elsewhere', rights('ProcessEdit', {}, 'Spaces-2')), user('OtherProject', rights('ProcessEdit', { RestrictedToProjectIds: ['Projects-9'] })),
    );
    const { warned, result } = await run(octopus);
    expect(result).not.toBeInstanceOf(Error);
    expect(warned.map((each) => each.code)).toEqual(['INSTALL_OTHERS_MAY_EDIT']);
    expect(warned[0]!.message).toMatch(/6 users .*: admin, ourgroup, ourproject, process, runbook, variable\.$/);
  });

  it('is that users could not be seen, in part or at all', async () => {
    const octopus = await smallOctopus();
    octopus.users.push(user('Hidden', { IsPermissionsComplete: false, SystemPermissions: [], SpacePermissions: {} }));
    expect((await run(octopus)).warned.map((each) => [each.code, each.message])).toEqual([['INSTALL_EDITORS_UNSEEN', expect.stringContaining('1 further user')]]);
    octopus.forbidden.push('/api/users');
    expect((await run(octopus)).warned.map((each) => [each.code, each.message])).toEqual([['INSTALL_EDITORS_UNSEEN', expect.stringContaining('UserView')]]);
  });

  it('is another project in the space, by its name made safe to show', async () => {
    const octopus = await smallOctopus();
    octopus.collections['projects']!.push({ Id: 'Projects-1', Name: 'Shop\u202e\u001b[2J' });
    const { warned } = await run(octopus);
    expect(warned.map((each) => each.code)).toEqual(['INSTALL_SPACE_SHARED']);
    expect(warned[0]!.message).toContain('1 project (Shop');
    expect(warned[0]!.message).not.toMatch(/[\u202e\u001b]/);
  });

  it('is the host as a target of another space, and a space whose machines cannot be read', async () => {
    const octopus = await smallOctopus();
    octopus.spaces.push({ Id: 'Spaces-2', Name: 'Payments', IsDefault: false }, { Id: 'Spaces-3', Name: 'Closed', IsDefault: false });
    octopus.collections['machines']!.push(hostAgain('Machines-9', { SpaceId: 'Spaces-2', Roles: [], EnvironmentIds: [] }));
    octopus.forbidden.push('/api/Spaces-3/workers');
    expect((await run(octopus)).warned.map((each) => [each.code, each.message])).toEqual([
      ['INSTALL_HOST_REGISTERED_TWICE', expect.stringContaining('"octopus-01" in the space "Payments"')],
      ['INSTALL_HOST_POOLS_UNSEEN', expect.stringContaining('Closed')],
    ]);
  });

  it('is a host of which Octopus has no thumbprint', async () => {
    const octopus = await smallOctopus();
    octopus.collections['machines']![0]!['Endpoint'] = { CommunicationStyle: 'TentaclePassive', Uri: 'https://octopus-01:10933/' };
    expect((await run(octopus)).warned.map((each) => each.code)).toEqual(['INSTALL_HOST_POOLS_UNSEEN']);
  });

  it('D9: is an account of a person, where the server limits requests of an account', async () => {
    const octopus = await smallOctopus();
    for (const [version, isService, codes] of [['2026.2.1000', false, []], ['2026.3.1', true, []], ['2026.3.1', false, ['INSTALL_ACCOUNT_SHARED']]] as const) {
      octopus.version = version;
      octopus.users[0]!.IsService = isService;
      expect([version, isService, (await run(octopus)).warned.map((each) => each.code)]).toEqual([version, isService, codes]);
    }
  });

  it('comes before anything is written', async () => {
    const octopus = await smallOctopus();
    octopus.collections['projects']!.push({ Id: 'Projects-1', Name: 'Shop' });
    octopus.breakAtWrite = 1;
    expect((await run(octopus)).warned).toHaveLength(1);
  });
});

describe('what the installer refuses before it writes anything', () => {
  it.each<[string, string, (octopus: SmallOctopus) => void, Parameters<typeof run>[1]]>([
    ['an old server', 'OCTOPUS_TOO_OLD', (octopus) => (octopus.version = '2018.12.1'), {}],
    ['a space that the key cannot see', 'INSTALL_SPACE_MISSING', () => undefined, { space: 'Nowhere' }],
    ['an environment that is not there', 'INSTALL_ENVIRONMENT_MISSING', () => undefined, { environment: 'Nowhere' }],
    ['a host that is not there', 'INSTALL_HOST_MISSING', () => undefined, { host: 'nobody' }],
    ['D20: a second machine with the role', 'INSTALL_HOST_NOT_ALONE', (octopus) => ((octopus.collections['machines']![1]!['Roles'] as string[]).push('octopus-rotation-host')), {}],
    ['a disabled host', 'INSTALL_HOST_DISABLED', (octopus) => (octopus.collections['machines']![0]!['IsDisabled'] = true), {}],
    ['a host outside the environment', 'INSTALL_HOST_NOT_IN_ENVIRONMENT', (octopus) => (octopus.collections['machines']![0]!['EnvironmentIds'] = []), {}],
    ['a host that is no listening Tentacle', 'INSTALL_HOST_NOT_TENTACLE', (octopus) => (octopus.collections['machines']![0]!['Endpoint'] = { CommunicationStyle: 'Ssh' }), {}],
    ['a project of somebody else', 'INSTALL_NAME_TAKEN', (octopus) => {
      octopus.collections['projects']!.push({ Id: 'Projects-1', Name: 'octopus rotation', Description: 'ours', VariableSetId: 'variableset-Projects-1' });
      octopus.variables['variableset-Projects-1'] = { Id: 'variableset-Projects-1', OwnerId: 'Projects-1', Version: 0, Variables: [] };
    }, {}],
    ['a step template of somebody else', 'INSTALL_NAME_TAKEN', (octopus) => octopus.collections['actiontemplates']!.push({ Id: 'ActionTemplates-1', Name: 'Octopus Rotation - Plan server certificate', Description: '', Version: 1 }), {}],
    ['D20: a host that is also a worker, in this space', 'INSTALL_HOST_IN_POOL', (octopus) => octopus.collections['workers']!.push(hostAgain('Workers-1', { WorkerPoolIds: ['WorkerPools-1'] })), {}],
    ['D20: a host that is also a worker, in another space and under another address', 'INSTALL_HOST_IN_POOL', (octopus) => {
      octopus.spaces.push({ Id: 'Spaces-2', Name: 'Payments', IsDefault: false });
      octopus.collections['workers']!.push(hostAgain('Workers-1', { SpaceId: 'Spaces-2', Name: 'w' }, 'https://10.0.0.1:10933/'));
    }, {}],
    ['a choice that no phase knows', 'INSTALL_SETTING_INVALID', () => undefined, { given: { WaveBy: 'colour' } }],
    ['a number that is none', 'INSTALL_SETTING_INVALID', () => undefined, { given: { WaveSize: '0' } }],
    ['a truth that no checkbox has', 'INSTALL_SETTING_INVALID', () => undefined, { given: { EnableDisabled: 'yes' } }],
    ['a runbook of somebody else in our project', 'INSTALL_NAME_TAKEN', (octopus) => {
      octopus.collections['projects']!.push({ Id: 'Projects-1', Name: 'Octopus Rotation', Description: OWNER_MARK, VariableSetId: 'variableset-Projects-1' });
      octopus.variables['variableset-Projects-1'] = { Id: 'variableset-Projects-1', OwnerId: 'Projects-1', Version: 0, Variables: [] };
      octopus.collections['runbooks']!.push({ Id: 'Runbooks-1', ProjectId: 'Projects-1', Name: RUNBOOKS.at(-1)!.name, Description: 'ours', RunbookProcessId: 'RunbookProcess-1' });
      octopus.processes['RunbookProcess-1'] = { Id: 'RunbookProcess-1', Version: 0, Steps: [] };
    }, {}],
    ['a release without all templates', 'INSTALL_RELEASE_INCOMPLETE', () => undefined, { release: { ...release(), templates: new Map([...release().templates].slice(1)) } }],
  ])('%s', async (_, code, prepare, change) => {
    const octopus = await smallOctopus();
    prepare(octopus);
    const { codes, writes } = await run(octopus, change);
    expect(codes).toEqual([code]);
    expect(writes).toEqual([]);
  });

  it('a package of the same version with other content', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const { codes, writes } = await run(octopus, { release: release('other content') });
    expect([codes, writes]).toEqual([['INSTALL_PACKAGE_DIFFERS'], []]);
  });

  it('a secret that is not sensitive', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    Object.assign(variable(octopus, 'Rotation.Secret'), { IsSensitive: false, Type: 'String' });
    const { codes, writes } = await run(octopus);
    expect([codes, writes]).toEqual([['INSTALL_SECRET_NOT_SENSITIVE'], []]);
  });

  it('a secret that is gone while a rotation is open, which a new one could not open; without an open one it is made anew', async () => {
    const octopus = await smallOctopus();
    await run(octopus);
    const set = Object.values(octopus.variables).find((each) => String(each['OwnerId']).startsWith('Projects'))!;
    set.Variables = set.Variables.filter((each) => each['Name'] !== 'Rotation.Secret');
    const lease = Object.values(octopus.variables).find((each) => String(each['OwnerId']).startsWith('LibraryVariableSets'))!;
    const marker: LeaseMarker = { format: 1, rotation: 'server-certificate', rotationId: 'sc-20261124-0a1b2c3d', host: 'octopus-01', stateFolder: '/var/lib/octopus-rotation', fence: 7, entries: 0, holder: { runner: 'runbook', taskId: 'ServerTasks-1', process: null }, openedAt: '2026-11-24T08:00:00.000Z', heldSince: '2026-11-24T08:00:00.000Z' };
    for (const [text, named] of [[markerText(marker), marker.rotationId], ['nonsense', 'cannot be read']] as const) {
      lease.Variables = [{ Name: 'Rotation.Lease', Value: text, IsSensitive: false }];
      const { codes, writes, result, secrets } = await run(octopus);
      expect([codes, writes, secrets]).toEqual([['INSTALL_SECRET_GONE'], [], []]);
      expect(refusalsOf(result)[0]!.message).toContain(named);
    }
    lease.Variables = [];
    expect((await run(octopus)).secrets).toHaveLength(1);
  });

  it('several things at once, all told', async () => {
    const octopus = await smallOctopus();
    expect((await run(octopus, { host: 'nobody', environment: 'Nowhere' })).codes).toEqual(['INSTALL_ENVIRONMENT_MISSING', 'INSTALL_HOST_MISSING']);
  });
});
