import type { EngineVariable } from '../../engine/contract.ts';
import type { ServerTask } from '../database/documents.ts';
import type { RunParts } from './run-parts.ts';

export const plain = (name: string, value: string): EngineVariable => ({ name, value, sensitive: false });

/** System variables of every task. */
export function systemVariables(parts: Pick<RunParts, 'database' | 'serverUri'>, task: ServerTask): EngineVariable[] {
  const { Spaces, Users } = parts.database.read().Collections;
  const space = Spaces.find(({ Id }) => Id === task.SpaceId);
  const user = Users.find(({ Username }) => Username === task.CreatedBy);
  return [
    plain('Octopus.Task.Id', task.Id), plain('Octopus.Task.Name', task.Name), plain('Octopus.Task.QueueTime', task.QueueTime), plain('Octopus.Task.Argument', JSON.stringify(task.Arguments)),
    plain('Octopus.Space.Id', task.SpaceId ?? ''), plain('Octopus.Space.Name', space?.Name ?? ''),
    plain('Octopus.Web.ServerUri', parts.serverUri), plain('Octopus.Web.BaseUrl', parts.serverUri),
    plain('Octopus.Deployment.CreatedBy.Id', user?.Id ?? ''), plain('Octopus.Deployment.CreatedBy.Username', task.CreatedBy), plain('Octopus.Deployment.CreatedBy.DisplayName', user?.DisplayName ?? task.CreatedBy), plain('Octopus.Deployment.CreatedBy.EmailAddress', user?.EmailAddress ?? ''),
  ];
}
