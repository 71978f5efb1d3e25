import { segment } from './address.ts';
import type { Http } from './http.ts';
import { either, filledText, object, text } from './reader.ts';

export interface Snapshot { id: string; name: string; notes: string }

const snapshot = object({ Id: filledText, Name: filledText, Notes: either(text, '') });

export async function readSnapshot(http: Http, spaceId: string, id: string): Promise<Snapshot> {
  const found = await http.get(`/api/${segment(spaceId)}/runbookSnapshots/${segment(id)}`, snapshot);
  return { id: found.Id, name: found.Name, notes: found.Notes };
}

/** Freezes process, variables and packages under the next free name, and publishes that (octopus-rest.md 6.1). */
export async function publishSnapshot(
  http: Http,
  spaceId: string,
  of: { projectId: string; runbookId: string; processId: string; notes: string; packages: { ActionName: string; PackageReferenceName: string; Version: string }[] },
): Promise<Snapshot> {
  const space = `/api/${segment(spaceId)}`;
  const { NextNameIncrement } = await http.get(`${space}/runbookProcesses/${segment(of.processId)}/runbookSnapshotTemplate`, object({ NextNameIncrement: filledText }));
  const made = await http.send('POST', `${space}/runbookSnapshots`, snapshot, {
    query: { publish: true },
    body: { SpaceId: spaceId, ProjectId: of.projectId, RunbookId: of.runbookId, Name: NextNameIncrement, Notes: of.notes, SelectedPackages: of.packages },
  });
  return { id: made.Id, name: made.Name, notes: made.Notes };
}
