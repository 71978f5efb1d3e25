import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser } from '../../../src/sandbox/server/database/users.ts';
import { packageForm, ServerHarness, type Json } from './harness.ts';

let server: ServerHarness;
beforeAll(async () => {
  server = await ServerHarness.create();
  await server.start();
});
afterAll(() => server.dispose());

const script = (name: string, more: object = {}) => ({ Name: name, ActionType: 'Octopus.Script', Properties: { 'Octopus.Action.RunOnServer': 'false', 'Octopus.Action.Script.ScriptSource': 'Inline', 'Octopus.Action.Script.Syntax': 'Bash', 'Octopus.Action.Script.ScriptBody': 'echo hello' }, Packages: [], ...more });
const step = (name: string, more: object = {}, action: object = {}) => ({ Name: name, Condition: 'Success', StartTrigger: 'StartAfterPrevious', Properties: { 'Octopus.Action.TargetRoles': 'web' }, Actions: [script(name, action)], ...more });

async function newRunbook(name: string): Promise<{ projectId: string; variableSetId: string; runbookId: string; processId: string }> {
  const [group] = (await server.get('/api/Spaces-1/projectgroups/all')).body;
  const [lifecycle] = (await server.get('/api/Spaces-1/lifecycles/all')).body;
  const project = (await server.call('POST', '/api/Spaces-1/projects', { Name: name, ProjectGroupId: group.Id, LifecycleId: lifecycle.Id })).body;
  const runbook = (await server.call('POST', `/api/Spaces-1/projects/${project.Id}/runbooks`, { Name: 'Rotate' })).body;
  return { projectId: project.Id, variableSetId: project.VariableSetId, runbookId: runbook.Id, processId: runbook.RunbookProcessId };
}

async function saveSteps(processId: string, steps: object[]) {
  const process = (await server.get(`/api/Spaces-1/runbookProcesses/${processId}`)).body;
  return server.call('PUT', `/api/Spaces-1/runbookProcesses/${processId}`, { ...process, Steps: steps });
}

describe('protocol', () => {
  it('gives the root without log-in, and everything else only with a key', async () => {
    const root = await fetch(`${server.server.url}/api/`).then((response) => response.json()) as Json;
    expect(root).toMatchObject({ Application: 'Octopus Deploy', Version: '2026.2.1000', ApiVersion: '3.0.0' });
    expect(root.InstallationId).toMatch(/^[0-9a-f-]{36}$/);
    const refused = await server.get('/api/Spaces-1/machines', { 'X-Octopus-ApiKey': 'API-WRONG' });
    expect(refused.status).toBe(401);
    expect(refused.body.ErrorMessage).toContain('You must be logged in to request this resource');
    expect((await server.get(`/api/users/me?apikey=${server.server.apiKey}`, { 'X-Octopus-ApiKey': '' })).status).toBe(401);
    expect((await fetch(`${server.server.url}/api/users/me?apikey=${server.server.apiKey}`)).status).toBe(200);
    expect((await fetch(`${server.server.url}/api/users/me`, { headers: { authorization: `Bearer ${server.server.apiKey}` } })).status).toBe(200);
  });

  it('serves three forms of a space address, in any case', async () => {
    const paths = ['/api/Spaces-1/environments', '/api/spaces/Spaces-1/environments', '/api/spaces/default/environments', '/api/environments', '/API/spaces-1/Environments/'];
    for (const path of paths) expect((await server.get(path)).body.Items.map((item: Json) => item.Name), path).toEqual(['Production', 'Octopus']);
    expect((await server.get('/api/Spaces-2/environments')).body.TotalResults).toBe(1);
    expect((await server.get('/api/Spaces-9/environments')).status).toBe(404);
    expect((await server.get('/api/Spaces-1')).body.Links.Machines).toContain('/api/Spaces-1/machines{/id}');
  });

  it('refuses an unknown route loudly and a wrong method with 405', async () => {
    const unknown = await server.get('/api/Spaces-1/flyingcarpets');
    expect(unknown.status).toBe(404);
    expect(unknown.body.ErrorMessage).toContain('sandbox: unknown route GET /api/Spaces-1/flyingcarpets');
    expect(server.truth().some(({ event }) => event === 'unknown-route')).toBe(true);
    expect((await server.call('DELETE', '/api/octopusservernodes/ping')).status).toBe(405);
  });

  it('pages with links that can be followed to the end', async () => {
    const names: string[] = [];
    let path: string | undefined = '/api/Spaces-1/machines?take=2';
    while (path !== undefined) {
      const page: Json = (await server.get(path)).body;
      expect(page).toMatchObject({ TotalResults: 4, ItemsPerPage: 2, NumberOfPages: 2, LastPageNumber: 1, ItemType: 'Machine' });
      names.push(...page.Items.map((item: Json) => item.Name));
      path = page.Links['Page.Next'];
    }
    expect(names).toEqual(['legacy-01', 'octopus-01', 'ssh-gateway', 'web-01']);
    expect((await server.get('/api/Spaces-1/machines?take=2147483647')).body.Items).toHaveLength(4);
    expect((await server.get('/api/Spaces-1/machines?take=many')).status).toBe(400);
  });

  it('keeps the trap that empty ids mean everything', async () => {
    expect((await server.get('/api/Spaces-1/machines/all?ids=Machines-1,Machines-2')).body).toHaveLength(2);
    expect((await server.get('/api/Spaces-1/machines/all?ids=')).body).toHaveLength(4);
    expect((await server.get('/api/Spaces-1/machines/all?ids=Machines-999')).body).toHaveLength(0);
  });

  it('answers bad JSON and missing bodies with 400 in the error body', async () => {
    const bad = await fetch(`${server.server.url}/api/Spaces-1/projects`, { method: 'POST', body: '{', headers: { 'X-Octopus-ApiKey': server.server.apiKey, 'content-type': 'application/json' } });
    expect(bad.status).toBe(400);
    expect(((await bad.json()) as Json).Errors[0]).toContain('not valid JSON');
    expect((await server.call('PUT', '/api/maintenanceconfiguration')).status).toBe(400);
  });

  it('takes X-HTTP-Method-Override for PUT and DELETE', async () => {
    const node = (await server.get('/api/octopusservernodes/OctopusServerNodes-NODE1')).body;
    const answer = await server.call('POST', '/api/octopusservernodes/OctopusServerNodes-NODE1', { ...node, MaxConcurrentTasks: 7 }, { 'X-HTTP-Method-Override': 'PUT' });
    expect(answer.body.MaxConcurrentTasks).toBe(7);
    await server.call('PUT', '/api/octopusservernodes/OctopusServerNodes-NODE1', { ...node, MaxConcurrentTasks: 5 });
  });
});

describe('permissions', () => {
  it('hides a space that the key may not see from lists, counts and ids', async () => {
    const { apiKey } = addUser(server.database, { username: `one-space-${Date.now()}`, system: [], spaces: { 'Spaces-1': ['*'] } });
    const as = { 'X-Octopus-ApiKey': apiKey };
    expect((await server.get('/api/spaces/all', as)).body.map((space: Json) => space.Id)).toEqual(['Spaces-1']);
    expect((await server.get('/api/spaces', as)).body.TotalResults).toBe(1);
    expect((await server.get('/api/Spaces-2/machines', as)).status).toBe(404);
    expect((await server.get('/api/spaces/Spaces-2', as)).status).toBe(404);
    const me = (await server.get('/api/users/me', as)).body;
    const permissions = (await server.get(`/api/users/${me.Id}/permissions?includeSystem=true`, as)).body;
    expect(permissions.SystemPermissions).toEqual([]);
    expect(permissions.SpacePermissions.MachineEdit.map((grant: Json) => grant.SpaceId)).toEqual(['Spaces-1']);
  });

  it('names the missing permission with 403', async () => {
    const { apiKey } = addUser(server.database, { username: `reader-${Date.now()}`, system: [], spaces: { 'Spaces-1': ['MachineView', 'TaskView'] } });
    const as = { 'X-Octopus-ApiKey': apiKey };
    expect((await server.get('/api/Spaces-1/machines', as)).status).toBe(200);
    expect((await server.get('/api/Spaces-1/projects', as)).body.ErrorMessage).toContain('Missing permission: ProjectView');
    const drain = await server.call('PUT', '/api/octopusservernodes/OctopusServerNodes-NODE1', { MaxConcurrentTasks: 5, IsInMaintenanceMode: true }, as);
    expect(drain).toMatchObject({ status: 403 });
    expect(drain.body.ErrorMessage).toContain('Missing permission: AdministerSystem');
    const task = await server.call('POST', '/api/tasks', { Name: 'Health', Description: 'x', SpaceId: 'Spaces-1', Arguments: {} }, as);
    expect(task.status).toBe(403);
  });

  it('lists system permissions and every space for an administrator', async () => {
    const permissions = (await server.get('/api/users/Users-1/permissions?includeSystem=true')).body;
    expect(permissions.SystemPermissions).toContain('AdministerSystem');
    expect((await server.get('/api/users/Users-1/permissions')).body.SystemPermissions).toEqual([]);
    expect(permissions.SpacePermissions.MachineView.map((grant: Json) => grant.SpaceId)).toEqual(['Spaces-1', 'Spaces-2']);
  });

  it('lets nobody but administrators write in maintenance mode', async () => {
    const { apiKey } = addUser(server.database, { username: `editor-${Date.now()}`, system: [], spaces: { '*': ['*'] } });
    const as = { 'X-Octopus-ApiKey': apiKey };
    expect((await server.call('PUT', '/api/maintenanceconfiguration', { IsInMaintenanceMode: true })).body).toMatchObject({ Id: 'maintenance', IsInMaintenanceMode: true });
    expect((await server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: 'Refused' }, as)).status).toBe(403);
    expect((await server.get('/api/Spaces-1/libraryvariablesets', as)).status).toBe(200);
    await server.call('PUT', '/api/maintenanceconfiguration', { IsInMaintenanceMode: false });
    expect((await server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: 'Allowed' }, as)).status).toBe(201);
  });
});

describe('server certificate and nodes', () => {
  it('shows the certificate and its DER', async () => {
    const [item] = (await server.get('/api/configuration/certificates')).body.Items;
    expect(item).toMatchObject({ Id: 'certificate-global', Thumbprint: server.server.thumbprint });
    const cer = await fetch(`${server.server.url}${item.Links.PublicCer}`, { headers: { 'X-Octopus-ApiKey': server.server.apiKey } });
    const { createHash } = await import('node:crypto');
    expect(createHash('sha1').update(Buffer.from(await cer.arrayBuffer())).digest('hex').toUpperCase()).toBe(server.server.thumbprint);
    expect((await server.call('PUT', '/api/configuration/certificates/certificate-global', {})).status).toBe(405);
  });

  it('drains: ping answers 418, undrained 200; both fields are needed', async () => {
    const path = '/api/octopusservernodes/OctopusServerNodes-NODE1';
    expect((await fetch(`${server.server.url}/api/octopusservernodes/ping`)).status).toBe(200);
    expect((await server.call('PUT', path, { IsInMaintenanceMode: true })).status).toBe(400);
    expect((await server.call('PUT', path, { MaxConcurrentTasks: 5, IsInMaintenanceMode: true })).body.IsInMaintenanceMode).toBe(true);
    const ping = await fetch(`${server.server.url}/api/octopusservernodes/ping`);
    expect(ping.status).toBe(418);
    expect(((await ping.json()) as Json).IsInMaintenanceMode).toBe(true);
    expect((await server.get(`${path}/details`)).body.RunningTasks).toEqual([]);
    expect((await server.get('/api/octopusservernodes/summary')).body.Nodes[0]).toMatchObject({ IsOffline: false, RunningTaskCount: 0, Version: '2026.2.1000' });
    await server.call('PUT', path, { MaxConcurrentTasks: 5, IsInMaintenanceMode: false });
    expect(server.truth().filter(({ event }) => event === 'drain-changed').map(({ drained }) => drained)).toEqual(expect.arrayContaining([true, false]));
  });
});

describe('machines', () => {
  it('finds by thumbprint and keeps what a PUT may not write', async () => {
    const [found] = (await server.get(`/api/Spaces-1/machines/all?thumbprint=${'1'.repeat(40)}`)).body;
    expect(found).toMatchObject({ Name: 'web-01', Thumbprint: '1'.repeat(40), Uri: found.Endpoint.Uri });
    const path = `/api/Spaces-1/machines/${found.Id}`;
    expect((await server.call('PUT', path, found)).status).toBe(400);
    const changed = { ...found, MachineId: found.Id, Endpoint: { ...found.Endpoint, Thumbprint: 'A'.repeat(40), CertificateSignatureAlgorithm: 'md5RSA' } };
    const answer = await server.call('PUT', path, changed);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ Thumbprint: 'A'.repeat(40), Endpoint: { Thumbprint: 'A'.repeat(40), CertificateSignatureAlgorithm: 'sha256RSA' } });
    await server.call('PUT', path, { ...answer.body, MachineId: found.Id, Endpoint: found.Endpoint });
  });

  it('refuses unknown environments and a name that is taken', async () => {
    const [machine] = (await server.get('/api/Spaces-1/machines?name=web-01')).body.Items;
    const answer = await server.call('PUT', `/api/Spaces-1/machines/${machine.Id}`, { ...machine, MachineId: machine.Id, Name: 'legacy-01', EnvironmentIds: ['Environments-99'] });
    expect(answer.status).toBe(400);
    expect(answer.body.Errors).toHaveLength(2);
  });

  it('lists workers of a pool, and says 400 when discovery reaches nobody', async () => {
    const [pool] = (await server.get('/api/Spaces-1/workerpools/all')).body;
    expect((await server.get(`/api/Spaces-1/workerpools/${pool.Id}/workers`)).body.Items.map((worker: Json) => worker.Name)).toEqual(['worker-01']);
    const discovery = await server.get('/api/Spaces-1/machines/discover?host=127.0.0.1&port=1');
    expect(discovery).toMatchObject({ status: 400, body: { ErrorMessage: 'There was a controlled failure.' } });
  });
});

describe('variables', () => {
  it('makes a PUT of a variable set a compare-and-swap', async () => {
    const set = (await server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: 'Lease' })).body;
    const variables = (await server.get(set.Links.Variables)).body;
    const attempt = (value: string) => server.call('PUT', set.Links.Variables, { ...variables, Variables: [{ Name: 'Holder', Value: value }] });
    const answers = await Promise.all([attempt('a'), attempt('b'), attempt('c')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    expect((await server.get(set.Links.Variables)).body.Version).toBe(1);
    const stale = answers.find(({ status }) => status === 400);
    expect(stale?.body.Errors[0]).toContain('another user has made changes');
    expect((await server.call('PUT', set.Links.Variables, { Variables: [] })).status).toBe(400);
  });

  it('never gives a sensitive value back, keeps it on null, and stores it encrypted', async () => {
    const set = (await server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: 'Secrets' })).body;
    const first = (await server.get(set.Links.Variables)).body;
    const saved = (await server.call('PUT', set.Links.Variables, { ...first, Variables: [{ Name: 'Key', Value: 'canary-7261', IsSensitive: true, Type: 'Sensitive' }] })).body;
    expect(saved.Variables[0].Value).toBeNull();
    await server.call('PUT', set.Links.Variables, saved);
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(server.database.path, 'utf8')).not.toContain('canary-7261');
    const stored = server.database.read().Collections.VariableSets.find(({ Id }) => Id === set.VariableSetId);
    expect(server.database.reveal(stored?.Variables[0]?.Value ?? null)).toBe('canary-7261');
  });
});

describe('packages', () => {
  it('pushes with overwrite modes and 409, lists versions and gives the bytes back', async () => {
    const push = (mode: string, content: string, name = 'rotator.1.2.3.zip') => server.call('POST', `/api/Spaces-1/packages/raw?overwriteMode=${mode}`, packageForm(name, content));
    expect(await push('FailIfExists', 'one')).toMatchObject({ status: 201, body: { PackageId: 'rotator', Version: '1.2.3', FileExtension: '.zip', PackageSizeBytes: 3, FeedId: 'feeds-builtin' } });
    expect((await push('FailIfExists', 'two')).status).toBe(409);
    expect((await push('IgnoreIfExists', 'two')).status).toBe(200);
    const item = (await push('OverwriteExisting', 'three')).body;
    expect((await server.get(item.Links.Raw)).text).toBe('three');
    await push('FailIfExists', 'x', 'rotator.1.10.0-rc.1.zip');
    expect((await server.get('/api/Spaces-1/feeds/feeds-builtin/packages/versions?packageId=rotator')).body.Items.map((version: Json) => version.Version)).toEqual(['1.10.0-rc.1', '1.2.3']);
    expect((await push('FailIfExists', 'x', 'nonsense.bin')).status).toBe(400);
    expect((await server.call('POST', '/api/Spaces-1/packages/raw', {})).body.Errors).toEqual(['A package file must be provided']);
  });
});

describe('step templates', () => {
  it('counts versions, hides sensitive values, and brings its uses up to date', async () => {
    const { processId } = await newRunbook('Templates');
    const body = { Name: 'Trust', ActionType: 'Octopus.Script', Properties: script('x').Properties, Packages: [{ Name: 'Rotate.Package', PackageId: null, FeedId: null, AcquisitionLocation: 'Server', Properties: { Extract: 'True', SelectionMode: 'deferred', PackageParameterName: 'Rotate.Package' } }], Parameters: [{ Name: 'Rotate.Package', DisplaySettings: { 'Octopus.ControlType': 'Package' } }, { Name: 'Secret', DefaultValue: { HasValue: true, NewValue: 's3cret' }, DisplaySettings: { 'Octopus.ControlType': 'Sensitive' } }] };
    const template = (await server.call('POST', '/api/Spaces-1/actiontemplates', body)).body;
    expect(template).toMatchObject({ Version: 0, Parameters: [{}, { DefaultValue: { HasValue: true, NewValue: null } }] });
    expect(template.Packages[0].Id).toMatch(/^[0-9a-f-]{36}$/);
    const properties = { ...template.Properties, 'Octopus.Action.Template.Id': template.Id, 'Octopus.Action.Template.Version': '0', 'Rotate.Package': '{"PackageId":"rotator","FeedId":"feeds-builtin"}', Secret: { HasValue: true, NewValue: 'mine' } };
    const process = (await saveSteps(processId, [step('Use', {}, { Properties: properties, Packages: template.Packages })])).body;
    const action = process.Steps[0].Actions[0];
    expect(action.Properties.Secret).toEqual({ HasValue: true, NewValue: null, Hint: null });
    const next = { ...template, Properties: { ...template.Properties, 'Octopus.Action.Script.ScriptBody': 'echo two' } };
    expect((await server.call('PUT', `/api/Spaces-1/actiontemplates/${template.Id}`, next)).body.Version).toBe(1);
    expect((await server.call('PUT', `/api/Spaces-1/actiontemplates/${template.Id}`, next)).status).toBe(400);
    const [use] = (await server.get(`/api/Spaces-1/actiontemplates/${template.Id}/usage`)).body;
    expect(use).toMatchObject({ StepName: 'Use', ActionId: action.Id, Version: '0', ProcessId: processId });
    const update = await server.call('POST', `/api/Spaces-1/actiontemplates/${template.Id}/actionsUpdate`, { Version: 1, ActionsToUpdate: [{ ProcessId: processId, ProcessType: 'Runbook', ActionIds: [action.Id] }] });
    expect(update.body).toMatchObject([{ Id: action.Id, Outcome: 'Success' }]);
    const updated = (await server.get(`/api/Spaces-1/runbookProcesses/${processId}`)).body;
    expect(updated.Version).toBe(2);
    expect(updated.Steps[0].Actions[0].Properties).toMatchObject({ 'Octopus.Action.Script.ScriptBody': 'echo two', 'Octopus.Action.Template.Version': '1', 'Rotate.Package': properties['Rotate.Package'], Secret: { HasValue: true } });
  });
});

describe('runbooks', () => {
  it('refuses an unknown property of process, step, action and package, each by name', async () => {
    const { processId } = await newRunbook('Strict');
    const answer = await saveSteps(processId, [step('One', { Colour: 'red' }, { Flavour: 'sweet', Properties: { 'Octopus.Action.Unheard': '1' }, Packages: [{ Name: '', PackageId: 'x', Weight: 3 }] })]);
    expect(answer.status).toBe(400);
    const errors = answer.body.Errors.join('\n');
    for (const name of ['Colour', 'Flavour', 'Octopus.Action.Unheard', 'Weight']) expect(errors).toContain(`sandbox: unknown property ${name} of`);
    expect((await saveSteps(processId, [{ ...step('Two'), StartTrigger: 'StartWithPrevious' }])).status).toBe(400);
    expect((await server.get(`/api/Spaces-1/runbookProcesses/${processId}`)).body).toMatchObject({ Version: 0, Steps: [] });
  });

  it('refuses a stale process, needs every package selected, and freezes what a snapshot holds', async () => {
    const { projectId, variableSetId, runbookId, processId } = await newRunbook('Snapshots');
    await server.call('POST', '/api/Spaces-1/packages/raw?overwriteMode=OverwriteExisting', packageForm('frozen.1.0.0.zip', 'x'));
    const packages = [{ Name: '', PackageId: 'frozen', FeedId: 'feeds-builtin', AcquisitionLocation: 'Server', Properties: { Extract: 'True' } }];
    const saved = (await saveSteps(processId, [step('One', {}, { Packages: packages })])).body;
    expect((await server.call('PUT', `/api/Spaces-1/runbookProcesses/${processId}`, { ...saved, Version: 0 })).body.Errors[0]).toContain('another user has made changes');
    const template = (await server.get(`/api/Spaces-1/runbookProcesses/${processId}/runbookSnapshotTemplate`)).body;
    expect(template).toMatchObject({ NextNameIncrement: 'Snapshot 1', Packages: [{ ActionName: 'One', PackageReferenceName: '', PackageId: 'frozen', LatestVersion: '1.0.0' }] });
    const post = (selected: object[], name = 'Snapshot 1') => server.call('POST', '/api/Spaces-1/runbookSnapshots?publish=true', { ProjectId: projectId, RunbookId: runbookId, Name: name, SelectedPackages: selected });
    expect((await post([])).body.Errors[0]).toContain("Please select a version of the package 'frozen'");
    expect((await post([{ ActionName: 'One', PackageReferenceName: '', Version: '9.9.9' }])).status).toBe(400);
    const snapshot = (await post([{ ActionName: 'One', PackageReferenceName: '', Version: '1.0.0' }])).body;
    expect((await server.get(`/api/Spaces-1/runbooks/${runbookId}`)).body.PublishedRunbookSnapshotId).toBe(snapshot.Id);
    await saveSteps(processId, [step('Changed')]);
    const variables = (await server.get(`/api/Spaces-1/variables/${variableSetId}`)).body;
    await server.call('PUT', `/api/Spaces-1/variables/${variableSetId}`, { ...variables, Variables: [{ Name: 'Late', Value: '1' }] });
    expect((await server.get(snapshot.Links.ProcessSnapshot)).body.Steps[0].Name).toBe('One');
    expect((await server.get(snapshot.Links.VariableSnapshot)).body.Variables).toEqual([]);
    expect((await server.call('PUT', snapshot.Links.VariableSnapshot, { Version: 0, Variables: [] })).status).toBe(400);
  });

  it('runs by name only what is published, with known machines and required prompts', async () => {
    const { projectId, variableSetId, runbookId, processId } = await newRunbook('Prompts');
    await saveSteps(processId, [step('One')]);
    const variables = (await server.get(`/api/Spaces-1/variables/${variableSetId}`)).body;
    await server.call('PUT', `/api/Spaces-1/variables/${variableSetId}`, { ...variables, Variables: [{ Name: 'Ticket', Value: null, Prompt: { Label: 'Ticket', Required: true } }] });
    const run = (more: object) => server.call('POST', '/api/Spaces-1/runbook-runs/create/v1', { spaceId: 'Spaces-1', spaceIdOrName: 'Spaces-1', ProjectName: 'Prompts', RunbookName: 'Rotate', EnvironmentNames: ['Production'], ...more });
    expect((await run({})).body.Errors).toEqual(['Runbook has no published snapshot.']);
    await server.call('POST', '/api/Spaces-1/runbookSnapshots?publish=true', { ProjectId: projectId, RunbookId: runbookId, Name: 'First' });
    expect((await run({})).body.Errors[0]).toContain("'Ticket' is required");
    expect((await run({ Variables: { Ticket: '1' }, SpecificMachineNames: ['nobody'] })).body.Errors[0]).toContain("'nobody' was not found");
    expect((await run({ Variables: { Ticket: '1' }, EnvironmentNames: ['Nowhere'] })).status).toBe(400);
    const started = await run({ Variables: { ticket: 'OPS-1' }, SkipStepNames: ['unheard of'], RunAt: new Date(Date.now() + 3_600_000).toISOString() });
    expect(started.body.RunbookRunServerTasks).toHaveLength(1);
    const [{ ServerTaskId, RunbookRunId }] = started.body.RunbookRunServerTasks;
    expect((await server.get(`/api/tasks/${ServerTaskId}`)).body).toMatchObject({ Name: 'RunbookRun', State: 'Queued', Arguments: { RunbookRunId } });
    const preview = (await server.get(`/api/Spaces-1/runbooks/${runbookId}/runbookRuns/preview/Environments-1`)).body;
    expect(preview.Form.Elements[0]).toMatchObject({ Control: { Name: 'Ticket', Required: true }, IsValueRequired: true });
    const byId = await server.call('POST', '/api/Spaces-1/runbookRuns', { RunbookId: runbookId, RunbookSnapshotId: (await server.get(`/api/Spaces-1/runbooks/${runbookId}`)).body.PublishedRunbookSnapshotId, EnvironmentId: 'Environments-1', SpaceId: 'Spaces-1', FormValues: { [preview.Form.Elements[0].Name]: 'OPS-2' }, QueueTime: new Date(Date.now() + 3_600_000).toISOString() });
    expect(byId.status).toBe(201);
    expect(byId.body.TaskId).toMatch(/^ServerTasks-\d+$/);
    for (const id of [ServerTaskId, byId.body.TaskId]) expect((await server.call('POST', `/api/tasks/${id}/cancel`, {})).body.State).toBe('Canceled');
  });
});

describe('artifacts', () => {
  it('takes content in a second request and gives the same bytes', async () => {
    const task = (await server.call('POST', '/api/tasks', { Name: 'Health', Description: 'later', SpaceId: 'Spaces-1', Arguments: { MachineIds: ['Machines-1'] }, QueueTime: new Date(Date.now() + 3_600_000).toISOString() })).body;
    const artifact = (await server.call('POST', '/api/Spaces-1/artifacts', { Filename: 'report.json', ServerTaskId: task.Id, SpaceId: 'Spaces-1' })).body;
    expect((await server.get(artifact.Links.Content)).status).toBe(404);
    const bytes = Uint8Array.from([0, 255, 13, 10, 123]);
    const put = await server.call('PUT', artifact.Links.Content, bytes, { 'content-type': 'application/octet-stream' });
    expect(put.status).toBe(204);
    const read = await fetch(`${server.server.url}${artifact.Links.Content}`, { headers: { 'X-Octopus-ApiKey': server.server.apiKey } });
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes);
    const json = await server.call('PUT', artifact.Links.Content, { kept: 'as sent' });
    expect(json.status).toBe(204);
    expect((await server.get(artifact.Links.Content)).text).toBe('{"kept":"as sent"}');
    expect((await server.get(`/api/Spaces-1/artifacts?regarding=${task.Id}`)).body.Items.map((item: Json) => item.Filename)).toEqual(['report.json']);
    await server.call('POST', `/api/tasks/${task.Id}/cancel`);
  });
});

it('has no interruptions, tenants or proxies', async () => {
  for (const noun of ['interruptions', 'tenants', 'proxies']) expect((await server.get(`/api/Spaces-1/${noun}`)).body.Items, noun).toEqual([]);
});
