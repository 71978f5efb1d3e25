import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { isRunning } from '../tasks/queue.ts';
import { TruthLog } from '../truth-log.ts';
import { compatibility, type Command } from './command.ts';
import { ControlledFailure, print } from './console.ts';

function running(database: Database, node: string): number {
  return database.read().Collections.ServerTasks.filter((task) => isRunning(task.State) && task.ServerNode === node).length;
}

async function waitUntilIdle(database: Database, node: string, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (running(database, node) > 0) {
    if (Date.now() >= deadline) return false;
    await delay(100);
  }
  return true;
}

/** Sets task cap and drain flag of this node. The wording of a real server is not known. */
export const node: Command = {
  summary: 'Configure settings related to this Octopus Server node',
  options: { taskCap: 'value', drain: 'value', wait: 'value', 'cancel-tasks': 'flag', ...compatibility },
  run: async ({ options, configuration, database: open, machineDir }) => {
    const database = open();
    const name = configuration.get('Octopus.Storage.NodeName') ?? '';
    const cap = options.get('taskCap');
    const drain = options.get('drain')?.toLowerCase();
    if (cap !== undefined && !/^\d+$/.test(cap)) throw new ControlledFailure(`The task cap '${cap}' is not a number.`);
    if (drain !== undefined && drain !== 'true' && drain !== 'false') throw new ControlledFailure(`The value '${drain}' is not valid for --drain. Expected: true or false.`);
    const wait = options.get('wait') ?? '0';
    if (!/^\d+$/.test(wait)) throw new ControlledFailure(`The value '${wait}' is not valid for --wait.`);
    if (drain !== 'true' && (options.has('wait') || options.has('cancel-tasks'))) throw new ControlledFailure('--wait and --cancel-tasks can only be used with --drain=true.');
    database.write(({ Collections }) => {
      const stored = Collections.OctopusServerNodes.find(({ Name }) => Name === name);
      if (!stored) throw new ControlledFailure(`The node ${name} was not found in the database.`);
      if (cap !== undefined) stored.MaxConcurrentTasks = Number(cap);
      if (drain !== undefined) stored.IsInMaintenanceMode = drain === 'true';
    });
    if (cap !== undefined) print(`The task cap of node ${name} is now ${cap}.`);
    if (drain === undefined) return;
    new TruthLog(machineDir).event('drain-changed', { node: name, drained: drain === 'true' });
    print(drain === 'true' ? `The node ${name} is draining tasks.` : `The node ${name} accepts tasks.`);
    if (drain === 'false' || await waitUntilIdle(database, name, Number(wait))) return;
    if (!options.has('cancel-tasks')) return;
    database.write(({ Collections }) => {
      for (const task of Collections.ServerTasks) if (task.State === 'Executing' && task.ServerNode === name) task.State = 'Cancelling';
    });
    print('The tasks that are still running have been asked to cancel.');
  },
};
