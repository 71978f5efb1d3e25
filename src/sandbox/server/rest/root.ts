import type { Router } from './router.ts';
import { notFound } from './errors.ts';

/** `{/id}{?..}` of a collection link (octopus-rest.md 3.1). */
const collection = (path: string, more = '') => `${path}{/id}{?skip,take,ids,partialName${more && `,${more}`}}`;

const systemLinks: Record<string, string> = {
  CurrentUser: '/api/users/me', Users: collection('/api/users'), Spaces: collection('/api/spaces'), SpaceHome: '/api/{spaceId}',
  CertificateConfiguration: collection('/api/configuration/certificates'), OctopusServerNodes: collection('/api/octopusservernodes'), OctopusServerClusterSummary: '/api/octopusservernodes/summary',
  MaintenanceConfiguration: '/api/maintenanceconfiguration', ServerStatus: '/api/serverstatus', ServerHealthStatus: '/api/serverstatus/health', TaskTypes: '/api/tasks/tasktypes',
  Tasks: collection('/api/tasks', 'active,environment,tenant,runbook,project,name,node,running,states,spaces,includeSystem'), Capabilities: '/api/capabilities',
};

const spaceNouns: [name: string, noun: string, more?: string][] = [
  ['Machines', 'machines', 'name,roles,isDisabled,healthStatuses,commStyles,tenantIds,environmentIds,thumbprint,shellNames'], ['Workers', 'workers', 'name,isDisabled,healthStatuses,commStyles,workerPoolIds,thumbprint,shellNames'],
  ['Projects', 'projects', 'name,clone'], ['Environments', 'environments', 'name'], ['Runbooks', 'runbooks', 'clone,projectIds'], ['RunbookProcesses', 'runbookProcesses'], ['RunbookSnapshots', 'runbookSnapshots', 'publish'],
  ['RunbookRuns', 'runbookRuns', 'projects,environments,tenants,runbooks,taskState'], ['ProjectTriggers', 'projecttriggers'], ['ActionTemplates', 'actiontemplates'], ['LibraryVariables', 'libraryvariablesets'], ['Artifacts', 'artifacts', 'regarding,order'],
  ['Interruptions', 'interruptions', 'regarding,pendingOnly'], ['Packages', 'packages'], ['WorkerPools', 'workerpools'], ['MachinePolicies', 'machinepolicies'], ['Proxies', 'proxies'], ['Tenants', 'tenants'],
  ['Lifecycles', 'lifecycles'], ['ProjectGroups', 'projectgroups'], ['Feeds', 'feeds'], ['Tasks', 'tasks', 'active,environment,runbook,project,name,node,running,states'],
];

function spaceLinks(base: string): Record<string, string> {
  return {
    ...Object.fromEntries(spaceNouns.map(([name, noun, more]) => [name, collection(`${base}/${noun}`, more)])),
    DiscoverMachine: `${base}/machines/discover{?host,port,type,proxyId}`, DiscoverWorker: `${base}/workers/discover{?host,port,type,proxyId}`,
    Variables: `${base}/variables{/id}{?ids}`, PackageUpload: `${base}/packages/raw{?replace,overwriteMode}`,
  };
}

const capabilities = ['runbook-runs-create-v1', 'deployments-create-v1', 'releases-create-v1', 'CreateReleaseCommandV1', 'RunRunbookRunCommandV1'];

/** `GET /api`, without log-in; `GET /api/Spaces-1` gives the links of a space. */
export function rootRoutes(router: Router): void {
  const { context } = router;
  const describe = (self: string, links: Record<string, string>) => {
    const { InstallationId } = context.database.read();
    return { Application: 'Octopus Deploy', Version: context.version, ApiVersion: '3.0.0', InstallationId, IsEarlyAccessProgram: false, HasLongTermSupport: true, Links: { Self: self, ...links } };
  };
  router.openOrSpace('', () => describe('/api', { ...spaceLinks('/api/Spaces-1'), ...systemLinks }), (call) => describe(`/api/${call.space.Id}`, { ...systemLinks, ...spaceLinks(`/api/${call.space.Id}`), SpaceHome: `/api/${call.space.Id}` }));
  router.either('GET', '/capabilities', { since: 'tellsCapabilities' }, () => ({ Capabilities: capabilities }));
  router.either('GET', '/capabilities/:name', { since: 'tellsCapabilities' }, (call) => {
    const name = capabilities.find((candidate) => candidate.toLowerCase() === (call.params.name ?? '').toLowerCase());
    if (name === undefined) throw notFound(call.params.name ?? '');
    return { Name: name };
  });
}
