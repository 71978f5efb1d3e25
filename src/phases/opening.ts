import type { CommonInputs } from '../../steps/common-inputs.ts';
import type { EntryData } from '../journal/contract.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import type { PhaseContext } from './context.ts';

/** The first entry of a journal: which server, which run, and why. */
export function openedBy(context: PhaseContext, inputs: CommonInputs, server: { octopus: OctopusClient; version: string; installationId: string }, about: Pick<EntryData['opened'], 'rotation' | 'forced' | 'why'>): EntryData['opened'] {
  return {
    ...about,
    installationId: server.installationId,
    serverUrl: server.octopus.url,
    serverVersion: server.version,
    host: context.processes.host,
    spaceId: inputs.SpaceId,
    projectName: inputs.ProjectName,
    runbookName: inputs.RunbookName,
    environmentName: inputs.EnvironmentName,
  };
}
