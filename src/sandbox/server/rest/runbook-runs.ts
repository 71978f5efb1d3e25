import { bodyOf, BodyReader, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest, notFound } from './errors.ts';
import { query, queryList } from './paging.ts';
import { projectOf } from './projects.ts';
import { created, inSpace, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { runbookOf } from './runbooks.ts';
import { nextId } from '../database/database.ts';
import type { Protected } from '../database/encryption.ts';
import { addTask } from '../tasks/queue.ts';
import { promptedVariables } from '../tasks/variable-resolution.ts';
import type { Environment, Runbook, RunbookRun, RunbookSnapshot, ServerTask, Variable } from '../database/documents.ts';

interface RunRequest { runbook: Runbook; snapshot: RunbookSnapshot; environment: Environment; formValues: Record<string, string>; skipActions: string[]; specificMachineIds: string[]; excludedMachineIds: string[]; useGuidedFailure: boolean; forcePackageDownload: boolean; queueTime: string | null; queueTimeExpiry: string | null; comments: string }

function resource(call: SpaceCall, run: RunbookRun): Json {
  return { ...run, FormValues: {}, ...selfLink(call, 'runbookRuns', run.Id, { Runbook: pathOf(call, 'runbooks', run.RunbookId), RunbookSnapshot: pathOf(call, 'runbookSnapshots', run.RunbookSnapshotId), Environment: pathOf(call, 'environments', run.EnvironmentId), Task: `/api/tasks/${run.TaskId}`, Artifacts: `${pathOf(call, 'artifacts')}?regarding=${run.TaskId}` }) };
}

function prompts(call: SpaceCall, snapshot: RunbookSnapshot, environment: Environment): Variable[] {
  const sets = [snapshot.FrozenProjectVariableSetId, ...snapshot.LibraryVariableSetSnapshotIds].map((id) => inSpace(call, call.all.VariableSets, id));
  return promptedVariables(sets, environment.Id, snapshot.RunbookId);
}

/** Environments of a runbook limited to some refuse the others. */
function checkRequest(call: SpaceCall, request: RunRequest, read: BodyReader): void {
  const { runbook, environment, snapshot } = request;
  if (runbook.EnvironmentScope === 'Specified' && !runbook.Environments.includes(environment.Id)) read.complain(`The runbook '${runbook.Name}' cannot be run in the environment '${environment.Name}'.`);
  const wanted = prompts(call, snapshot, environment);
  for (const variable of wanted) {
    if (variable.Prompt?.Required && !request.formValues[variable.Id] && variable.Value === null) read.complain(`The prompted variable '${variable.Name}' is required.`);
  }
  Object.keys(request.formValues).filter((id) => !wanted.some((variable) => variable.Id === id)).forEach((id) => read.complain(`The form has no element '${id}'.`));
  for (const id of [...request.specificMachineIds, ...request.excludedMachineIds]) if (!ofSpace(call, call.all.Machines).some((machine) => machine.Id === id)) read.complain(`The machine '${id}' does not exist.`);
}

function start(call: SpaceCall, request: RunRequest): RunbookRun {
  const { runbook, snapshot, environment } = request;
  const { database, queue } = call.context;
  const sensitive = new Set(prompts(call, snapshot, environment).filter(({ IsSensitive }) => IsSensitive).map(({ Id }) => Id));
  const FormValues: Record<string, string | Protected> = Object.fromEntries(Object.entries(request.formValues).map(([id, value]) => [id, sensitive.has(id) ? database.protect(value) : value]));
  let task: ServerTask | undefined;
  const run = database.write((content) => {
    const Id = nextId(content, 'RunbookRuns');
    task = { ...addTask(content, { Name: 'RunbookRun', Description: `Run runbook ${runbook.Name} snapshot ${snapshot.Name} for environment ${environment.Name}`, SpaceId: call.space.Id, ProjectId: runbook.ProjectId, Arguments: { RunbookRunId: Id }, QueueTime: request.queueTime, QueueTimeExpiry: request.queueTimeExpiry, CreatedBy: call.user.Username }) };
    const added = touch<RunbookRun>(call, {
      Id, SpaceId: call.space.Id, Name: `Run ${Id.split('-')[1]} of ${runbook.Name}`, ProjectId: runbook.ProjectId, RunbookId: runbook.Id, RunbookSnapshotId: snapshot.Id, FrozenRunbookProcessId: snapshot.FrozenRunbookProcessId, EnvironmentId: environment.Id, TenantId: null, TaskId: task.Id, Created: new Date().toISOString(), CreatedById: call.user.Id,
      FormValues, SkipActions: request.skipActions, SpecificMachineIds: request.specificMachineIds, ExcludedMachineIds: request.excludedMachineIds, UseGuidedFailure: request.useGuidedFailure, ForcePackageDownload: request.forcePackageDownload, Comments: request.comments,
    });
    content.Collections.RunbookRuns.push(added);
    return { ...added };
  });
  if (task) queue.announce(task);
  return run;
}

function published(call: SpaceCall, runbook: Runbook): RunbookSnapshot {
  if (runbook.PublishedRunbookSnapshotId === null) throw badRequest('Runbook has no published snapshot.');
  return inSpace(call, call.all.RunbookSnapshots, runbook.PublishedRunbookSnapshotId);
}

function environmentOf(call: SpaceCall, idOrName: string): Environment {
  const wanted = idOrName.toLowerCase();
  const environment = ofSpace(call, call.all.Environments).find(({ Id, Name, Slug }) => Id.toLowerCase() === wanted || Name.toLowerCase() === wanted || Slug === wanted);
  if (!environment) throw badRequest(`The environment '${idOrName}' was not found.`);
  return environment;
}

const dictionary = (sent: unknown): Record<string, string> => (typeof sent === 'object' && sent !== null ? Object.fromEntries(Object.entries(sent).map(([key, value]) => [key, String(value ?? '')])) : {});
const time = (sent: unknown) => (typeof sent === 'string' && sent !== '' ? new Date(sent).toISOString() : null);

/** `runbook-runs/create/v1` (octopus-rest.md 6.2): everything by name, one run per environment. */
function runByName(call: SpaceCall): Json {
  const body = bodyOf(call.body);
  const read = new BodyReader(body);
  const [projectName, runbookName] = [read.text('ProjectName'), read.text('RunbookName')];
  const environmentNames = read.texts('EnvironmentNames');
  if (environmentNames.length === 0) read.complain('Please provide at least one environment name.');
  if (typeof body.SpaceIdOrName !== 'string' && typeof body.SpaceId !== 'string') read.complain('Please provide SpaceId and SpaceIdOrName.');
  if (read.texts('Tenants', []).length + read.texts('TenantTags', []).length > 0) read.complain('sandbox: tenants are not simulated.');
  read.check();
  const project = projectOf(call, projectName);
  const runbook = runbookOf(call, runbookName, project.Id);
  const snapshot = typeof body.Snapshot === 'string' && body.Snapshot !== '' ? snapshotByName(call, runbook, body.Snapshot) : published(call, runbook);
  const machineIds = (names: string[]) => names.map((name) => {
    const machine = ofSpace(call, call.all.Machines).find((candidate) => candidate.Name.toLowerCase() === name.toLowerCase() || candidate.Id === name);
    if (!machine) read.complain(`The machine '${name}' was not found.`);
    return machine?.Id ?? '';
  });
  const [specific, excluded] = [machineIds(read.texts('SpecificMachineNames', [])), machineIds(read.texts('ExcludedMachineNames', []))];
  read.check();
  const process = inSpace(call, call.all.RunbookProcesses, snapshot.FrozenRunbookProcessId);
  const skipNames = read.texts('SkipStepNames', []).map((name) => name.toLowerCase());
  const skipActions = process.Steps.filter(({ Name }) => skipNames.includes(Name.toLowerCase())).flatMap(({ Actions }) => Actions.map(({ Id }) => Id));
  const requests = environmentNames.map((name): RunRequest => {
    const environment = environmentOf(call, name);
    const byName = new Map(Object.entries(dictionary(body.Variables)).map(([key, value]) => [key.toLowerCase(), value]));
    const formValues = Object.fromEntries(prompts(call, snapshot, environment).filter(({ Name }) => byName.has(Name.toLowerCase())).map(({ Id, Name }) => [Id, byName.get(Name.toLowerCase()) ?? '']));
    return { runbook, snapshot, environment, formValues, skipActions, specificMachineIds: specific, excludedMachineIds: excluded, useGuidedFailure: read.flag('UseGuidedFailure', false), forcePackageDownload: read.flag('ForcePackageDownload', false), queueTime: time(body.RunAt), queueTimeExpiry: time(body.NoRunAfter), comments: '' };
  });
  requests.forEach((request) => checkRequest(call, request, read));
  read.check();
  return { RunbookRunServerTasks: requests.map((request) => start(call, request)).map(({ Id, TaskId }) => ({ RunbookRunId: Id, ServerTaskId: TaskId })) };
}

function snapshotByName(call: SpaceCall, runbook: Runbook, name: string): RunbookSnapshot {
  const snapshot = ofSpace(call, call.all.RunbookSnapshots).find((item) => item.RunbookId === runbook.Id && (item.Name.toLowerCase() === name.toLowerCase() || item.Id === name));
  if (!snapshot) throw notFound(name);
  return snapshot;
}

function requestById(call: SpaceCall, body: Json, runbook: Runbook, snapshot: RunbookSnapshot, environmentId: string): RunRequest {
  const read = new BodyReader(body);
  const request: RunRequest = {
    runbook, snapshot, environment: environmentOf(call, environmentId), formValues: dictionary(body.FormValues), skipActions: read.texts('SkipActions', []), specificMachineIds: read.texts('SpecificMachineIds', []), excludedMachineIds: read.texts('ExcludedMachineIds', []),
    useGuidedFailure: read.flag('UseGuidedFailure', false), forcePackageDownload: read.flag('ForcePackageDownload', false), queueTime: time(body.QueueTime), queueTimeExpiry: time(body.QueueTimeExpiry), comments: read.text('Comments', ''),
  };
  if (body.TenantId) read.complain('sandbox: tenants are not simulated.');
  checkRequest(call, request, read);
  read.check();
  return request;
}

/** `POST runbookRuns` (octopus-rest.md 6.3). */
function runById(call: SpaceCall): Json {
  const body = bodyOf(call.body);
  const read = new BodyReader(body);
  const [runbookId, snapshotId, environmentId] = [read.text('RunbookId'), read.text('RunbookSnapshotId'), read.text('EnvironmentId')];
  read.check();
  const runbook = runbookOf(call, runbookId);
  const snapshot = inSpace(call, call.all.RunbookSnapshots, snapshotId);
  if (snapshot.RunbookId !== runbook.Id) throw badRequest('The snapshot is not one of this runbook.');
  return created(call, resource(call, start(call, requestById(call, body, runbook, snapshot, environmentId))));
}

function preview(call: SpaceCall): Json {
  const runbook = runbookOf(call, call.params.id ?? '');
  const environment = environmentOf(call, call.params.environment ?? '');
  const wanted = prompts(call, published(call, runbook), environment);
  return {
    Form: {
      Values: Object.fromEntries(wanted.map((variable) => [variable.Id, variable.IsSensitive ? '' : call.context.database.reveal(variable.Value)])),
      Elements: wanted.map((variable) => ({ Name: variable.Id, Control: { Type: 'VariableValue', Name: variable.Name, Label: variable.Prompt?.Label ?? '', Description: variable.Prompt?.Description ?? '', Required: variable.Prompt?.Required ?? false }, IsValueRequired: variable.Prompt?.Required ?? false })),
    },
    StepsToExecute: [], Links: { Self: `${pathOf(call, 'runbooks', runbook.Id)}/runbookRuns/preview/${environment.Id}` },
  };
}

export function runbookRunRoutes(router: Router): void {
  const includes = (call: SpaceCall, name: string, id: string) => (queryList(call, name) ?? [id]).includes(id);
  readRoutes(router, { noun: 'runbookRuns', collection: 'RunbookRuns', itemType: 'RunbookRun', permission: 'RunbookRunView', toResource: resource, order: (a, b) => Number(b.Id.split('-')[1]) - Number(a.Id.split('-')[1]),
    where: (call, run) => includes(call, 'projects', run.ProjectId) && includes(call, 'environments', run.EnvironmentId) && includes(call, 'runbooks', run.RunbookId)
      && (!query(call, 'taskState') || (queryList(call, 'taskState') ?? []).includes(call.all.ServerTasks.find(({ Id }) => Id === run.TaskId)?.State ?? '')) });
  router.space('POST', '/runbook-runs/create/v1', { permission: 'RunbookRunCreate', since: 'runsByName' }, runByName);
  router.space('POST', '/runbookRuns', { permission: 'RunbookRunCreate' }, runById);
  router.space('POST', '/projects/:project/runbookRuns', { permission: 'RunbookRunCreate' }, runById);
  router.space('GET', '/runbooks/:id/runbookRuns/preview/:environment', { permission: 'RunbookView' }, preview);
  router.space('POST', '/runbooks/:id/run', { permission: 'RunbookRunCreate' }, (call) => {
    const runbook = runbookOf(call, call.params.id ?? '');
    const body = bodyOf(call.body);
    const environmentIds = new BodyReader(body).texts('EnvironmentIds', []);
    if (environmentIds.length === 0) throw badRequest('Please provide at least one environment.');
    const snapshot = typeof body.RunbookSnapshotNameOrId === 'string' ? snapshotByName(call, runbook, body.RunbookSnapshotNameOrId) : published(call, runbook);
    const requests = environmentIds.map((id) => requestById(call, body, runbook, snapshot, id));
    call.reply.code(201);
    return requests.map((request) => resource(call, start(call, request)));
  });
}
