import { randomBytes } from 'node:crypto';
import { demand } from './access.ts';
import { bodyOf, BodyReader, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest, notFound } from './errors.ts';
import { filtered, page, query } from './paging.ts';
import { projectOf } from './projects.ts';
import { created, inSpace, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { runbookOf } from './runbooks.ts';
import { nextId } from '../database/database.ts';
import { processPackages } from '../tasks/process-packages.ts';
import type { DatabaseContent, RunbookProcess, RunbookSnapshot, SelectedPackage, VariableSet } from '../database/documents.ts';

function resource(call: SpaceCall, snapshot: RunbookSnapshot): Json {
  const self = pathOf(call, 'runbookSnapshots', snapshot.Id);
  return { ...snapshot, ProjectVariableSetSnapshotId: snapshot.FrozenProjectVariableSetId, ...selfLink(call, 'runbookSnapshots', snapshot.Id, { Runbook: pathOf(call, 'runbooks', snapshot.RunbookId), ProcessSnapshot: pathOf(call, 'runbookProcesses', snapshot.FrozenRunbookProcessId), VariableSnapshot: pathOf(call, 'variables', snapshot.FrozenProjectVariableSetId), SnapshotVariables: `${self}/snapshot-variables`, RunbookRuns: `${self}/runbookRuns` }) };
}

const newestFirst = (a: RunbookSnapshot, b: RunbookSnapshot) => Number(b.Id.split('-')[1]) - Number(a.Id.split('-')[1]);

/** A copy of a document that no later change touches. */
function freeze<T extends RunbookProcess | VariableSet>(document: T): T {
  return { ...structuredClone(document), Id: `${document.Id}-s-${document.Version}-${randomBytes(3).toString('hex').toUpperCase()}`, Frozen: true };
}

function freezeVariables(content: DatabaseContent, call: SpaceCall, projectId: string): { FrozenProjectVariableSetId: string; LibraryVariableSetSnapshotIds: string[] } {
  const all = content.Collections;
  const project = inSpace(call, all.Projects, projectId);
  const copy = (variableSetId: string) => {
    const frozen = freeze(inSpace(call, all.VariableSets, variableSetId));
    all.VariableSets.push(frozen);
    return frozen.Id;
  };
  return { FrozenProjectVariableSetId: copy(project.VariableSetId), LibraryVariableSetSnapshotIds: project.IncludedLibraryVariableSetIds.map((id) => copy(inSpace(call, all.LibraryVariableSets, id).VariableSetId)) };
}

/** Every package reference without a fixed version needs one that is in the feed; a selection that fits no reference is refused. */
function selectedPackages(call: SpaceCall, process: RunbookProcess, sent: unknown, read: BodyReader): SelectedPackage[] {
  const selected = (Array.isArray(sent) ? (sent as Json[]) : []).map((item) => ({ ActionName: String(item.ActionName ?? ''), PackageReferenceName: String(item.PackageReferenceName ?? ''), Version: String(item.Version ?? '') }));
  const references = processPackages(call.context.database, process);
  for (const item of selected) {
    if (!references.some(({ action, reference }) => action.Name === item.ActionName && reference.Name === item.PackageReferenceName)) read.complain(`The process has no package reference '${item.PackageReferenceName}' in the action '${item.ActionName}'.`);
  }
  for (const { action, reference, packageId } of references) {
    const version = selected.find((item) => item.ActionName === action.Name && item.PackageReferenceName === reference.Name)?.Version || reference.Version;
    if (packageId === '') read.complain(`The package reference '${reference.Name}' of the action '${action.Name}' names no package.`);
    else if (!version) read.complain(`Please select a version of the package '${packageId}' for the action '${action.Name}' (package reference '${reference.Name}').`);
    else if (!ofSpace(call, call.all.Packages).some((item) => item.PackageId.toLowerCase() === packageId.toLowerCase() && item.Version === version)) read.complain(`The package '${packageId}' version ${version} was not found in the feed.`);
  }
  return selected;
}

function create(call: SpaceCall): Json {
  const body = bodyOf(call.body);
  const publish = query(call, 'publish')?.toLowerCase() === 'true';
  const read = new BodyReader(body);
  const Name = read.text('Name');
  const RunbookId = read.text('RunbookId');
  const Notes = read.text('Notes', '');
  read.check();
  const runbook = runbookOf(call, RunbookId);
  if (typeof body.ProjectId === 'string' && body.ProjectId !== runbook.ProjectId) read.complain(`The runbook is not one of the project '${body.ProjectId}'.`);
  if (publish) demand(call.user, 'RunbookEdit', call.space.Id);
  if (call.all.RunbookSnapshots.some((other) => other.RunbookId === runbook.Id && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A snapshot with the name '${Name}' already exists for this runbook. Please choose a different name.`);
  const process = inSpace(call, call.all.RunbookProcesses, runbook.RunbookProcessId);
  if (process.Steps.length === 0) read.complain('The runbook has no steps.');
  const SelectedPackages = selectedPackages(call, process, body.SelectedPackages, read);
  read.check();
  return created(call, call.context.database.write((content) => {
    const all = content.Collections;
    const frozen = freeze(inSpace(call, all.RunbookProcesses, process.Id));
    all.RunbookProcesses.push(frozen);
    const snapshot = touch<RunbookSnapshot>(call, { Id: nextId(content, 'RunbookSnapshots'), SpaceId: call.space.Id, ProjectId: runbook.ProjectId, RunbookId: runbook.Id, Name, Notes, Assembled: new Date().toISOString(), FrozenRunbookProcessId: frozen.Id, ...freezeVariables(content, call, runbook.ProjectId), SelectedPackages });
    all.RunbookSnapshots.push(snapshot);
    if (publish) inSpace(call, all.Runbooks, runbook.Id).PublishedRunbookSnapshotId = snapshot.Id;
    return resource(call, snapshot);
  }));
}

/** Snapshots freeze process, variables and package versions (octopus-rest.md 6.1). */
export function runbookSnapshotRoutes(router: Router): void {
  readRoutes(router, { noun: 'runbookSnapshots', collection: 'RunbookSnapshots', itemType: 'RunbookSnapshot', permission: 'RunbookSnapshotView', toResource: resource, order: newestFirst });
  for (const prefix of ['', '/projects/:project']) router.space('POST', `${prefix}/runbookSnapshots`, { permission: 'RunbookSnapshotCreate' }, create);
  const list = (call: SpaceCall, path: string, of: (snapshot: RunbookSnapshot) => boolean) => page(call, 'RunbookSnapshot', `${path}/runbookSnapshots`, filtered(call, ofSpace(call, call.all.RunbookSnapshots).filter(of)).sort(newestFirst), (snapshot) => resource(call, snapshot));
  router.space('GET', '/runbooks/:id/runbookSnapshots', { permission: 'RunbookSnapshotView' }, (call) => {
    const runbook = runbookOf(call, call.params.id ?? '');
    return list(call, pathOf(call, 'runbooks', runbook.Id), ({ RunbookId }) => RunbookId === runbook.Id);
  });
  router.space('GET', '/projects/:project/runbookSnapshots', { permission: 'RunbookSnapshotView' }, (call) => {
    const project = projectOf(call, call.params.project ?? '');
    return list(call, pathOf(call, 'projects', project.Id), ({ ProjectId }) => ProjectId === project.Id);
  });
  router.space('GET', '/projects/:project/runbookSnapshots/:id', { permission: 'RunbookSnapshotView' }, (call) => {
    const project = projectOf(call, call.params.project ?? '');
    const wanted = (call.params.id ?? '').toLowerCase();
    const snapshot = ofSpace(call, call.all.RunbookSnapshots).find((item) => item.ProjectId === project.Id && (item.Id.toLowerCase() === wanted || item.Name.toLowerCase() === wanted));
    if (!snapshot) throw notFound(call.params.id ?? '');
    return resource(call, snapshot);
  });
  router.space('POST', '/runbookSnapshots/:id/snapshot-variables', { permission: 'RunbookSnapshotCreate' }, (call) => {
    const { Id } = inSpace(call, call.all.RunbookSnapshots, call.params.id ?? '');
    return call.context.database.write((content) => {
      const snapshot = inSpace(call, content.Collections.RunbookSnapshots, Id);
      return resource(call, touch(call, Object.assign(snapshot, freezeVariables(content, call, snapshot.ProjectId))));
    });
  });
  router.space('DELETE', '/runbookSnapshots/:id', { permission: 'RunbookEdit' }, (call) => {
    const { Id } = inSpace(call, call.all.RunbookSnapshots, call.params.id ?? '');
    if (call.all.Runbooks.some(({ PublishedRunbookSnapshotId }) => PublishedRunbookSnapshotId === Id)) throw badRequest('The published snapshot cannot be deleted.');
    call.context.database.write(({ Collections }) => {
      Collections.RunbookSnapshots = Collections.RunbookSnapshots.filter((item) => item.Id !== Id);
    });
    return {};
  });
}
