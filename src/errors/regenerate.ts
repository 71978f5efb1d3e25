import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** Refusals of the rotation of Tentacle certificates. */
export const regenerateErrors = catalogue({
  NODE_STALE: (values: { nodes: string[] }) => ({
    message: `Through ${values.nodes.length === 1 ? 'the server node' : 'the server nodes'} ${values.nodes.map((one) => printable(one)).join(', ')} not every machine answers that answers through another: a node goes on with the thumbprints that it read before the registrations changed.`,
    safe: 'Each machine that was exchanged was proved with its new certificate, which its registrations hold.',
    next: 'Restart Octopus Server on that node, one node at a time; then run the runbook again.',
    failureMode: 'B5',
  }),
});
