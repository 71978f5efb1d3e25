import type { Collections, MachineBase, ServerTask } from '../database/documents.ts';

export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);

function byId(candidates: MachineBase[], ids: string[]): MachineBase[] {
  return ids.map((id) => {
    const machine = candidates.find((candidate) => candidate.Id.toLowerCase() === id.toLowerCase());
    if (!machine) throw new Error(`The machine '${id}' does not exist in this space.`);
    return machine;
  });
}

const unique = (machines: MachineBase[]) => [...new Set(machines)];

/** Machines of a Health task (octopus-rest.md 4.4): ids of targets and workers mixed, else environment, pool, or all that RestrictedTo allows. */
export function healthMachines(all: Collections, task: ServerTask): MachineBase[] {
  const { Arguments: options, SpaceId } = task;
  const targets = all.Machines.filter((machine) => machine.SpaceId === SpaceId);
  const workers = all.Workers.filter((machine) => machine.SpaceId === SpaceId);
  const ids = texts(options.MachineIds);
  if (ids.length > 0) return unique(byId([...targets, ...workers], ids));
  const pool = options.WorkerPoolId ?? options.WorkerpoolId;
  if (typeof pool === 'string') return workers.filter((worker) => worker.WorkerPoolIds.includes(pool));
  if (typeof options.EnvironmentId === 'string') return targets.filter((target) => target.EnvironmentIds.includes(options.EnvironmentId as string));
  const restricted = options.RestrictedTo;
  const chosen: MachineBase[] = restricted === 'DeploymentTargets' ? targets : restricted === 'Workers' ? workers : [...targets, ...workers];
  return typeof options.MachinePolicyId === 'string' ? chosen.filter((machine) => machine.MachinePolicyId === options.MachinePolicyId) : chosen;
}

/** Machines of an AdHocScript task: both forms for workers are served (octopus-rest.md 4.4, "AdHocScript addressing"). */
export function scriptMachines(all: Collections, task: ServerTask): MachineBase[] {
  const { Arguments: options, SpaceId } = task;
  const targets = all.Machines.filter((machine) => machine.SpaceId === SpaceId);
  const workers = all.Workers.filter((machine) => machine.SpaceId === SpaceId);
  const ids = texts(options.MachineIds);
  const pools = texts(options.WorkerPoolIds);
  const roles = texts(options.TargetRoles);
  const environments = texts(options.EnvironmentIds);
  const byEnvironment = targets.filter((target) => (environments.length > 0 || roles.length > 0)
    && (environments.length === 0 || target.EnvironmentIds.some((id) => environments.includes(id)))
    && (roles.length === 0 || target.Roles.some((role) => roles.includes(role))));
  return unique([
    ...byId(options.TargetType === 'Workers' ? workers : targets, ids),
    ...byId(workers, texts(options.WorkerIds)),
    ...workers.filter((worker) => worker.WorkerPoolIds.some((pool) => pools.includes(pool))),
    ...(ids.length === 0 ? byEnvironment : []),
  ]);
}
