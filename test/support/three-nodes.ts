import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MAILBOX_SET } from '../../src/mailbox/octopus-set.ts';
import { ourUnits } from './rotation.ts';
import type { TruthEvent } from './sandbox.ts';
import type { Scenario } from './scenario.ts';

/** What each node presents now, by its name. */
export async function presented(story: Scenario): Promise<Record<string, string | null>> {
  return Object.fromEntries((await story.sandbox.truth()).server.nodes.map(({ name, presents }) => [name, presents]));
}

export const onEach = (thumbprint: string): Record<string, string> => ({ NODE1: thumbprint, NODE2: thumbprint, NODE3: thumbprint });

/** Stops and starts of nodes, and their drains, in the order in which they happened. */
export function walkIn(story: Scenario, events: readonly TruthEvent[]): string[] {
  const nameOf = (machine: string): string => story.sandbox.line.nodes.find((node) => node.machine === machine)?.name ?? machine;
  return events.flatMap((event) => {
    if (event.event === 'drain-changed') return [`${String(event['node'])} ${event['drained'] === true ? 'drained' : 'undrained'}`];
    if (event.event === 'unit-stopped' && event['unit'] === 'octopusserver.service' && event['requested'] === true) return [`${nameOf(event.machine)} stopped`];
    return event.event === 'server-started' ? [`${nameOf(event.machine)} started with ${String(event['thumbprint'])}`] : [];
  });
}

/** An undisturbed walk over the nodes: the host's own, NODE1, comes last. */
export function rowTo(thumbprint: string): string[] {
  return ['NODE2', 'NODE3', 'NODE1'].flatMap((name) => [`${name} drained`, `${name} stopped`, `${name} started with ${thumbprint}`, `${name} undrained`]);
}

/** What is left of the relays and of what they told each other; empty when all is as it must be after the end. */
export async function leftOfRelays(story: Scenario): Promise<string[]> {
  const set = await story.client.librarySet(story.installed.spaceId, MAILBOX_SET);
  return [
    ...await ourUnits(story.installed),
    ...Object.keys(set?.variables ?? {}).filter((name) => name.includes(story.rotationId)),
    ...story.sandbox.line.nodes.map(({ share }) => join(share!, 'octopus-rotation', story.rotationId)).filter((path) => existsSync(path)),
  ];
}
