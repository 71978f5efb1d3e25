import { bodyOf, BodyReader, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest, notFound } from './errors.ts';
import { filtered, page, queryList } from './paging.ts';
import { projectOf } from './projects.ts';
import { created, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { nextId } from '../database/database.ts';
import { slugOf } from '../slug.ts';
import type { Runbook } from '../database/documents.ts';

function resource(call: SpaceCall, runbook: Runbook): Json {
  const self = pathOf(call, 'runbooks', runbook.Id);
  return { ...runbook, ...selfLink(call, 'runbooks', runbook.Id, {
    Project: pathOf(call, 'projects', runbook.ProjectId), RunbookProcesses: pathOf(call, 'runbookProcesses', runbook.RunbookProcessId), RunbookSnapshots: `${self}/runbookSnapshots{?skip,take,searchByName}`, RunbookSnapshotTemplate: `${pathOf(call, 'runbookProcesses', runbook.RunbookProcessId)}/runbookSnapshotTemplate`,
    RunbookRunPreview: `${self}/runbookRuns/preview/{environment}`, CreateRunbookRun: `${self}/run`, RunbookEnvironments: `${self}/environments`,
  }) };
}

export function runbookOf(call: SpaceCall, idOrName: string, projectId?: string): Runbook {
  const wanted = idOrName.toLowerCase();
  const runbook = ofSpace(call, call.all.Runbooks).filter(({ ProjectId }) => projectId === undefined || ProjectId === projectId).find(({ Id, Name, Slug }) => Id.toLowerCase() === wanted || (projectId !== undefined && (Name.toLowerCase() === wanted || Slug === wanted)));
  if (!runbook) throw notFound(idOrName);
  return runbook;
}

const modes = { EnvironmentScope: ['All', 'Specified', 'FromProjectLifecycles'], MultiTenancyMode: ['Untenanted', 'TenantedOrUntenanted', 'Tenanted'], DefaultGuidedFailureMode: ['EnvironmentDefault', 'Off', 'On'] } as const;

function inputOf(call: SpaceCall, projectId: string, current: Runbook | null, body: Json): Omit<Runbook, 'Id' | 'SpaceId' | 'ProjectId' | 'RunbookProcessId' | 'PublishedRunbookSnapshotId'> {
  const read = new BodyReader(body);
  const Name = read.text('Name');
  const chosen = Object.fromEntries(Object.entries(modes).map(([key, allowed]) => {
    const value = read.text(key, String(current?.[key] ?? allowed[0]));
    if (!(allowed as readonly string[]).includes(value)) read.complain(`The value '${value}' is not valid for ${key}.`);
    return [key, value];
  })) as { EnvironmentScope: Runbook['EnvironmentScope']; MultiTenancyMode: string; DefaultGuidedFailureMode: string };
  const Environments = read.texts('Environments', current?.Environments ?? []);
  Environments.filter((id) => !ofSpace(call, call.all.Environments).some(({ Id }) => Id === id)).forEach((id) => read.complain(`The environment '${id}' does not exist.`));
  if (ofSpace(call, call.all.Runbooks).some((other) => other.Id !== current?.Id && other.ProjectId === projectId && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A runbook with the name '${Name}' already exists in this project. Please choose a different name.`);
  const Description = read.text('Description', current?.Description ?? '');
  const ForcePackageDownload = read.flag('ForcePackageDownload', false);
  read.check();
  return {
    Name, Slug: slugOf(Name), Description, Environments, ForcePackageDownload, ...chosen, RunbookTags: [],
    ConnectivityPolicy: body.ConnectivityPolicy ?? current?.ConnectivityPolicy ?? { AllowDeploymentsToNoTargets: true, ExcludeUnhealthyTargets: false, SkipMachineBehavior: 'None', TargetRoles: [] },
    RunRetentionPolicy: body.RunRetentionPolicy ?? current?.RunRetentionPolicy ?? { QuantityToKeep: 100, ShouldKeepForever: false },
  };
}

function create(call: SpaceCall, projectId: string): Json {
  const input = inputOf(call, projectId, null, bodyOf(call.body));
  return created(call, call.context.database.write((content) => {
    const Id = nextId(content, 'Runbooks');
    const runbook = touch<Runbook>(call, { Id, SpaceId: call.space.Id, ProjectId: projectId, RunbookProcessId: `RunbookProcess-${Id}`, PublishedRunbookSnapshotId: null, ...input } as Runbook);
    content.Collections.Runbooks.push(runbook);
    content.Collections.RunbookProcesses.push({ Id: runbook.RunbookProcessId, SpaceId: call.space.Id, ProjectId: projectId, RunbookId: Id, Version: 0, Steps: [] });
    return resource(call, runbook);
  }));
}

function save(call: SpaceCall): Json {
  const current = runbookOf(call, call.params.id ?? '');
  const body = bodyOf(call.body);
  const input = inputOf(call, current.ProjectId, current, body);
  const published = body.PublishedRunbookSnapshotId === undefined ? current.PublishedRunbookSnapshotId : body.PublishedRunbookSnapshotId;
  if (published !== null && !call.all.RunbookSnapshots.some(({ Id, RunbookId }) => Id === published && RunbookId === current.Id)) throw badRequest(`The snapshot '${String(published)}' is not one of this runbook.`);
  return call.context.database.write(({ Collections }) => {
    const stored = Collections.Runbooks.find(({ Id }) => Id === current.Id) as Runbook;
    return resource(call, touch(call, Object.assign(stored, input, { PublishedRunbookSnapshotId: published as string | null })));
  });
}

function remove(call: SpaceCall): Json {
  const runbook = runbookOf(call, call.params.id ?? '');
  call.context.database.write(({ Collections: all }) => {
    const keep = <T extends { RunbookId: string }>(items: T[]) => items.filter(({ RunbookId }) => RunbookId !== runbook.Id);
    Object.assign(all, { RunbookProcesses: keep(all.RunbookProcesses), RunbookSnapshots: keep(all.RunbookSnapshots), RunbookRuns: keep(all.RunbookRuns) });
    all.Runbooks = all.Runbooks.filter(({ Id }) => Id !== runbook.Id);
  });
  return {};
}

/** Runbooks, under the space and under `/projects/{id}`, where names and slugs serve as ids too. */
export function runbookRoutes(router: Router): void {
  readRoutes(router, { noun: 'runbooks', collection: 'Runbooks', itemType: 'Runbook', permission: 'RunbookView', toResource: resource, where: (call, runbook) => (queryList(call, 'projectIds') ?? [runbook.ProjectId]).includes(runbook.ProjectId) });
  router.space('POST', '/runbooks', { permission: 'RunbookEdit' }, (call) => {
    const { ProjectId } = bodyOf(call.body);
    if (typeof ProjectId !== 'string') throw badRequest('Please provide a value for ProjectId.');
    return create(call, projectOf(call, ProjectId).Id);
  });
  router.space('PUT', '/runbooks/:id', { permission: 'RunbookEdit' }, save);
  router.space('DELETE', '/runbooks/:id', { permission: 'RunbookEdit' }, remove);
  const ofProject = (call: SpaceCall) => {
    const { Id } = projectOf(call, call.params.project ?? '');
    return { Id, runbooks: filtered(call, ofSpace(call, call.all.Runbooks).filter(({ ProjectId }) => ProjectId === Id)) };
  };
  router.space('GET', '/projects/:project/runbooks', { permission: 'RunbookView' }, (call) => {
    const { Id, runbooks } = ofProject(call);
    return page(call, 'Runbook', `${pathOf(call, 'projects', Id)}/runbooks`, runbooks, (runbook) => resource(call, runbook));
  });
  router.space('GET', '/projects/:project/runbooks/all', { permission: 'RunbookView' }, (call) => ofProject(call).runbooks.map((runbook) => resource(call, runbook)));
  router.space('GET', '/projects/:project/runbooks/:id', { permission: 'RunbookView' }, (call) => resource(call, runbookOf(call, call.params.id ?? '', projectOf(call, call.params.project ?? '').Id)));
  router.space('POST', '/projects/:project/runbooks', { permission: 'RunbookEdit' }, (call) => create(call, projectOf(call, call.params.project ?? '').Id));
  router.space('PUT', '/projects/:project/runbooks/:id', { permission: 'RunbookEdit' }, save);
}
