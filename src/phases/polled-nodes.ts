import { everyNodePolled, type NodeAddresses } from '../gates/polling-nodes.ts';
import type { Verdict } from '../gates/verdict.ts';
import { leftBehind, proofOf } from '../journal/views.ts';
import { preparedNodes } from './prepared-nodes.ts';
import type { Rotation } from './rotation.ts';

/** Whether each polling Tentacle that was proved polls every planned node: a question to the journal, so it can be asked again right before the import. */
export function everyPlannedNodePolled(rotation: Pick<Rotation, 'scope' | 'entries'>): Verdict {
  const entries = rotation.entries();
  const nodes: NodeAddresses[] = preparedNodes(rotation).map(({ name, found }) => ({ name, addresses: text(found?.['addresses']) }));
  const behind = leftBehind(entries);
  const machines = rotation.scope.machines.filter((machine) => machine.route === 'polling' && !behind.has(machine.key)).flatMap((machine) => {
    const proof = proofOf(entries, machine.key, 'trusts-new');
    return proof === null ? [] : [{ name: machine.name, polls: text(proof.data.detail['polls']) }];
  });
  return everyNodePolled(nodes, machines);
}

const text = (detail: unknown): string[] => (typeof detail === 'string' ? detail.split(' ').filter((one) => one !== '') : []);
