import { octopusErrors } from '../errors/octopus.ts';
import { segment } from './address.ts';
import type { OctopusClient } from './contract.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { filledText, list, maybe, object, text } from './reader.ts';
import { capabilitiesOfVersion } from './capabilities.ts';
import { readAbout } from './server.ts';

type Run = Parameters<OctopusClient['runRunbook']>[0];

/** Queues a run of one snapshot in one environment, with its prompted values. */
export async function queueRun(http: Http, run: Run): Promise<{ taskId: string }> {
  const { version } = await readAbout(http);
  return capabilitiesOfVersion(version).runsByName ? byName(http, run) : byId(http, run);
}

async function byName(http: Http, run: Run): Promise<{ taskId: string }> {
  const { RunbookRunServerTasks: tasks } = await http.send('POST', `/api/${segment(run.spaceId)}/runbook-runs/create/v1`, object({ RunbookRunServerTasks: list(object({ ServerTaskId: filledText })) }), {
    body: {
      spaceId: run.spaceId, spaceIdOrName: run.spaceId, projectName: run.projectName, runbookName: run.runbookName, environmentNames: [run.environmentName],
      snapshot: run.snapshotName, useGuidedFailure: false, variables: run.variables,
    },
  });
  if (tasks.length !== 1) throw octopusErrors.OCTOPUS_RUN_NOT_POSSIBLE({ runbook: run.runbookName, reason: `Octopus queued ${tasks.length} runs instead of one` });
  return { taskId: tasks[0]!.ServerTaskId };
}

const named = object({ Id: filledText, Name: filledText });
const form = object({ Form: object({ Elements: list(object({ Name: filledText, Control: maybe(object({ Name: maybe(text) })) })) }) });

/** octopus-rest.md 6.3: prompted values are keyed by the form's element, which is not the variable's name. */
async function byId(http: Http, run: Run): Promise<{ taskId: string }> {
  const space = `/api/${segment(run.spaceId)}`;
  const find = async <T extends { Id: string; Name: string }>(path: string, name: string, what: string, read: (value: unknown, at: string) => T): Promise<T> => {
    const found = (await allItems(http, `${space}/${path}`, read, (each) => each.Id)).find((each) => each.Name === name);
    if (found === undefined) throw octopusErrors.OCTOPUS_RUN_NOT_POSSIBLE({ runbook: run.runbookName, reason: `there is no ${what} "${name}"` });
    return found;
  };
  const project = await find('projects', run.projectName, 'project', named);
  const runbook = await find(`projects/${segment(project.Id)}/runbooks`, run.runbookName, 'runbook', named);
  const environment = await find('environments', run.environmentName, 'environment', named);
  const snapshot = await find(`projects/${segment(project.Id)}/runbookSnapshots`, run.snapshotName, 'snapshot', named);
  const { Form } = await http.get(`${space}/runbooks/${segment(runbook.Id)}/runbookRuns/preview/${segment(environment.Id)}`, form);
  const FormValues = Object.fromEntries(Object.entries(run.variables).map(([name, value]) => {
    const element = Form.Elements.find((each) => each.Control?.Name === name);
    if (element === undefined) throw octopusErrors.OCTOPUS_RUN_NOT_POSSIBLE({ runbook: run.runbookName, reason: `it does not ask for "${name}"` });
    return [element.Name, value];
  }));
  const made = await http.send('POST', `${space}/runbookRuns`, object({ TaskId: filledText }), {
    body: { SpaceId: run.spaceId, ProjectId: project.Id, RunbookId: runbook.Id, RunbookSnapshotId: snapshot.Id, EnvironmentId: environment.Id, UseGuidedFailure: false, FormValues },
  });
  return { taskId: made.TaskId };
}
