import { counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { Task } from '../octopus/contract.ts';
import type { PhaseContext } from './context.ts';
import type { Rotation } from './rotation.ts';

/** Which node takes a task is nobody's choice; so often each is given the chance. */
const TRIES_PER_NODE = 2;
const TEST_MS = 6 * 60_000;

/**
 * Rule 8: a polling Tentacle has a connection of its own to each server node, so that health seen through one node says nothing of the
 * others. Connection tests are repeated until one ran on every node, which the task itself names. A node that took none is unknown, and
 * said to be; the trust itself rests on each machine's own entries, read back after its restart. `answered` are those that just did.
 */
export async function provePollingPerNode(context: PhaseContext, rotation: Rotation, answered: readonly PlannedMachine[]): Promise<{ unseen: string[] }> {
  const { nodes, spaces } = rotation.plan;
  const polling = answered.filter((machine) => machine.route === 'polling' && !machine.isDisabled);
  if (nodes.length < 2 || polling.length === 0) return { unseen: [] };
  const seen = new Map(nodes.map((node) => [node.id, new Set<string>()]));
  const isComplete = () => [...seen.values()].every((keys) => keys.size === polling.length);
  for (let attempt = 0; attempt < nodes.length * TRIES_PER_NODE && !isComplete(); attempt++) {
    for (const { id: spaceId } of spaces) {
      const here = polling.flatMap((machine) => machine.registrations.filter((one) => one.spaceId === spaceId && !one.isDisabled).map((one) => ({ key: machine.key, id: one.id })));
      if (here.length === 0) continue;
      const queued = await rotation.octopus.checkHealth({ description: `Octopus Rotation: polling machines, node by node [${rotation.id}]`, spaceId, machineIds: here.map((one) => one.id) as [string, ...string[]], onlyTestConnection: true, timeoutMs: TEST_MS });
      const { task, timedOut } = await rotation.octopus.waitForTask(queued.id, { timeoutMs: TEST_MS });
      // A test that did not end leaves the health of before.
      if (timedOut || task.state === 'Canceled' || task.state === 'TimedOut') continue;
      const keys = seen.get(nodeOf(task, nodes) ?? '');
      const healthy = new Set((await rotation.octopus.registrations(spaceId)).filter((one) => one.healthStatus === 'Healthy' || one.healthStatus === 'HasWarnings').map((one) => one.id));
      for (const one of here) if (healthy.has(one.id)) keys?.add(one.key);
    }
  }
  const unseen: string[] = [];
  for (const node of nodes) {
    const machines = seen.get(node.id)!.size;
    if (machines === polling.length) {
      await rotation.prove(node.id, 'polling-answers', 'rest', { machines });
      continue;
    }
    unseen.push(node.name);
    const reason = machines === 0 ? 'no connection test ran on this node' : `${machines} of ${counted(polling.length, 'polling machine')} were seen through this node`;
    await rotation.record({ kind: 'unproved', subject: node.id, data: { claim: 'polling-answers', verdict: 'unknown', reason } });
    context.voice.warn(`Whether polling Tentacles answer node ${printable(node.name)} is not known: ${reason}. Their entries for it were read back. To see it, look on one of them in the Tentacle log for the connection to that node's address, or drain the other nodes and run a health check.`);
  }
  return { unseen };
}

/** Octopus names the node of a task by its name or by its id. */
function nodeOf(task: Task, nodes: readonly { id: string; name: string }[]): string | null {
  return nodes.find((node) => node.name === task.serverNode || node.id === task.serverNode)?.id ?? null;
}
