import { bodyOf, BodyReader, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink, type CollectionOptions } from './collection.ts';
import { discoverTentacle } from './discovery.ts';
import { badRequest } from './errors.ts';
import { page, query, queryFlag, queryList } from './paging.ts';
import { created, inSpace, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { taskResource } from './task-resource.ts';
import { nextId } from '../database/database.ts';
import { slugOf } from '../slug.ts';
import type { DatabaseContent, Endpoint, MachineBase, Target, Worker } from '../database/documents.ts';

const communicationStyles = ['None', 'TentaclePassive', 'TentacleActive', 'Ssh', 'OfflineDrop', 'AzureWebApp', 'Ftp', 'AzureCloudService', 'AzureServiceFabricCluster', 'Kubernetes', 'StepPackage', 'KubernetesTentacle', 'AwsEcsCluster'];

type Noun = 'machines' | 'workers';

function resource(noun: Noun) {
  return (call: SpaceCall, machine: Target | Worker): Record<string, unknown> => {
    const { LastChecked: _checked, LastHealthTask: _task, Endpoint: endpoint, Version = 0, ...shown } = machine;
    const self = pathOf(call, noun, machine.Id);
    return { ...shown, Version, Endpoint: { ...endpoint, Links: {} }, ...selfLink(call, noun, machine.Id, { Connection: `${self}/connection`, ...(noun === 'machines' ? { TasksTemplate: `${self}/tasks{?skip,take,type}` } : {}) }) };
  };
}

const overlaps = (wanted: string[] | null, found: string[]) => wanted === null || wanted.some((item) => found.includes(item));

function matches(call: SpaceCall, machine: MachineBase): boolean {
  const disabled = queryFlag(call, 'isDisabled');
  const thumbprint = query(call, 'thumbprint')?.toUpperCase();
  return (disabled === null || machine.IsDisabled === disabled) && overlaps(queryList(call, 'healthStatuses'), [machine.HealthStatus]) && overlaps(queryList(call, 'commStyles'), [machine.Endpoint.CommunicationStyle])
    && overlaps(queryList(call, 'shellNames'), [machine.ShellName]) && (!thumbprint || machine.Thumbprint?.toUpperCase() === thumbprint);
}

/** An endpoint as sent, whole: what is left out is gone. `CertificateSignatureAlgorithm` and version details are the server's own (octopus-rest.md 5.3). */
function endpointOf(read: BodyReader, body: Json, current: Endpoint | null): Endpoint {
  const sent = body.Endpoint;
  if (typeof sent !== 'object' || sent === null) {
    read.complain('Please provide an Endpoint.');
    return current ?? { CommunicationStyle: 'None' };
  }
  const { Links: _links, ...endpoint } = sent as Endpoint & { Links?: unknown };
  if (!communicationStyles.includes(endpoint.CommunicationStyle)) read.complain(`The communication style '${String(endpoint.CommunicationStyle)}' is not known.`);
  const kind = endpoint.CommunicationStyle === 'TentaclePassive' ? 'listening' : endpoint.CommunicationStyle === 'TentacleActive' ? 'polling' : null;
  if (kind !== null && (typeof endpoint.Uri !== 'string' || typeof endpoint.Thumbprint !== 'string' || endpoint.Thumbprint === '')) read.complain(`A ${kind} Tentacle needs Uri and Thumbprint.`);
  return { ...endpoint, CertificateSignatureAlgorithm: current?.CertificateSignatureAlgorithm ?? null, ...(current?.TentacleVersionDetails ? { TentacleVersionDetails: current.TentacleVersionDetails } : {}) };
}

/** What a POST or PUT says, checked and laid over the present document. */
function machineFrom(call: SpaceCall, noun: Noun, current: Target | Worker | null): Omit<Target, 'Id'> | Omit<Worker, 'Id'> {
  const body = bodyOf(call.body);
  const read = new BodyReader(body);
  const Name = read.text('Name');
  if (current !== null && read.text('SpaceId') !== call.space.Id) read.complain(`The SpaceId is not that of the space ${call.space.Id}.`);
  const Endpoint = endpointOf(read, body, current?.Endpoint ?? null);
  const policies = ofSpace(call, call.all.MachinePolicies);
  const MachinePolicyId = read.text('MachinePolicyId', policies.find(({ IsDefault }) => IsDefault)?.Id ?? '');
  if (!policies.some(({ Id }) => Id === MachinePolicyId)) read.complain(`The machine policy '${MachinePolicyId}' does not exist.`);
  const siblings = ofSpace<Target | Worker>(call, noun === 'machines' ? call.all.Machines : call.all.Workers);
  if (siblings.some((other) => other.Id !== current?.Id && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A machine with the name '${Name}' already exists. Please choose a different name.`);
  const base = {
    SpaceId: call.space.Id, Name, Slug: slugOf(Name), MachinePolicyId, IsDisabled: read.flag('IsDisabled', false), IsInProcess: false, HealthStatus: current?.HealthStatus ?? 'Unknown', StatusSummary: current?.StatusSummary ?? '',
    HasLatestCalamari: current?.HasLatestCalamari ?? false, OperatingSystem: current?.OperatingSystem ?? 'Unknown', ShellName: current?.ShellName ?? 'Unknown', ShellVersion: current?.ShellVersion ?? 'Unknown', Architecture: current?.Architecture ?? '',
    SkipInitialHealthCheck: read.flag('SkipInitialHealthCheck', false), Endpoint, Thumbprint: Endpoint.Thumbprint ?? null, Uri: Endpoint.Uri ?? null, LastChecked: current?.LastChecked ?? null,
  };
  if (noun === 'workers') {
    const WorkerPoolIds = read.texts('WorkerPoolIds');
    WorkerPoolIds.filter((id) => !ofSpace(call, call.all.WorkerPools).some((pool) => pool.Id === id)).forEach((id) => read.complain(`The worker pool '${id}' does not exist.`));
    read.check();
    return { ...base, WorkerPoolIds };
  }
  const EnvironmentIds = read.texts('EnvironmentIds');
  EnvironmentIds.filter((id) => !ofSpace(call, call.all.Environments).some((environment) => environment.Id === id)).forEach((id) => read.complain(`The environment '${id}' does not exist.`));
  if (EnvironmentIds.length === 0) read.complain('Please select at least one environment.');
  const Roles = read.texts('Roles');
  read.check();
  return { ...base, EnvironmentIds, Roles, TenantedDeploymentParticipation: read.text('TenantedDeploymentParticipation', 'Untenanted'), TenantIds: read.texts('TenantIds', []), TenantTags: read.texts('TenantTags', []) };
}

const described = ({ Id, SpaceId, Name, Thumbprint }: MachineBase) => ({ registration: Id, space: SpaceId, name: Name, thumbprint: Thumbprint });

/**
 * A PUT that carries a `Version` carries the one that it was read with (octopus-rest.md 2.3: stale = 400). Clients that do not know
 * of it send none, and overwrite.
 */
function demandFresh(stored: MachineBase, sent: unknown): void {
  const current = stored.Version ?? 0;
  if (sent !== undefined && sent !== null && sent !== current) throw badRequest(`Changes to ${stored.Name} could not be saved, because another user has made changes to it since. Please refresh and try again. (the current version is ${current}, the request carries ${String(sent)})`);
}

function remove(call: SpaceCall, items: (Target | Worker)[], id: string): void {
  const [removed] = items.splice(items.findIndex((item) => item.Id === id), 1);
  call.context.thumbprints.forget(id);
  if (removed) call.context.truth.event('registration-deleted', described(removed));
}

/** What the switch `meanwhile` lets somebody else do to this registration. */
function meddle(call: SpaceCall, noun: Noun, id: string): void {
  const { change } = call.context.faults.current().meanwhile ?? { change: 'saved' };
  call.context.database.write((content) => {
    const items: (Target | Worker)[] = noun === 'machines' ? content.Collections.Machines : content.Collections.Workers;
    const stored = inSpace(call, items, id);
    call.context.truth.event('registration-meddled', { ...described(stored), change });
    if (change === 'saved' || change === 'renamed') Object.assign(stored, { Version: (stored.Version ?? 0) + 1, LastModifiedBy: 'somebody else', ...(change === 'renamed' ? { Name: `${stored.Name}-renamed`, Slug: slugOf(`${stored.Name}-renamed`) } : {}) });
    else remove(call, items, id);
    if (change !== 'registeredAgain') return;
    const again = { ...stored, Id: nextId(content, noun === 'machines' ? 'Machines' : 'Workers'), Version: 0, Endpoint: { ...stored.Endpoint, CertificateSignatureAlgorithm: null } };
    items.push(again);
    call.context.thumbprints.remember(again);
    call.context.truth.event('registration-created', described(again));
  });
}

function routesOf(router: Router, noun: Noun, view: string, edit: string): void {
  const listOf = (content: DatabaseContent['Collections']): (Target | Worker)[] => (noun === 'machines' ? content.Machines : content.Workers);
  const toResource = resource(noun);
  router.space('GET', `/${noun}/discover`, { permission: edit }, async (call) => {
    const found = await discoverTentacle(query(call, 'host') ?? '', Number(query(call, 'port') ?? 10933), query(call, 'type') ?? 'TentaclePassive');
    return { Id: null, SpaceId: call.space.Id, Name: found.host, IsDisabled: false, HealthStatus: 'Unknown', Thumbprint: found.thumbprint, Uri: found.uri, Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: found.uri, ProxyId: null, Thumbprint: found.thumbprint, Id: null, Links: {} }, Links: {} };
  });
  router.space('GET', `/${noun}/:id/connection`, { permission: view }, (call) => {
    const machine = inSpace(call, listOf(call.all), call.params.id ?? '');
    return { Id: machine.Id, MachineId: machine.Id, Status: machine.HealthStatus, LastChecked: machine.LastChecked ?? null, CurrentTentacleVersion: machine.Endpoint.TentacleVersionDetails?.Version ?? null, Logs: [], Links: { Self: `${pathOf(call, noun, machine.Id)}/connection`, Machine: pathOf(call, noun, machine.Id) } };
  });
  router.space('POST', `/${noun}`, { permission: noun === 'machines' ? 'MachineCreate' : edit }, (call) => {
    const machine = machineFrom(call, noun, null);
    return created(call, call.context.database.write((content) => {
      const added = touch(call, { Id: nextId(content, noun === 'machines' ? 'Machines' : 'Workers'), ...machine } as Target & Worker);
      listOf(content.Collections).push(added);
      call.context.thumbprints.remember(added);
      call.context.truth.event('registration-created', described(added));
      return toResource(call, added);
    }));
  });
  router.space('PUT', `/${noun}/:id`, { permission: edit }, (call) => {
    const current = inSpace(call, listOf(call.all), call.params.id ?? '');
    const sent = bodyOf(call.body)[noun === 'machines' ? 'MachineId' : 'Id'];
    if (sent !== current.Id) throw badRequest(`Please provide the ${noun === 'machines' ? 'MachineId' : 'Id'} of the resource in the body.`);
    const machine = machineFrom(call, noun, current);
    if (call.context.faults.strikes('meanwhile', call.request.originalUrl, 'PUT')) meddle(call, noun, current.Id);
    return call.context.database.write(({ Collections }) => {
      const stored = inSpace(call, listOf(Collections), current.Id);
      demandFresh(stored, bodyOf(call.body).Version);
      if (stored.Thumbprint !== machine.Thumbprint) call.context.truth.event('registration-changed', { ...described(stored), from: stored.Thumbprint, to: machine.Thumbprint });
      if (stored.Name !== machine.Name) call.context.truth.event('registration-renamed', { ...described(stored), to: machine.Name });
      Object.assign(stored, machine, { Version: (stored.Version ?? 0) + 1 });
      call.context.thumbprints.remember(stored);
      return toResource(call, touch(call, stored));
    });
  });
  router.space('DELETE', `/${noun}/:id`, { permission: noun === 'machines' ? 'MachineDelete' : edit }, (call) => {
    const { Id } = inSpace(call, listOf(call.all), call.params.id ?? '');
    call.context.database.write(({ Collections }) => remove(call, listOf(Collections), Id));
    return {};
  });
}

/** Targets and workers (octopus-rest.md section 5). */
export function machineRoutes(router: Router): void {
  const machines: CollectionOptions<'Machines'> = {
    noun: 'machines', collection: 'Machines', itemType: 'Machine', permission: 'MachineView', toResource: resource('machines'),
    where: (call, machine) => matches(call, machine) && overlaps(queryList(call, 'roles') ?? queryList(call, 'targetTags'), machine.Roles) && overlaps(queryList(call, 'environmentIds'), machine.EnvironmentIds) && overlaps(queryList(call, 'tenantIds'), machine.TenantIds),
  };
  const workers: CollectionOptions<'Workers'> = {
    noun: 'workers', collection: 'Workers', itemType: 'Worker', permission: 'WorkerView', toResource: resource('workers'),
    where: (call, worker) => matches(call, worker) && overlaps(queryList(call, 'workerPoolIds'), worker.WorkerPoolIds),
  };
  readRoutes(router, machines);
  readRoutes(router, workers);
  routesOf(router, 'machines', 'MachineView', 'MachineEdit');
  routesOf(router, 'workers', 'WorkerView', 'WorkerEdit');
  router.space('GET', '/machines/:id/tasks', { permission: 'MachineView' }, (call) => {
    const machine = inSpace(call, call.all.Machines, call.params.id ?? '');
    const type = query(call, 'type') ?? 'Deployment';
    if (type !== 'Deployment' && type !== 'RunbookRun') throw badRequest(`The type '${type}' is not known.`);
    const runs = type === 'Deployment' ? [] : call.all.RunbookRuns.filter((run) => machine.EnvironmentIds.includes(run.EnvironmentId)).map(({ TaskId }) => TaskId);
    return page(call, 'Task', `${pathOf(call, 'machines', machine.Id)}/tasks`, call.all.ServerTasks.filter(({ Id }) => runs.includes(Id)).reverse(), (task) => taskResource(task));
  });
  router.space('GET', '/environments/:id/machines', { permission: 'MachineView' }, (call) => {
    const environment = inSpace(call, call.all.Environments, call.params.id ?? '');
    return page(call, 'Machine', `${pathOf(call, 'environments', environment.Id)}/machines`, ofSpace(call, call.all.Machines).filter((machine) => machine.EnvironmentIds.includes(environment.Id)), (machine) => resource('machines')(call, machine));
  });
  router.space('GET', '/workerpools/:id/workers', { permission: 'WorkerView' }, (call) => {
    const pool = inSpace(call, call.all.WorkerPools, call.params.id ?? '');
    return page(call, 'Worker', `${pathOf(call, 'workerpools', pool.Id)}/workers`, ofSpace(call, call.all.Workers).filter((worker) => worker.WorkerPoolIds.includes(pool.Id)), (worker) => resource('workers')(call, worker));
  });
}
