import { installErrors } from '../errors/install.ts';
import { LEASE_SET, LEASE_VARIABLE, parseMarker } from '../journal/lease-store.ts';
import type { Registration } from '../octopus/contract.ts';
import type { Http } from '../octopus/http.ts';
import { readLibrarySet } from '../octopus/library-sets.ts';
import { downloadPackage, findPackage, type StoredPackage } from '../octopus/packages.ts';
import { document, either, filledText, list, maybe, object, type Document } from '../octopus/reader.ts';
import { readRegistrations } from '../octopus/registrations.ts';
import { defaultOf, findResource, readResources, type Resource } from '../octopus/resources.ts';
import { readSnapshot, readSnapshots, type Snapshot } from '../octopus/runbook-snapshots.ts';
import { readAbout } from '../octopus/server.ts';
import { readMyself, readRights, type Rights, type User } from '../octopus/users.ts';
import { capabilitiesOfVersion, type VersionCapabilities } from '../octopus/capabilities.ts';
import { readSpaces } from '../octopus/spaces.ts';
import { failedWith } from '../octopus/failure.ts';
import { readVersioned, type Versioned } from '../octopus/versioned.ts';
import { segment } from '../octopus/address.ts';
import { PACKAGE_ID } from '../packaging/names.ts';
import { observeEditors, observeHost, type Exposure } from './exposure.ts';
import { PROJECT_NAME } from './names.ts';
import { hashMatches, notesOfOurs, type InstallSettings, type Release } from './release.ts';
import type { RunbookDefinition } from './runbooks/definition.ts';
import { TRIGGER_NAME } from './schedule.ts';

export type PackageState = { state: 'absent' } | { state: 'same' } | { state: 'differs'; hash: string | null };

/** A project with what hangs on it. */
export interface ObservedProject { project: Resource; variablesId: string; variables: Versioned }
export interface ObservedRunbook { runbook: Resource; processId: string; process: Versioned; published: Snapshot | null; /** What the last installation froze; null when there is no snapshot of ours, or it cannot be read. */ installed: Installation | null }

/** The steps, the release that they came from, and the parameters in them (STEP / NAME) that had a person's value. */
export interface Installation { version: string; kept: string[]; steps: Document[] }

/** The space as it is, before anything is written. */
export interface Observed {
  can: VersionCapabilities;
  /** Of the API key. */
  account: User;
  rights: Rights;
  spaceId: string;
  environment: Resource | null;
  targets: Registration[];
  package: PackageState;
  /** By the template's name. */
  templates: ReadonlyMap<string, Resource | null>;
  projectGroupId: string | null;
  lifecycleId: string | null;
  project: ObservedProject | null;
  /** By the runbook's name, one entry for each definition. */
  runbooks: ReadonlyMap<string, ObservedRunbook | null>;
  /** Of ours; null also when no schedule was asked for. */
  trigger: Resource | null;
  hasLeaseSet: boolean;
  /** The rotation that the lease says is open; where its marker cannot be read, its name for people. */
  openRotation: string | null;
  /** Names of the projects of the space that are not ours. */
  otherProjects: string[];
  exposure: Exposure;
}

/** Reads everything that the plan needs; writes nothing. OCTOPUS_TOO_OLD for an old server, INSTALL_SPACE_MISSING when the space cannot be seen. */
export async function observe(http: Http, settings: InstallSettings, release: Release, definitions: readonly RunbookDefinition[]): Promise<Observed> {
  const can = capabilitiesOfVersion((await readAbout(http)).version);
  const [spaces, account] = await Promise.all([readSpaces(http), readMyself(http)]);
  const rights = await readRights(http, account.id);
  const space = spaces.find((each) => each.name.toLowerCase() === settings.spaceName.toLowerCase());
  if (space === undefined) throw installErrors.INSTALL_SPACE_MISSING({ space: settings.spaceName, seen: spaces.map((each) => each.name) });
  const spaceId = space.id;
  const [environment, registrations, packageState, templates, projectGroupId, lifecycleId, projects, leaseSet] = await Promise.all([
    findResource(http, spaceId, 'environments', settings.environmentName),
    readRegistrations(http, spaceId),
    readPackage(http, spaceId, release),
    Promise.all([...release.templates.values()].map(async (template) => [template.Name, await findResource(http, spaceId, 'actiontemplates', template.Name)] as const)),
    defaultOf(http, spaceId, 'projectgroups', 'Default Project Group'),
    defaultOf(http, spaceId, 'lifecycles', 'Default Lifecycle'),
    readResources(http, spaceId, 'projects'),
    readLibrarySet(http, spaceId, LEASE_SET),
  ]);
  const isOurs = ({ name }: Resource): boolean => name.toLowerCase() === PROJECT_NAME.toLowerCase();
  const project = projects.find(isOurs) ?? null;
  const targets = registrations.filter((each) => each.kind === 'target');
  const [editors, hostElsewhere] = await Promise.all([
    observeEditors(http, account, { spaceId, projectId: project?.id ?? null, projectGroupId: groupOf(project) ?? projectGroupId }),
    observeHost(http, hostAmong(targets, settings), space, spaces, registrations),
  ]);
  return {
    can,
    account,
    rights,
    spaceId,
    environment,
    targets,
    package: packageState,
    templates: new Map(templates),
    projectGroupId,
    lifecycleId,
    project: project === null ? null : await observeProject(http, spaceId, project),
    runbooks: new Map(await Promise.all(definitions.map(async ({ name }) => [name, project === null ? null : await findRunbook(http, spaceId, project.id, name)] as const))),
    trigger: project === null || settings.schedule === undefined ? null : await findTrigger(http, spaceId, project.id),
    hasLeaseSet: leaseSet !== null,
    openRotation: openRotationOf(leaseSet?.variables[LEASE_VARIABLE] ?? ''),
    otherProjects: projects.filter((each) => !isOurs(each)).map((each) => each.name),
    exposure: { editors, hostElsewhere },
  };
}

export function openRotationOf(marker: string): string | null {
  if (marker === '') return null;
  try {
    return parseMarker(marker).rotationId;
  } catch {
    return 'one whose marker cannot be read';
  }
}

/** The target that is to run the steps, by its name. */
export function hostAmong(targets: readonly Registration[], settings: InstallSettings): Registration | undefined {
  return targets.find((each) => each.name.toLowerCase() === settings.hostTentacle.toLowerCase());
}

function groupOf(project: Resource | null): string | null {
  const group = project?.whole['ProjectGroupId'];
  return typeof group === 'string' ? group : null;
}

/** A project's variables. */
export async function observeProject(http: Http, spaceId: string, project: Resource): Promise<ObservedProject> {
  const { VariableSetId } = object({ VariableSetId: filledText })(project.whole, 'the project');
  return { project, variablesId: VariableSetId, variables: await readVersioned(http, variablesPath(spaceId, VariableSetId)) };
}

async function findRunbook(http: Http, spaceId: string, projectId: string, name: string): Promise<ObservedRunbook | null> {
  const runbook = await findResource(http, spaceId, 'runbooks', name, { projectIds: projectId });
  // The filter by project is checked: another project may have a runbook of that name.
  return runbook === null || runbook.whole['ProjectId'] !== projectId ? null : observeRunbook(http, spaceId, runbook);
}

async function findTrigger(http: Http, spaceId: string, projectId: string): Promise<Resource | null> {
  const all = await readResources(http, spaceId, 'projecttriggers');
  return all.find((each) => each.name === TRIGGER_NAME && each.whole['ProjectId'] === projectId) ?? null;
}

/** A runbook's process and its published snapshot. */
export async function observeRunbook(http: Http, spaceId: string, runbook: Resource): Promise<ObservedRunbook> {
  const { RunbookProcessId, PublishedRunbookSnapshotId } = object({ RunbookProcessId: filledText, PublishedRunbookSnapshotId: maybe(filledText) })(runbook.whole, 'the runbook');
  const published = PublishedRunbookSnapshotId === null ? null : await readSnapshot(http, spaceId, PublishedRunbookSnapshotId);
  return {
    runbook,
    processId: RunbookProcessId,
    process: await readVersioned(http, processPath(spaceId, RunbookProcessId)),
    published,
    installed: await readInstalled(http, spaceId, runbook, published),
  };
}

/** The steps of the last snapshot that bears our notes; somebody else may have published one since. */
async function readInstalled(http: Http, spaceId: string, runbook: Resource, published: Snapshot | null): Promise<ObservedRunbook['installed']> {
  const isOurs = (each: Snapshot): boolean => notesOfOurs(each.notes) !== null && each.processId !== null;
  const { ProjectId } = object({ ProjectId: filledText })(runbook.whole, 'the runbook');
  const last = published !== null && isOurs(published) ? published : (await readSnapshots(http, spaceId, ProjectId, runbook.id)).find(isOurs);
  if (last === undefined) return null;
  try {
    return { ...notesOfOurs(last.notes)!, steps: await http.get(processPath(spaceId, last.processId!), (value, at) => either(list(document), [])(document(value, at)['Steps'], at)) };
  } catch (error) {
    if (!failedWith(error, 'OCTOPUS_NOT_FOUND')) throw error;
    return null;
  }
}

export const variablesPath = (spaceId: string, id: string): string => `/api/${segment(spaceId)}/variables/${segment(id)}`;
export const processPath = (spaceId: string, id: string): string => `/api/${segment(spaceId)}/runbookProcesses/${segment(id)}`;

async function readPackage(http: Http, spaceId: string, release: Release): Promise<PackageState> {
  const found = await findPackage(http, spaceId, PACKAGE_ID, release.version);
  return found === null ? { state: 'absent' } : comparePackage(http, spaceId, found, release);
}

/** By the hash that Octopus tells, or else by the bytes themselves. */
export async function comparePackage(http: Http, spaceId: string, found: StoredPackage, release: Release): Promise<PackageState> {
  const told = found.hash === null ? null : hashMatches(release.content, found.hash);
  const same = told ?? Buffer.from(await downloadPackage(http, spaceId, found.id)).equals(Buffer.from(release.content));
  return same ? { state: 'same' } : { state: 'differs', hash: found.hash };
}
