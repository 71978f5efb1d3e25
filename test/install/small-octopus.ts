import { createHash } from 'node:crypto';
import { serve, type Answer, type Seen } from '../octopus/server.ts';

type Doc = Record<string, unknown>;

export interface SmallOctopus {
  url: string;
  version: string;
  seen: Seen[];
  /** Requests that change something. */
  writes(): string[];
  collections: Record<string, Doc[]>;
  variables: Record<string, Doc & { Variables: Doc[] }>;
  processes: Record<string, Doc & { Steps: Doc[] }>;
  /** Processes of snapshots. */
  frozen: Record<string, Doc>;
  packages: { Id: string; PackageId: string; Version: string; Hash: string; content: Buffer }[];
  /** Ends the connection instead of answering the n-th writing request, after it was carried out. */
  breakAtWrite: number | null;
  spaces: { Id: string; Name: string; IsDefault: boolean }[];
  /** Users with what `/permissions` answers for each; the first one is the account of the key. */
  users: { Id: string; Username: string; IsActive: boolean; IsService?: boolean; permissions: Doc }[];
  /** Steps that use templates. */
  usages: Doc[];
  /** Paths that the account may not read. */
  forbidden: string[];
}

/** What a user may do in one space, by permission; further lists restrict it. */
export const rights = (permission: string, restriction: Doc = {}, SpaceId = 'Spaces-1'): Doc => ({ SystemPermissions: [], SpacePermissions: { [permission]: [{ SpaceId, RestrictedToProjectIds: [], RestrictedToProjectGroupIds: [], ...restriction }] } });

const ROUTES: Record<string, string> = { projects: 'Projects', environments: 'Environments', actiontemplates: 'ActionTemplates', runbooks: 'Runbooks', machines: 'Machines', libraryvariablesets: 'LibraryVariableSets', runbookSnapshots: 'RunbookSnapshots', workers: 'Workers', projecttriggers: 'ProjectTriggers' };

/** As much of Octopus, above all of one space, as an installer meets: documents with ids, versions on PUT, sensitive values that read null, its own additions to what it stores. */
export async function smallOctopus(): Promise<SmallOctopus> {
  const octopus: SmallOctopus = {
    url: '',
    version: '2026.2.1000',
    seen: [],
    writes: () => octopus.seen.filter((each) => each.method !== 'GET').map((each) => `${each.method} ${each.path}`),
    collections: Object.fromEntries(Object.keys(ROUTES).map((name) => [name, []])),
    variables: {},
    processes: {},
    frozen: {},
    packages: [],
    breakAtWrite: null,
    spaces: [{ Id: 'Spaces-1', Name: 'Default', IsDefault: true }],
    users: [{ Id: 'Users-1', Username: 'rotator', IsActive: true, permissions: { SystemPermissions: ['AdministerSystem'], SpacePermissions: {} } }],
    usages: [],
    forbidden: [],
  };
  octopus.collections['environments'] = [{ Id: 'Environments-1', Name: 'Production' }];
  octopus.collections['machines'] = ['octopus-01', 'web-01'].map((Name, index) => ({
    Id: `Machines-${index + 1}`, Name, IsDisabled: false, HealthStatus: 'Healthy', Roles: ['server'], EnvironmentIds: ['Environments-1'], MachinePolicyId: 'MachinePolicies-1',
    Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: `https://${Name}:10933/`, Thumbprint: String(index).repeat(40) },
  }));
  let ids = 100;
  let writes = 0;

  function store(collection: string, body: Doc): Doc {
    const Id = `${ROUTES[collection]}-${++ids}`;
    const made: Doc = { Links: { Self: `/api/Spaces-1/${collection}/${Id}` }, ...body, Id };
    if (collection === 'actiontemplates') made['Version'] = 1;
    if (collection === 'projects' || collection === 'libraryvariablesets') {
      made['VariableSetId'] = `variableset-${Id}`;
      octopus.variables[`variableset-${Id}`] = { Id: `variableset-${Id}`, OwnerId: Id, Version: 0, Variables: [] };
    }
    if (collection === 'runbooks') {
      Object.assign(made, { RunbookProcessId: `RunbookProcess-${Id}`, PublishedRunbookSnapshotId: null });
      octopus.processes[`RunbookProcess-${Id}`] = { Id: `RunbookProcess-${Id}`, RunbookId: Id, Version: 0, Steps: [] };
    }
    if (collection === 'runbookSnapshots') {
      const process = octopus.processes[`RunbookProcess-${String(made['RunbookId'])}`]!;
      const frozen = { ...structuredClone(process), Id: `${String(process['Id'])}-s-${String(process['Version'])}-${ids}` };
      octopus.frozen[frozen.Id] = frozen;
      Object.assign(made, { FrozenRunbookProcessId: frozen.Id, Assembled: new Date(Date.UTC(2026, 0, 5) + ids * 1000).toISOString() });
    }
    octopus.collections[collection]!.push(made);
    return made;
  }

  function answer({ method, path, query, body }: Seen): Answer {
    const [, , space, area = '', id, rest] = path.split('/').map(decodeURIComponent);
    if (octopus.forbidden.includes(path)) return { status: 403, json: { ErrorMessage: 'You do not have permission to perform this action. Please contact your Octopus administrator. Missing permission: UserView' } };
    if (path === '/api') return { json: { Version: octopus.version, InstallationId: '00000000-0000-4000-8000-000000000001' } };
    if (path === '/api/users') return { json: { TotalResults: octopus.users.length, Items: octopus.users.map(({ permissions: _, ...user }) => user) } };
    if (path === '/api/users/me') return { json: octopus.users[0] };
    if (space === 'users' && id === 'permissions') return { json: octopus.users.find((each) => each.Id === area)?.permissions };
    const sent = (): Doc => JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as Doc;
    if (path === '/api/spaces') return { json: { TotalResults: octopus.spaces.length, Items: octopus.spaces } };
    if (area === 'projectgroups' || area === 'lifecycles') return { json: [{ Id: `${area}-1`, Name: 'Another' }, { Id: `${area}-2`, Name: area === 'lifecycles' ? 'Default Lifecycle' : 'Default Project Group' }] };
    if (area === 'packages' && method === 'GET') return { json: { TotalResults: octopus.packages.length, Items: octopus.packages.map(({ content: _, ...facts }) => facts) } };
    if (area === 'packages' && method === 'DELETE') {
      octopus.packages = octopus.packages.filter((each) => each.Id !== id);
      return { json: {} };
    }
    if (area === 'packages') return push(body, query.get('overwriteMode'));
    if (area === 'variables' || area === 'runbookProcesses') {
      const all: Record<string, Doc> = area === 'variables' ? octopus.variables : octopus.processes;
      if (rest === 'runbookSnapshotTemplate') return { json: { NextNameIncrement: `Snapshot ${octopus.collections['runbookSnapshots']!.length + 1}` } };
      if (Object.hasOwn(octopus.frozen, id!)) return { json: octopus.frozen[id!] };
      if (method === 'PUT') {
        const change = sent();
        if (change['Version'] !== all[id!]!['Version']) return { status: 400, json: { ErrorMessage: 'Stale.' } };
        all[id!] = { ...change, Version: (change['Version'] as number) + 1 };
        for (const step of (all[id!]!['Steps'] ?? []) as Doc[]) step['Id'] ??= `step-${++ids}`;
      }
      return { json: masked(all[id!]!) };
    }
    if (area === 'projects' && rest === 'runbookSnapshots') {
      const found = octopus.collections['runbookSnapshots']!.filter((each) => each['ProjectId'] === id);
      return { json: { TotalResults: found.length, Items: found } };
    }
    const items = octopus.collections[area]?.filter((each) => (each['SpaceId'] ?? 'Spaces-1') === space);
    if (items === undefined) return { status: 404, json: { ErrorMessage: `Unknown: ${method} ${path}` } };
    if (method === 'POST') {
      const made = store(area, sent());
      if (area === 'runbookSnapshots' && query.get('publish') === 'true') octopus.collections['runbooks']!.find((each) => each['Id'] === made['RunbookId'])!['PublishedRunbookSnapshotId'] = made['Id'];
      return { status: 201, json: made };
    }
    if (id === undefined) {
      const found = items.filter((each) => String(each['Name']).toLowerCase().includes((query.get('partialName') ?? '').toLowerCase()));
      return { json: { TotalResults: found.length, Items: found } };
    }
    const found = items.find((each) => each['Id'] === id);
    if (found === undefined) return { status: 404, json: { ErrorMessage: 'not found' } };
    if (rest === 'usage') return { json: octopus.usages.filter((each) => each['ActionTemplateId'] === id) };
    if (method === 'DELETE') {
      octopus.collections[area] = octopus.collections[area]!.filter((each) => each !== found);
      if (area === 'projects') octopus.collections['projecttriggers'] = octopus.collections['projecttriggers']!.filter((each) => each['ProjectId'] !== id);
      if (area === 'projects') octopus.collections['runbooks'] = octopus.collections['runbooks']!.filter((each) => each['ProjectId'] !== id);
      return { json: {} };
    }
    if (method === 'PUT') {
      Object.assign(found, sent());
      if (area === 'actiontemplates') found['Version'] = (found['Version'] as number) + 1;
    }
    return { json: found };
  }

  function push(body: string, mode: string | null): Answer {
    const [head = '', ...others] = body.split('\r\n\r\n');
    const [, PackageId = '', Version = ''] = /filename="(.+?)\.(\d.*)\.zip"/.exec(head) ?? [];
    const content = Buffer.from(others.join('\r\n\r\n').replace(/\r\n--[^\r\n]*--\r\n$/, ''), 'latin1');
    const there = octopus.packages.find((each) => each.PackageId === PackageId && each.Version === Version);
    if (there !== undefined) return mode === 'IgnoreIfExists' ? { json: there } : { status: 409, json: { ErrorMessage: 'A package with the same ID and version already exists' } };
    octopus.packages.push({ Id: `packages-${PackageId}.${Version}`, PackageId, Version, Hash: createHash('sha1').update(content).digest('hex'), content });
    return { status: 201, json: octopus.packages.at(-1) };
  }

  const server = await serve((request) => {
    const told = answer(request);
    if (request.method !== 'GET' && ++writes === octopus.breakAtWrite) return { reset: true };
    return told;
  });
  octopus.url = server.url;
  octopus.seen = server.seen;
  return octopus;
}

/** Of writing requests, from 1: the first of each kind and its last, which stand for those between, and one after all. */
export function turningPoints(writes: readonly string[]): number[] {
  const kinds = writes.map((each) => each.replace(/-?\d+/g, ''));
  const last = kinds.length;
  return [...kinds.flatMap((kind, index) => (kind !== kinds[index - 1] || kind !== kinds[index + 1] ? [index + 1] : [])), last + 1];
}

/** Sensitive values read null (octopus-rest.md 7.3). */
function masked(whole: Doc): Doc {
  if (!Array.isArray(whole['Variables'])) return whole;
  return { ...whole, Variables: (whole['Variables'] as Doc[]).map((each) => (each['IsSensitive'] === true ? { ...each, Value: null } : each)) };
}
