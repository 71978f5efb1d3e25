import { cliErrors } from '../../errors/cli.ts';
import { segment } from '../../octopus/address.ts';
import { createOctopusClient } from '../../octopus/client.ts';
import type { OctopusClient } from '../../octopus/contract.ts';
import { createHttp } from '../../octopus/http.ts';
import { allItems } from '../../octopus/pages.ts';
import { filledText, maybe, object } from '../../octopus/reader.ts';
import { systemClock } from '../../runners/ports/clock.ts';
import { systemRandom } from '../../runners/ports/random.ts';

/** What a rehearsal asks of the server beyond what phases need. */
export interface ServerAccess {
  client: OctopusClient;
  spaceId(name: string): Promise<string>;
  /** Name of the runbook's published snapshot. */
  publishedSnapshot(spaceId: string, spaceName: string, project: string, runbook: string): Promise<string>;
  taskLog(taskId: string): Promise<Uint8Array>;
  artifacts(spaceId: string, taskId: string): Promise<{ name: string; read(): Promise<Uint8Array> }[]>;
}

const named = object({ Id: filledText, Name: filledText });
const runbookShape = object({ Id: filledText, Name: filledText, PublishedRunbookSnapshotId: maybe(filledText) });
const artifactShape = object({ Id: filledText, Filename: filledText });

export function serverAccess(url: string, apiKey: string): ServerAccess {
  const options = { url, apiKey, clock: systemClock, random: systemRandom };
  const client = createOctopusClient(options);
  const http = createHttp(options);
  return {
    client,
    async spaceId(name) {
      const space = (await client.spaces()).find((one) => one.name === name);
      if (!space) throw cliErrors.CLI_SPACE_UNKNOWN({ space: name });
      return space.id;
    },
    async publishedSnapshot(spaceId, spaceName, project, runbook) {
      const space = `/api/${segment(spaceId)}`;
      const owner = (await allItems(http, `${space}/projects`, named, (one) => one.Id)).find((one) => one.Name === project);
      const found = owner && (await allItems(http, `${space}/projects/${segment(owner.Id)}/runbooks`, runbookShape, (one) => one.Id)).find((one) => one.Name === runbook);
      if (!found?.PublishedRunbookSnapshotId) throw cliErrors.CLI_RUNBOOK_NOT_PUBLISHED({ runbook, space: spaceName });
      return (await http.get(`${space}/runbookSnapshots/${segment(found.PublishedRunbookSnapshotId)}`, named)).Name;
    },
    taskLog: (taskId) => http.bytes(`/api/tasks/${segment(taskId)}/raw`),
    async artifacts(spaceId, taskId) {
      const path = `/api/${segment(spaceId)}/artifacts`;
      const found = await allItems(http, path, artifactShape, (one) => one.Id, { regarding: taskId });
      return found.map((one) => ({ name: one.Filename, read: () => http.bytes(`${path}/${segment(one.Id)}/content`) }));
    },
  };
}
