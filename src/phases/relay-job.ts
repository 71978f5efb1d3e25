import type { CommonInputs } from '../../steps/common-inputs.ts';
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { nodeKey } from '../mailbox/message.ts';
import type { PhaseContext } from './context.ts';
import { localTentacle } from './host-script.ts';
import type { Rotation } from './rotation.ts';

/** What a step hands to the relay, and what only some jobs need. */
export interface RelayTask {
  kind: RelayJob['kind'];
  /** Path of Octopus.Server; the job that only finishes runs none. */
  octopusServer?: string;
  restartCommand?: string | undefined;
}

/** The job of a relay that this run puts up. */
export function relayJob(context: PhaseContext, inputs: CommonInputs, of: Pick<RelayJob, 'rotationId' | 'stateFolder'>, task: RelayTask): Omit<RelayJob, 'relaySha256' | 'folder'> {
  return {
    format: 1,
    kind: task.kind,
    ...of,
    serverUrl: inputs.ServerUrl,
    apiKey: inputs.ApiKey,
    secret: inputs.Secret,
    taskId: inputs.TaskId,
    spaceId: inputs.SpaceId,
    projectName: inputs.ProjectName,
    runbookName: inputs.RunbookName,
    environmentName: inputs.EnvironmentName,
    snapshotName: inputs.SnapshotName,
    octopusServer: task.octopusServer ?? '',
    restartCommand: task.restartCommand ?? null,
    localTentacle: localTentacle(context),
    environment: context.scriptEnvironment,
  };
}

/** Starts the relay with a job of this run; a hand-over is on record before it starts. Answers with the unit's name. */
export async function startRelay(context: PhaseContext, inputs: CommonInputs, rotation: Rotation, task: RelayTask): Promise<string> {
  await rotation.guard();
  let name = '';
  await context.relay.start(relayJob(context, inputs, { rotationId: rotation.id, stateFolder: rotation.stateFolder }, task), async ({ unit, relaySha256 }) => {
    name = unit;
    if (task.kind !== 'check') await rotation.record({ kind: 'handed-over', subject: 'server', data: { job: task.kind, unit, relaySha256 } });
  });
  return name;
}

/** Names a relay's folder and unit: one leads a rotation, and each other server node has its own. */
export function relayName(job: Pick<RelayJob, 'rotationId' | 'node'>): string {
  return job.node === undefined ? job.rotationId : `${job.rotationId}-${nodeKey(job.node.id)}`;
}
