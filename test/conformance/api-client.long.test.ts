import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { strToU8, zipSync } from 'fflate';
import {
  Client, OverwriteMode, PackageRepository, ProjectGroupRepository, LifecycleRepository, ProjectRepository, RunbookEnvironmentScope, RunbookProcessRepository, RunbookRepository, RunbookRunRepository, RunbookSnapshotRepository,
  ServerTaskWaiter, SpaceRepository, userGetCurrent, type Project, type Runbook,
} from '@octopusdeploy/api-client';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** The official npm client, unchanged, against the embedded Octopus with its Tentacles: what it needs is there (octopus-rest.md 11.1). */
let sandbox: ChildProcess;
let home: string;
let client: Client;
let spaceId: string;
let project: Project;
let runbook: Runbook;

const space = 'Default';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'octopus-client-'));
  sandbox = spawn(process.execPath, [resolve('dist/sandbox/start.js'), '--estate', resolve('test/estates/smallest.json'), '--home', join(home, 's'), '--json'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((done, failed) => {
    createInterface({ input: sandbox.stdout as NodeJS.ReadableStream }).once('line', done);
    sandbox.once('exit', (code) => failed(new Error(`The sandbox ended with exit code ${code}.`)));
  });
  const { url, apiKey } = JSON.parse(line) as { url: string; apiKey: string };
  client = await Client.create({ userAgentApp: 'conformance', instanceURL: url, apiKey });
});

afterAll(async () => {
  const ended = new Promise((done) => sandbox.once('exit', done));
  sandbox.kill('SIGTERM');
  await ended;
  rmSync(home, { recursive: true, force: true });
});

it('logs in and sees the spaces', async () => {
  expect(await userGetCurrent(client)).toMatchObject({ Username: 'admin', IsActive: true });
  const spaces = await new SpaceRepository(client).list({ partialName: space });
  expect(spaces.Items.map(({ Name }) => Name)).toEqual([space]);
  spaceId = spaces.Items[0]?.Id ?? '';
  expect(await client.getServerInformation()).toMatchObject({ version: '2026.2.1000' });
});

it('pushes a package and finds it', async () => {
  const path = join(home, 'greeter.1.0.0.zip');
  writeFileSync(path, zipSync({ 'greeting.txt': strToU8('hello from the package\n') }));
  await new PackageRepository(client, space).push([path], OverwriteMode.OverwriteExisting);
  const packages = await new PackageRepository(client, space).list({ nuGetPackageId: 'greeter' });
  expect(packages.Items.map((item) => `${item.PackageId} ${item.Version}`)).toEqual(['greeter 1.0.0']);
});

it('creates project and runbook, and saves the process with its version', async () => {
  const [group] = (await new ProjectGroupRepository(client, space).list({ take: 1 })).Items;
  const [lifecycle] = (await new LifecycleRepository(client, space).list({ take: 1 })).Items;
  project = await new ProjectRepository(client, space).create({ Name: 'Greetings', ProjectGroupId: group?.Id ?? '', LifecycleId: lifecycle?.Id ?? '' } as Parameters<ProjectRepository['create']>[0]);
  runbook = await new RunbookRepository(client, space, project).create({ Name: 'Greet', EnvironmentScope: RunbookEnvironmentScope.All } as Parameters<RunbookRepository['create']>[0]);
  const repository = new RunbookProcessRepository(client, space, project);
  const process = await repository.get(runbook);
  const body = [
    'set -eu', 'echo "task $(get_octopusvariable Octopus.Task.Id) on $(get_octopusvariable Octopus.Machine.Name)"',
    'cat "$(get_octopusvariable "Octopus.Action.Package[Greeter].ExtractedPath")/greeting.txt"',
    'echo greeted > report.txt', 'new_octopusartifact "$PWD/report.txt" report.txt', 'set_octopusvariable Greeting hello',
  ].join('\n');
  const scripted = (name: string, text: string, packages: object[]) => ({
    Name: name, Condition: 'Success', StartTrigger: 'StartAfterPrevious', PackageRequirement: 'LetOctopusDecide', Properties: { 'Octopus.Action.TargetRoles': 'web' },
    Actions: [{ Name: name, ActionType: 'Octopus.Script', Packages: packages, Properties: { 'Octopus.Action.RunOnServer': 'false', 'Octopus.Action.Script.ScriptSource': 'Inline', 'Octopus.Action.Script.Syntax': 'Bash', 'Octopus.Action.Script.ScriptBody': text } }],
  });
  process.Steps = [
    scripted('Greet', body, [{ Name: 'Greeter', PackageId: 'greeter', FeedId: 'feeds-builtin', AcquisitionLocation: 'Server', Version: '1.0.0', Properties: { Extract: 'True' } }]),
    scripted('Answer', 'echo "said: $(get_octopusvariable "Octopus.Action[Greet].Output.Greeting")"', []),
  ] as unknown as typeof process.Steps;
  const saved = await repository.update(process);
  expect([saved.Version, saved.Steps.length]).toEqual([process.Version + 1, 2]);
  await expect(repository.update(process)).rejects.toMatchObject({ StatusCode: 400, message: expect.stringContaining('another user has made changes') });
});

it('publishes, runs by name, waits, and reads log and artifact', async () => {
  const snapshot = await new RunbookSnapshotRepository(client, space, project).create(runbook, 'Snapshot 1', true);
  expect(snapshot.Id).toMatch(/^RunbookSnapshots-\d+$/);
  const started = await new RunbookRunRepository(client, space).create({ spaceName: space, ProjectName: 'Greetings', RunbookName: 'Greet', EnvironmentNames: ['Production'] });
  const [run] = started.RunbookRunServerTasks;
  const taskId = run?.ServerTaskId ?? '';
  const task = await new ServerTaskWaiter(client, space).waitForServerTaskToComplete(taskId, 200, 60_000);
  const raw = await client.getRaw(`~/api/tasks/${taskId}/raw`);
  expect(task, raw).toMatchObject({ Id: taskId, State: 'Success', IsCompleted: true, FinishedSuccessfully: true });
  const details = await client.get<{ ActivityLogs: { Name: string; Status: string; Children: { Name: string; Children: { Name: string; Status: string }[] }[] }[] }>(`~/api/tasks/${taskId}/details`, { verbose: true });
  expect(details.ActivityLogs[0]?.Status).toBe('Success');
  const machines = details.ActivityLogs[0]?.Children.flatMap((step) => step.Children.map(({ Name }) => Name)) ?? [];
  expect(machines.filter((name) => name === 'web-01')).toHaveLength(2);
  expect(raw).toContain(`task ${taskId} on web-01`);
  expect(raw).toContain('hello from the package');
  expect(raw).toContain('said: hello');
  const artifacts = await client.get<{ Items: { Filename: string; Links: { Content: string } }[] }>(`~/api/${spaceId}/artifacts`, { regarding: taskId });
  expect(artifacts.Items.map(({ Filename }) => Filename)).toEqual(['report.txt']);
  expect((await client.getRaw(`~${artifacts.Items[0]?.Links.Content}`)).trim()).toBe('greeted');
});

it('runs a script on a machine through the generic calls, and refuses with an OctopusError', async () => {
  const machines = await client.get<{ Id: string; Name: string }[]>(`~/api/${spaceId}/machines/all`);
  const web = machines.find(({ Name }) => Name === 'web-01');
  const post = (ids: unknown) => client.post<{ Id: string }>('~/api/tasks', { Name: 'AdHocScript', Description: 'Script run from management console', SpaceId: spaceId, Arguments: { MachineIds: ids, TargetType: 'Machines', Syntax: 'Bash', ScriptBody: 'echo "here is $TentacleInstanceName"' } });
  const { Id } = await post([web?.Id]);
  const task = await new ServerTaskWaiter(client, space).waitForServerTaskToComplete(Id, 200, 60_000);
  expect(task.FinishedSuccessfully).toBe(true);
  expect(await client.getRaw(`~/api/tasks/${Id}/raw`)).toContain('here is Tentacle');
  await expect(post(web?.Id)).rejects.toMatchObject({ StatusCode: 400, message: expect.stringContaining('MachineIds must be an array') });
});

it('checks health fully and stores what each Tentacle says of itself', async () => {
  const { Id } = await client.post<{ Id: string }>('~/api/tasks', { Name: 'Health', Description: 'Check', SpaceId: spaceId, Arguments: { OnlyTestConnection: false } });
  expect((await new ServerTaskWaiter(client, space).waitForServerTaskToComplete(Id, 200, 60_000)).FinishedSuccessfully).toBe(true);
  const machines = await client.get<{ HealthStatus: string; Endpoint: { CertificateSignatureAlgorithm: string } }[]>(`~/api/${spaceId}/machines/all`);
  expect(machines.map(({ HealthStatus, Endpoint }) => [HealthStatus, Endpoint.CertificateSignatureAlgorithm])).toEqual([['Healthy', 'sha256RSA'], ['Healthy', 'sha256RSA']]);
});
