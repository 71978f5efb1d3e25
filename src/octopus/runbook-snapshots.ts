import { segment } from './address.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { either, filledText, mapped, maybe, object, text } from './reader.ts';

/** `processId` is that of the process as it was frozen; it is read like any process, and nobody can change it. */
export interface Snapshot { id: string; name: string; notes: string; processId: string | null }

const facts = object({ Id: filledText, Name: filledText, Notes: either(text, ''), FrozenRunbookProcessId: maybe(filledText), RunbookId: either(text, ''), Assembled: either(text, '') });
const snapshot = mapped(facts, (found): Snapshot & { runbookId: string; assembled: string } => ({ id: found.Id, name: found.Name, notes: found.Notes, processId: found.FrozenRunbookProcessId, runbookId: found.RunbookId, assembled: found.Assembled }));

export function readSnapshot(http: Http, spaceId: string, id: string): Promise<Snapshot> {
  return http.get(`/api/${segment(spaceId)}/runbookSnapshots/${segment(id)}`, snapshot);
}

/** Every snapshot of a runbook, the newest first. */
export async function readSnapshots(http: Http, spaceId: string, projectId: string, runbookId: string): Promise<Snapshot[]> {
  const all = await allItems(http, `/api/${segment(spaceId)}/projects/${segment(projectId)}/runbookSnapshots`, snapshot, (each) => each.id);
  return all.filter((each) => each.runbookId === runbookId).sort((a, b) => (Date.parse(b.assembled) || 0) - (Date.parse(a.assembled) || 0));
}

/** Freezes process, variables and packages under the next free name, and publishes that (octopus-rest.md 6.1). */
export async function publishSnapshot(
  http: Http,
  spaceId: string,
  of: { projectId: string; runbookId: string; processId: string; notes: string; packages: { ActionName: string; PackageReferenceName: string; Version: string }[] },
): Promise<Snapshot> {
  const space = `/api/${segment(spaceId)}`;
  const { NextNameIncrement } = await http.get(`${space}/runbookProcesses/${segment(of.processId)}/runbookSnapshotTemplate`, object({ NextNameIncrement: filledText }));
  return http.send('POST', `${space}/runbookSnapshots`, snapshot, {
    query: { publish: true },
    body: { SpaceId: spaceId, ProjectId: of.projectId, RunbookId: of.runbookId, Name: NextNameIncrement, Notes: of.notes, SelectedPackages: of.packages },
  });
}
