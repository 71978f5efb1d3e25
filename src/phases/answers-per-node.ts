import { counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { Task } from '../octopus/contract.ts';
import type { PhaseContext } from './context.ts';
import { leftHealthOfBefore } from './health-task.ts';
import type { Rotation } from './rotation.ts';

/** Which node takes a task is nobody's choice; so often each is given the chance. */
const TRIES_PER_NODE = 2;
const TEST_MS = 6 * 60_000;

/** What is asked of each node, and what a machine that it does not find means. */
const ASKED = {
  /** Rule 8: a polling Tentacle has a connection of its own to each server node. */
  'polling-answers': {
    isAsked: (machine: PlannedMachine) => machine.route === 'polling',
    what: 'polling machine',
    hint: "Their entries for it were read back. To see it, look on one of them in the Tentacle log for the connection to that node's address, or drain the other nodes and run a health check.",
  },
  /** B5: a node may go on with the thumbprints that it read before a registration changed. */
  'machines-answer': {
    isAsked: () => true,
    what: 'machine',
    hint: 'A node may still hold the old thumbprints (B5): restart Octopus Server on it, or drain the other nodes and run a health check.',
  },
} as const;

/**
 * Health seen through one node says nothing of the others. Connection tests are repeated until one ran on every node, which the task itself
 * names. A node that took none is unknown, and said to be; so is one that did not find every machine. `answered` are those that just did.
 * Answers with the names of the nodes that are `unseen`, and of those among them that are `blind`: a test ran there and did not find every machine.
 */
export async function proveEachNode(context: PhaseContext, rotation: Rotation, answered: readonly PlannedMachine[], claim: keyof typeof ASKED): Promise<{ unseen: string[]; blind: string[] }> {
  const { nodes, spaces } = rotation.scope;
  const { isAsked, what, hint } = ASKED[claim];
  const asked = answered.filter((machine) => isAsked(machine) && !machine.isDisabled);
  if (nodes.length < 2 || asked.length === 0) return { unseen: [], blind: [] };
  const seen = new Map(nodes.map((node) => [node.id, new Set<string>()]));
  const ran = new Set<string>();
  const isComplete = () => [...seen.values()].every((keys) => keys.size === asked.length);
  for (let attempt = 0; attempt < nodes.length * TRIES_PER_NODE && !isComplete(); attempt++) {
    for (const { id: spaceId } of spaces) {
      const here = asked.flatMap((machine) => machine.registrations.filter((one) => one.spaceId === spaceId && !one.isDisabled).map((one) => ({ key: machine.key, id: one.id })));
      if (here.length === 0) continue;
      const queued = await rotation.octopus.checkHealth({ description: `Octopus Rotation: ${what}s, node by node [${rotation.id}]`, spaceId, machineIds: here.map((one) => one.id) as [string, ...string[]], onlyTestConnection: true, timeoutMs: TEST_MS });
      const ended = await rotation.octopus.waitForTask(queued.id, { timeoutMs: TEST_MS });
      if (leftHealthOfBefore(ended)) continue;
      const node = nodeOf(ended.task, nodes);
      if (node === null) continue;
      ran.add(node);
      const healthy = new Set((await rotation.octopus.registrations(spaceId)).filter((one) => one.healthStatus === 'Healthy' || one.healthStatus === 'HasWarnings').map((one) => one.id));
      for (const one of here) if (healthy.has(one.id)) seen.get(node)!.add(one.key);
    }
  }
  const unseen: string[] = [];
  const blind: string[] = [];
  for (const node of nodes) {
    const machines = seen.get(node.id)!.size;
    if (machines === asked.length) {
      await rotation.prove(node.id, claim, 'rest', { machines });
      continue;
    }
    unseen.push(node.name);
    if (ran.has(node.id)) blind.push(node.name);
    const reason = !ran.has(node.id) ? 'no connection test ran on this node' : `${machines} of ${counted(asked.length, what)} were seen through this node`;
    await rotation.record({ kind: 'unproved', subject: node.id, data: { claim, verdict: 'unknown', reason } });
    context.voice.warn(`Whether every ${what} answers node ${printable(node.name)} is not known: ${reason}. ${hint}`);
  }
  return { unseen, blind };
}

/** Octopus names the node of a task by its name or by its id. */
function nodeOf(task: Task, nodes: readonly { id: string; name: string }[]): string | null {
  return nodes.find((node) => node.name === task.serverNode || node.id === task.serverNode)?.id ?? null;
}
