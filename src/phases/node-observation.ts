import type { CommonInputs } from '../../steps/common-inputs.ts';
import { printable } from '../errors/printable.ts';
import type { SeenNode } from '../gates/nodes.ts';
import type { OctopusServerCommands } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import { nodeControls } from './node-controls.ts';
import { lookAtNode } from './node-row.ts';
import type { Rotation } from './rotation.ts';
import type { ServerObservation } from './server-observation.ts';
import type { Side } from './swap-work.ts';

export type SeenPlannedNode = SeenNode & { id: string };

/** The node of this machine, where nobody else is asked. */
export function hostAsSeen(here: ServerObservation): SeenNode {
  return { name: 'of this machine', presents: here.node.thumbprint, database: here.database, text: '' };
}

/** Every planned node at its own address (rule 8): the host's by what was just observed here, each other one by the relay on its machine. */
export async function observeNodes(context: PhaseContext, rotation: Rotation, inputs: CommonInputs, commands: OctopusServerCommands, here: ServerObservation): Promise<SeenPlannedNode[]> {
  const { name: _unnamed, ...host } = hostAsSeen(here);
  const { nodes } = rotation.plan;
  if (nodes.length === 1) return [{ ...nodes[0]!, ...host }];
  const controls = await nodeControls(context, rotation, { serverUrl: inputs.ServerUrl, apiKey: inputs.ApiKey, secret: inputs.Secret, spaceId: inputs.SpaceId, octopusServer: commands.executable, restartCommand: null });
  return Promise.all(controls.map(async (node) => ({ id: node.id, name: node.name, ...(node.isHost ? host : await lookAtNode(node)) })));
}

/** What each of several nodes was seen to present, for whoever reads outputs: `NODE1=thumbprint`, one a line. */
export function nodeOutputs(nodes: readonly SeenPlannedNode[]): Record<string, string> {
  return nodes.length < 2 ? {} : { NodeThumbprints: nodes.map((node) => `${printable(node.name)}=${node.presents ?? 'unknown'}`).join('\n') };
}

/** Each node by its id, then the server as a whole: what every node was just seen to present. */
export async function proveNodes(rotation: Rotation, nodes: readonly SeenPlannedNode[], { shown, presented }: Pick<Side, 'shown' | 'presented'>, thumbprint: string): Promise<void> {
  await rotation.prove('server', shown, 'rest', { thumbprint });
  for (const node of nodes) await rotation.prove(node.id, presented, 'wire', { thumbprint });
  await rotation.prove('server', presented, 'wire', { thumbprint, nodes: nodes.length });
}
