import { segment } from './address.ts';
import type { OctopusClient } from './contract.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { filledText, nothing, object } from './reader.ts';

const artifact = object({ Id: filledText, Filename: filledText });

/** Attaches a file to a task; one of that name that is there already gets the new content, so that doing it again adds nothing (octopus-rest.md 7.4). */
export async function attachArtifact(http: Http, file: Parameters<OctopusClient['attach']>[0]): Promise<void> {
  const path = `/api/${segment(file.spaceId)}/artifacts`;
  const present = (await allItems(http, path, artifact, (each) => each.Id, { regarding: file.taskId })).find((each) => each.Filename === file.name);
  const { Id } = present ?? (await http.send('POST', path, artifact, { body: { SpaceId: file.spaceId, Filename: file.name, ServerTaskId: file.taskId } }));
  await http.send('PUT', `${path}/${segment(Id)}/content`, nothing, { bytes: { content: file.content, type: 'application/octet-stream' }, repeatable: 'safe' });
}
