import { mkdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { Database, emptyContent, nextId } from './database/database.ts';
import { addUserTo } from './database/users.ts';
import { differencesOf } from './version-differences.ts';
import { defaultInstance, listInstances, masterKeyName, masterKeyOf, protectMasterKey, readConfiguration, registerInstance, writeConfiguration } from './instance.ts';
import { foldersOf } from './folders.ts';
import { X509Certificate } from 'node:crypto';
import { createServerCertificate, type CertificateWithKey } from './certificate.ts';
import { freePort } from '../machines/free-port.ts';
import { slugOf } from './slug.ts';
import type { DatabaseContent, Endpoint, MachineBase } from './database/documents.ts';

export { createServerCertificate };

/** The part of an estate file (schemas/estate.schema.json) that the server is made from. */
export interface ServerEstate {
  server: { version: string; nodes: { name: string; machine: string; version?: string }[] };
  spaces: { name: string; environments: string[]; workerPools?: string[] }[];
  machines: {
    name: string; tentacleVersion?: string; state?: 'on' | 'off';
    registrations: { space: string; as: 'target' | 'worker'; name?: string; roles?: string[]; environments?: string[]; workerPools?: string[]; disabled?: boolean }[];
  }[];
  otherEndpoints?: { space: string; name: string; style: string; roles?: string[]; environments?: string[] }[];
}

/** What machine creation made; `port` and `thumbprint` are those of its Tentacle. */
export interface ServerMachine { name: string; dir: string; port: number; thumbprint: string; /** `poll://.../` of a polling Tentacle. */ subscription?: string | null; platform?: 'linux' | 'windows'; /** Where the shared folder of several nodes is mounted on it. */ share?: string; /** Of its Tentacle's certificate, as a health check found it. */ signatureAlgorithm?: string }

export interface ServerNodeRecord { name: string; machine: string; webPort: number; commsPort: number }
export interface ServerRecord {
  url: string; apiKey: string; machine: string; commsPort: number; thumbprint: string; certificatePem: string; nodes: ServerNodeRecord[];
}

function find<T extends { Name: string }>(kind: string, items: T[], name: string): T {
  const item = items.find((candidate) => candidate.Name === name);
  if (!item) throw new Error(`The estate has no ${kind} named ${name}.`);
  return item;
}

function addSpaces(content: DatabaseContent, estate: ServerEstate): void {
  const all = content.Collections;
  for (const [index, spec] of estate.spaces.entries()) {
    const SpaceId = nextId(content, 'Spaces');
    all.Spaces.push({ Id: SpaceId, Name: spec.name, Slug: slugOf(spec.name), Description: '', IsDefault: index === 0, IsPrivate: false, TaskQueueStopped: false, SpaceManagersTeams: [], SpaceManagersTeamMembers: [] });
    for (const [order, name] of spec.environments.entries()) {
      all.Environments.push({ Id: nextId(content, 'Environments'), SpaceId, Name: name, Slug: slugOf(name), Description: '', SortOrder: order, UseGuidedFailure: false, AllowDynamicInfrastructure: false, ExtensionSettings: [] });
    }
    for (const [order, name] of (spec.workerPools ?? ['Default Worker Pool']).entries()) {
      all.WorkerPools.push({ Id: nextId(content, 'WorkerPools'), SpaceId, Name: name, Slug: slugOf(name), Description: '', WorkerPoolType: 'StaticWorkerPool', IsDefault: order === 0, SortOrder: order, CanAddWorkers: true });
    }
    all.MachinePolicies.push({ Id: nextId(content, 'MachinePolicies'), SpaceId, Name: 'Default Machine Policy', Description: '', IsDefault: true });
    all.ProjectGroups.push({ Id: nextId(content, 'ProjectGroups'), SpaceId, Name: 'Default Project Group' });
    all.Lifecycles.push({ Id: nextId(content, 'Lifecycles'), SpaceId, Name: 'Default Lifecycle' });
    // Only the default space's feed has the short id: the sandbox knows one document by one id.
    all.Feeds.push({ Id: index === 0 ? 'feeds-builtin' : `feeds-builtin-${SpaceId}`, SpaceId, Name: 'Octopus Server (built-in)', Slug: 'octopus-server-built-in', FeedType: 'BuiltIn', PackageAcquisitionLocationOptions: ['Server', 'ExecutionTarget'] });
  }
}

function endpointOf(machine: ServerMachine | null, style: string, version: string | null): Endpoint {
  if (!machine) return { CommunicationStyle: style, Id: null };
  return {
    ...(machine.subscription ? { CommunicationStyle: 'TentacleActive', Uri: machine.subscription } : { CommunicationStyle: 'TentaclePassive', Uri: `https://127.0.0.1:${machine.port}/`, ProxyId: null }), Thumbprint: machine.thumbprint, CertificateSignatureAlgorithm: machine.signatureAlgorithm ?? 'sha256RSA',
    TentacleVersionDetails: { UpgradeLocked: false, Version: version, UpgradeSuggested: false, UpgradeRequired: false, UpgradeAvailable: false }, Id: null,
  };
}

function addMachine(content: DatabaseContent, spaceName: string, machine: ServerMachine | null, version: string | null, spec: { as: 'target' | 'worker'; name: string; style: string; roles?: string[]; environments?: string[]; workerPools?: string[]; disabled?: boolean; off?: boolean }): void {
  const all = content.Collections;
  const space = find('space', all.Spaces, spaceName);
  const inSpace = <T extends { SpaceId: string }>(items: T[]) => items.filter((item) => item.SpaceId === space.Id);
  const Endpoint = endpointOf(machine, spec.style, version);
  const base: Omit<MachineBase, 'Id'> = {
    SpaceId: space.Id, Name: spec.name, Slug: slugOf(spec.name), MachinePolicyId: inSpace(all.MachinePolicies)[0]?.Id ?? '', IsDisabled: spec.disabled ?? false, IsInProcess: false,
    // An estate that has been in use: each Tentacle was checked when it was last on.
    ...(machine
      ? { HealthStatus: spec.off ? 'Unavailable' as const : 'Healthy' as const, StatusSummary: '', ...(machine.platform === 'windows' ? { OperatingSystem: 'Microsoft Windows NT 10.0.20348.0', ShellName: 'PowerShell', ShellVersion: '5.1' } : { OperatingSystem: 'Linux', ShellName: 'Bash', ShellVersion: '5.2' }), Architecture: 'x64' }
      : { HealthStatus: 'Unknown' as const, StatusSummary: 'This machine was recently added. Please perform a health check.', OperatingSystem: 'Unknown', ShellName: 'Unknown', ShellVersion: 'Unknown', Architecture: '' }),
    HasLatestCalamari: true,
    SkipInitialHealthCheck: false, Thumbprint: Endpoint.Thumbprint ?? null, Uri: Endpoint.Uri ?? null, Endpoint, LastChecked: null,
  };
  if (spec.as === 'worker') {
    const pools = spec.workerPools ?? [inSpace(all.WorkerPools)[0]?.Name ?? ''];
    all.Workers.push({ ...base, Id: nextId(content, 'Workers'), WorkerPoolIds: pools.map((name) => find('worker pool', inSpace(all.WorkerPools), name).Id) });
    return;
  }
  all.Machines.push({
    ...base, Id: nextId(content, 'Machines'), Roles: spec.roles ?? [], TenantedDeploymentParticipation: 'Untenanted', TenantIds: [], TenantTags: [],
    EnvironmentIds: (spec.environments ?? []).map((name) => find('environment', inSpace(all.Environments), name).Id),
  });
}

/** Writes a certificate into the database content under its master key. */
export function storeCertificate(database: Pick<Database, 'protect'>, content: DatabaseContent, certificate: CertificateWithKey): void {
  content.Collections.Certificates = [{
    Id: 'certificate-global', Name: 'Global certificate', Thumbprint: certificate.thumbprint, SignatureAlgorithm: 'sha256RSA',
    Certificate: new X509Certificate(certificate.certificatePem).raw.toString('base64'), PrivateKey: database.protect(certificate.keyPem),
  }];
}

/**
 * Makes the server of a new sandbox below HOME/server: database with spaces, environments, registrations, administrator and
 * certificate, and one `OctopusServer` instance on each node's machine. `commsPorts`: one a node, where they are chosen already,
 * since polling Tentacles must know them. Nothing runs afterwards.
 */
export async function createServer(home: string, estate: ServerEstate, machines: ServerMachine[], certificate: CertificateWithKey, { commsPorts = [], portal }: { commsPorts?: number[]; /** The address of a load balancer before the portals. */ portal?: string } = {}): Promise<ServerRecord> {
  const folder = join(home, 'server');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const masterKey = randomBytes(differencesOf(estate.server.version).masterKeyBytes);
  const path = join(folder, 'octopus.db.json');
  const content = emptyContent(randomUUID(), estate.server.version);
  if (portal !== undefined) content.PortalUri = portal;
  addSpaces(content, estate);
  const machineOf = (name: string) => {
    const machine = machines.find((candidate) => candidate.name === name);
    if (!machine) throw new Error(`No machine named ${name} was made.`);
    return machine;
  };
  for (const spec of estate.machines) {
    for (const registration of spec.registrations) {
      addMachine(content, registration.space, machineOf(spec.name), spec.tentacleVersion ?? '8.3.2', { style: 'TentaclePassive', ...registration, name: registration.name ?? spec.name, off: spec.state === 'off' });
    }
  }
  for (const other of estate.otherEndpoints ?? []) addMachine(content, other.space, null, null, { as: 'target', ...other });
  const { apiKey } = addUserTo(content, { username: 'admin', system: ['*'], spaces: { '*': ['*'] } });
  content.Collections.Maintenance.push({ Id: 'maintenance', IsInMaintenanceMode: false });
  const nodes: ServerNodeRecord[] = [];
  for (const [index, node] of estate.server.nodes.entries()) {
    const record = { name: node.name, machine: node.machine, webPort: await freePort(), commsPort: commsPorts[index] ?? await freePort() };
    nodes.push(record);
    content.Collections.OctopusServerNodes.push({ Id: `OctopusServerNodes-${node.name}`, Name: node.name, LastSeen: new Date(0).toISOString(), MaxConcurrentTasks: 5, IsInMaintenanceMode: false, WebPort: record.webPort });
    const { dir, share } = machineOf(node.machine);
    writeInstance({ machineDir: dir, database: path, masterKey, node: record, ...(share === undefined ? { folder } : { folder: join(dir, 'octopus'), share }) });
  }
  const vault = new Database(path, masterKey);
  storeCertificate(vault, content, certificate);
  Database.create(path, masterKey, content);
  const [first] = nodes;
  if (!first) throw new Error('The estate has no server node.');
  return { url: portal ?? `http://127.0.0.1:${first.webPort}`, apiKey, machine: first.machine, commsPort: first.commsPort, thumbprint: certificate.thumbprint, certificatePem: certificate.certificatePem, nodes };
}

/** `folder`: the node's own; `share`: where packages, artifacts and task logs of several nodes are. */
export interface InstanceSpec { machineDir: string; folder: string; share?: string; database: string; masterKey: Buffer; node: ServerNodeRecord }

/** Writes the configuration of one node, and its `OctopusServer` instance. */
export function writeInstance({ machineDir, folder, share, database, masterKey, node }: InstanceSpec): void {
  for (const path of [join(folder, 'Logs'), ...['packages', 'artifacts', 'tasklogs'].map((name) => join(share ?? folder, name))]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const configurationFile = join(machineDir, 'octopus', 'OctopusServer.config');
  writeConfiguration(configurationFile, new Map([
    ['Octopus.Home', folder],
    ['Octopus.Storage.ExternalDatabaseConnectionString', `Data Source=${database}`],
    [masterKeyName, protectMasterKey(machineDir, masterKey)],
    ['Octopus.Storage.NodeName', node.name],
    ...(share === undefined ? [] : [['Octopus.Folder.ClusterSharedDirectory', share] as const]),
    ['Octopus.Communications.ServicesPort', String(node.commsPort)],
    ['Octopus.WebPortal.ListenPrefixes', `http://127.0.0.1:${node.webPort}/`],
  ]));
  registerInstance(machineDir, { name: defaultInstance, configurationFile });
}

/** Opens the database of a sandbox through the instance on one of its server machines: for tests, and for the executable. */
export function openDatabase(machineDir: string, instance: string = defaultInstance): Database {
  const record = listInstances(machineDir).find(({ name }) => name.toLowerCase() === instance.toLowerCase());
  if (!record || !existsSync(record.configurationFile)) throw new Error(`Instance ${instance} of Octopus Server has not been configured on this machine.`);
  const configuration = readConfiguration(record.configurationFile);
  return new Database(foldersOf(configuration).database, masterKeyOf(machineDir, configuration));
}
