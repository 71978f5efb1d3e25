import type { Activity, EngineMachine, EngineRun } from '../../engine/contract.ts';
import type { Database } from '../database/database.ts';
import type { MachineBase, ServerTask } from '../database/documents.ts';
import type { ArtifactStore } from '../artifacts.ts';
import type { PollingQueues } from '../polling-queues.ts';
import type { TentacleThumbprints } from '../tentacle-thumbprints.ts';
import { engineMachine, type CertificateInForce } from './engine-seam.ts';
import { intervention } from './intervention.ts';
import { systemVariables } from './system-variables.ts';

/** What every kind of task takes from the server. */
export interface RunParts { database: Database; artifacts: ArtifactStore; certificate: CertificateInForce; thumbprints: TentacleThumbprints; queues: PollingQueues; serverUri: string }

/** Disabled machines and styles without a Tentacle are left out, with a line in the log that names each. */
export function reachable(machines: MachineBase[], root: Activity): MachineBase[] {
  return machines.filter((machine) => {
    if (machine.IsDisabled) {
      root.log('Info', `The machine ${machine.Name} is disabled and will be skipped.`);
      return false;
    }
    if (!['TentaclePassive', 'TentacleActive'].includes(machine.Endpoint.CommunicationStyle)) {
      root.log('Info', `The machine ${machine.Name} has the communication style ${machine.Endpoint.CommunicationStyle}, which is not simulated, and will be skipped.`);
      return false;
    }
    return true;
  });
}

/** The run that the engine gets; variables and packages are added by runbook runs. */
export function engineRun(parts: RunParts, task: ServerTask, root: Activity, cancelled: AbortSignal, machines: MachineBase[], more: Partial<Pick<EngineRun, 'variables' | 'packages'>> = {}): EngineRun {
  const spaceId = task.SpaceId ?? '';
  return {
    taskId: task.Id, spaceId, root, cancelled,
    machines: machines.map((machine): EngineMachine => engineMachine(machine, parts)),
    variables: more.variables ?? systemVariables(parts, task),
    packages: more.packages ?? [],
    intervene: intervention(parts.database, task, cancelled),
    createArtifact: async (name, content) => {
      parts.artifacts.add({ SpaceId: spaceId, Filename: name, ServerTaskId: task.Id, Source: null, LogCorrelationId: null }, content);
    },
  };
}
