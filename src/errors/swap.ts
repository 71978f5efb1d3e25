import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const EITHER = 'Every machine that is proved trusts both certificates.';
const inRow = (row: string | null): string => (row === null ? '' : ` Now: ${printable(row, 600)}.`);
const named = (what: string, names: readonly string[]): string[] => (names.length === 0 ? [] : [`${what}: ${names.map((one) => printable(one)).join(', ')}`]);

/** Refusals of the hand-over and of the relay. */
export const swapErrors = catalogue({
  RELAY_NOT_READY: (values: { reason: string }) => ({
    message: `The relay, which goes on while the server is down, cannot do its work on this machine: ${printable(values.reason, 400)}.`,
    safe: 'Nothing was changed.',
    next: 'The Tentacle on this machine must run as root (or an account with password-less sudo) under systemd; mend that and run the runbook again.',
    failureMode: 'D15',
  }),
  RELAY_DID_NOT_ANSWER: (values: { seconds: number; log: string }) => ({
    message: `The relay was started, but did not say within ${values.seconds} seconds that it has its job.`,
    safe: 'The certificate was not swapped.',
    next: `Read ${values.log} on this machine, then run the runbook again.`,
    failureMode: 'D1',
  }),
  DRAIN_LIMIT: (values: { minutes: number; tasks: number; node: string; row: string | null }) => ({
    message: `${values.tasks} task(s) still ran on ${values.row === null ? 'this node' : `node ${printable(values.node)}`} after ${values.minutes} minutes; they were not cancelled.${inRow(values.row)}`,
    safe: values.row === null ? 'The certificate was not swapped; the node takes tasks again.' : `The node was not restarted and takes tasks again. ${EITHER}`,
    next: 'Run the runbook again when fewer deployments run, or raise Rotation.DrainLimitMinutes.',
  }),
  NODES_CHANGED: (values: { added: string[]; gone: string[]; renamed: string[]; offline: string[]; versions: string[]; row: string | null }) => ({
    message: `The server nodes are not those of the plan: ${[
      ...named('added', values.added), ...named('gone', values.gone), ...named('renamed', values.renamed), ...named('offline', values.offline), ...named('of different versions', values.versions),
    ].join('; ')}.${inRow(values.row)}`,
    safe: values.row === null ? 'The certificate was not swapped.' : `No further node was restarted. ${EITHER}`,
    next: 'Start what is offline and finish what is under way (an upgrade, a node that comes or goes); then run the runbook again: Plan takes in the nodes that are there. A roll back makes no new plan: take a node that was added out of the cluster again, and let it join when the roll back has ended.',
    failureMode: 'A15',
  }),
  NODE_NOT_SEEN: (values: { nodes: { name: string; reason: string }[] }) => ({
    message: `Which certificate ${values.nodes.length === 1 ? 'this server node presents' : 'these server nodes present'} could not be seen at ${values.nodes.length === 1 ? 'its own address' : 'their own addresses'}: ${values.nodes.map((one) => `${printable(one.name)} (${printable(one.reason, 200) || 'no reason told'})`).join('; ')}.`,
    safe: 'The certificate was not swapped; every node takes tasks.',
    next: 'Bring the node up, with its database, its shared folder and the relay on it (octopus-rotation-relay-<rotation>.service); then run the runbook again.',
    failureMode: 'A15',
  }),
  NODE_DID_NOT_COME_BACK: (values: { node: string; goal: string; seconds: number; last: string; row: string }) => ({
    message: `Node ${printable(values.node)} does not present ${values.goal} ${values.seconds} seconds after its restart: ${printable(values.last, 300)}. The row stops here, and no further node is restarted.${inRow(values.row)}`,
    safe: `The other nodes serve. ${EITHER}`,
    next: `Look at the server log of ${printable(values.node)} and start it. Then either run this runbook again, which goes on with this node, or run the runbook "Roll back server certificate".`,
    failureMode: 'A15',
  }),
  CERTIFICATE_CHANGED_IN_THE_ROW: (values: { found: string; expected: string; row: string }) => ({
    message: `While the nodes were being restarted somebody imported another certificate: the database shows ${values.found}, and ${values.expected} was expected. A node that restarts now would present it.${inRow(values.row)}`,
    safe: `No further node was restarted, and nothing was imported over it. ${EITHER}`,
    next: `Keep the nodes from restarting. Find out who imported it; import ${values.expected} again (its PFX is in the state folder), or let every machine trust the other one; then run the runbook again.`,
    failureMode: 'A15',
  }),
  OWN_TENTACLE_NOT_PROVED: (values: { reason: string }) => ({
    message: `The Tentacle on this machine does not trust after its restart what it must trust: ${printable(values.reason, 300)}.`,
    safe: 'The certificate was not swapped; the node takes tasks again.',
    next: 'Look at the Tentacle log on this machine, then run the runbook again.',
    failureMode: 'A41',
  }),
  OWN_TENTACLE_NOT_RETIRED: (values: { reason: string }) => ({
    message: `The Tentacle on this machine does not refuse after its restart what it must refuse: ${printable(values.reason, 300)}.`,
    safe: 'The certificate in force is trusted everywhere it should be; the rotation stays open.',
    next: 'Look at the Tentacle log on this machine, then run the runbook again; only this is left to do.',
    failureMode: 'A41',
  }),
  IMPORT_NOT_EXPECTED: (values: { found: string; expected: string }) => ({
    message: `The database shows certificate ${values.found}; ${values.expected} was expected. Nothing is imported over a certificate that this rotation does not know.`,
    safe: 'The certificate was not swapped; the node takes tasks again.',
    next: 'Find out who imported another certificate; then run the runbook again.',
  }),
  IMPORT_FAILED: (values: { which: 'new' | 'old'; reason: string; found: string }) => ({
    message: `The ${values.which} certificate could not be imported: ${printable(values.reason, 400)}`,
    safe: `The database still shows certificate ${values.found}; it is in force.`,
    next: 'Mend what the message names, then run the runbook again.',
  }),
  SWAP_UNDONE: (values: { reason: string; old: string }) => ({
    message: `The new certificate was imported, and undone: ${printable(values.reason, 300)}. The old certificate ${values.old} is in force again.`,
    safe: 'Every machine that is proved trusts both certificates.',
    next: 'Look at the server log, mend what it names, then run the runbook again.',
  }),
  SWAP_UNKNOWN: (values: { reason: string }) => ({
    message: `Which certificate the server presents could not be observed: ${printable(values.reason, 300)}.`,
    safe: 'Every machine that is proved trusts both certificates, so either may be in force.',
    next: 'Bring Octopus Server up on this machine; the relay goes on by itself. Then run the runbook again.',
    failureMode: 'D8',
  }),
  QUEUE_AGAIN_FAILED: (values: { reason: string }) => ({
    message: `The runbook could not be run again by the relay: ${printable(values.reason, 300)}.`,
    safe: 'What was swapped is swapped and proved.',
    next: 'Run the runbook again by hand; it goes on where it stopped.',
    failureMode: 'D1',
  }),
});
