import type { Entry } from '../journal/contract.ts';
import { proofOf } from '../journal/views.ts';
import type { Rotation } from './rotation.ts';

/** A planned server node and what its preparation found out; null where the journal holds no proof of one. */
export interface PreparedNode { id: string; name: string; isHost: boolean; found: Entry<'proved'>['data']['detail'] | null }

/** Every planned node in the plan's order, as the phase Prepare server nodes left it in the journal. */
export function preparedNodes(rotation: Pick<Rotation, 'scope' | 'entries'>): PreparedNode[] {
  const entries = rotation.entries();
  return rotation.scope.nodes.map(({ id, name }) => {
    const found = proofOf(entries, id, 'node-ready')?.data.detail ?? null;
    return { id, name, isHost: found?.['isHost'] === true, found };
  });
}

/** The shared folder as the host sees it. */
export function sharedFolderOf(rotation: Pick<Rotation, 'scope' | 'entries'>): string | null {
  const found = preparedNodes(rotation).find((node) => node.isHost)?.found?.['sharedFolder'];
  return typeof found === 'string' ? found : null;
}
