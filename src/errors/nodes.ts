import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const NOTHING = 'Nothing was changed by this step.';
const AGAIN = 'then run the runbook again; it goes on where it stopped.';

/** Refusals about server nodes beside the host, and about what their relays tell each other. */
export const nodeErrors = catalogue({
  NODE_UNKNOWN: (v: { node: string; command: string; seconds: number; reason: string }) => ({
    message: `The relay of server node ${printable(v.node)} did not say within ${v.seconds} seconds that "${v.command}" was done${v.reason === '' ? '' : `: ${printable(v.reason, 300)}`}. Whether it was is not known.`,
    safe: 'A command that was not begun is not begun any more once a later one is there; every machine that is proved trusts both certificates.',
    next: `See on that machine whether the relay and the server run (systemctl list-units 'octopus-rotation-relay-*'), ${AGAIN}`,
    failureMode: 'A15',
  }),
  NODE_NOT_READY: (v: { nodes: { name: string; reason: string }[] }) => ({
    message: `${v.nodes.length} server node(s) cannot be restarted by this rotation: ${v.nodes.map((one) => `${printable(one.name)} (${printable(one.reason, 200)})`).join('; ')}.`,
    safe: 'The certificate was not swapped.',
    next: `Give each node's own Tentacle the role octopus-server-node, enable it, see in this run what its step "Prepare server nodes" says, ${AGAIN}`,
    failureMode: 'A15',
  }),
  NODE_NOT_PLANNED: (v: { node: string; planned: string[] }) => ({
    message: `This machine is server node "${printable(v.node)}", which is not among the planned ones: ${v.planned.map((one) => printable(one)).join(', ')}.`,
    safe: NOTHING,
    next: 'If it belongs to this server, start it and run the runbook again, whose plan takes it in; if not, take the role octopus-server-node away from its Tentacle.',
    failureMode: 'A15',
  }),
  NODE_OF_ANOTHER_ROTATION: (v: { asked: string; found: string | null }) => ({
    message: `This machine was to be prepared for rotation ${printable(v.asked)}, but Octopus names ${v.found === null ? 'none' : printable(v.found)} as open.`,
    safe: NOTHING,
    next: 'Run the whole runbook again from Plan.',
    failureMode: 'D4',
  }),
  NODE_WITHOUT_TENTACLE: (v: { nodes: string[]; tentacles: string[] }) => ({
    message: `This server has ${v.nodes.length} nodes (${v.nodes.map((one) => printable(one)).join(', ')}), but ${v.tentacles.length} enabled Tentacle(s) in this space have the role octopus-server-node or octopus-rotation-host${v.tentacles.length === 0 ? '' : ` (${v.tentacles.map((one) => printable(one)).join(', ')})`}. A node without one cannot be restarted and would keep the old certificate.`,
    safe: 'Nothing was changed.',
    next: 'Register on each node\'s machine a Tentacle of its own in the space of the runbook, in its environment, with the role octopus-server-node; then run the runbook again.',
    failureMode: 'A15',
  }),
  NODE_VERSIONS_DIFFER: (v: { nodes: { name: string; version: string }[] }) => ({
    message: `The server nodes run different versions: ${v.nodes.map((one) => `${printable(one.name)} ${printable(one.version)}`).join(', ')}.`,
    safe: 'Nothing was changed.',
    next: 'Finish the upgrade on every node, then run the runbook again.',
    failureMode: 'A15',
  }),
  UPDATE_TRUST_WITH_SEVERAL_NODES: (v: { nodes: string[] }) => ({
    message: `Polling Tentacles cannot go over by update-trust, since this server has ${v.nodes.length} nodes (${v.nodes.map((one) => printable(one)).join(', ')}): they are restarted one after the other, and until the last one is, both certificates have to be trusted.`,
    safe: 'Nothing was changed.',
    next: 'Set Rotation.PollingRoute to twin, then run the runbook again.',
    failureMode: 'A15',
  }),
  SEVERAL_HOSTS: (v: { machines: string[] }) => ({
    message: `${v.machines.length} machines have the role octopus-rotation-host: ${v.machines.map((one) => printable(one)).join(', ')}. Each of them would run every step.`,
    safe: 'Nothing was changed.',
    next: 'Leave the role with exactly one of them (the others keep octopus-server-node), then run the runbook again.',
    failureMode: 'A41',
  }),
  SHARED_FOLDER_UNUSABLE: (v: { path: string; reason: string }) => ({
    message: `The shared folder "${printable(v.path, 300)}" cannot be used: ${printable(v.reason)}.`,
    safe: NOTHING,
    next: `Set Rotation.SharedFolder to the folder that all nodes share, by its full path as each node sees it, ${AGAIN}`,
    failureMode: 'A15',
  }),
  MAILBOX_UNREACHABLE: (v: { carriers: string[] }) => ({
    message: `No message to another server node could be left anywhere (tried ${v.carriers.map((one) => printable(one, 300)).join(' and ') || 'nothing'}).`,
    safe: 'Nothing was asked of that node.',
    next: `Bring one of them back, ${AGAIN}`,
    failureMode: 'A15',
  }),
  MAILBOX_CONTENDED: (v: { set: string; attempts: number }) => ({
    message: `A message could not be written to the library variable set "${v.set}": somebody else wrote to it each of ${v.attempts} times.`,
    safe: 'Nothing was asked of that node.',
    next: 'See who else edits that library variable set, then run this again.',
    failureMode: 'D4',
  }),
  MAILBOX_OVERTAKEN: (v: { mine: number; found: number }) => ({
    message: `A message under the fence ${v.mine} was to be sent, but one under ${v.found} was sent before.`,
    safe: 'Nothing was asked of that node.',
    next: 'Let the one that holds the lease now go on; octopus-rotation status names it.',
    failureMode: 'D4',
  }),
});
