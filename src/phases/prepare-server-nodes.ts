import type PrepareServerNodesInputs from '../../steps/prepare-server-nodes/inputs.ts';
import { parseThumbprint } from '../certificates/thumbprint.ts';
import { counted } from '../errors/counted.ts';
import { inputErrors } from '../errors/inputs.ts';
import { nodeErrors } from '../errors/nodes.ts';
import { printable } from '../errors/printable.ts';
import { swapErrors } from '../errors/swap.ts';
import { nodesKnown, type SeenNode } from '../gates/nodes.ts';
import { hasRole, HOST_ROLE } from '../gates/roles.ts';
import { all, demandPass, PASS, refuse } from '../gates/verdict.ts';
import { readLease } from '../journal/held-lease.ts';
import { carriesOver } from '../mailbox/carrier.ts';
import { nodeKey } from '../mailbox/message.ts';
import { sharedFolderCarrier } from '../mailbox/shared-folder.ts';
import type { OctopusServerCommands } from '../server/command-line.ts';
import { inParallel } from './concurrency.ts';
import type { Phase, PhaseContext, PhaseResult } from './context.ts';
import { ownThumbprint } from './host-script.ts';
import { addressText, givenAddresses } from './node-addresses.ts';
import { leaderMailbox } from './node-controls.ts';
import { relayJob, relayName } from './relay-job.ts';
import { remoteNode } from './remote-node.ts';
import { withRotation, type Rotation } from './rotation.ts';
import { serverCommands } from './server-commands.ts';

const CHECK_MS = 60_000;
/** The steps of the other machines run at the same time as the host's. */
const READY_MS = 3 * 60_000;
const NAME_MS = 10_000;

/**
 * Runs on every machine with a server node at once. Beside a node that does not lead it puts up the node's relay, which tries out what it
 * will need and stays; on the host it asks each of them to look, and journals who answered, with the addresses that Tentacles may know.
 */
export const phase: Phase<PrepareServerNodesInputs> = {
  name: 'prepare-server-nodes',
  title: 'Prepare server nodes',
  async run(context, inputs) {
    const octopus = context.octopus(inputs.ServerUrl, inputs.ApiKey);
    const own = await ownThumbprint(context);
    const isHost = (await octopus.registrations(inputs.SpaceId)).some((one) => one.thumbprint === own && hasRole(one, HOST_ROLE));
    const { wrong } = givenAddresses(inputs.NodeAddresses, '');
    if (wrong.length > 0) throw inputErrors.INPUT_INVALID({ problems: wrong.map((line) => `NodeAddresses: "${printable(line)}" is not NODE=host:port`) });
    if (isHost) return withRotation(context, this.name, inputs, { requires: [] }, (rotation) => onHost(context, inputs, rotation));
    const nodes = await octopus.nodes();
    if (nodes.length === 1) return done('This server has one node; nothing is to be prepared here.');
    return besideNode(context, inputs, nodes);
  },
};

const done = (headline: string): PhaseResult => ({ outcome: 'continue', outputs: {}, headline });

/** The machine of a node that does not lead. It has no journal: the marker in Octopus says whose turn it is. */
async function besideNode(context: PhaseContext, inputs: PrepareServerNodesInputs, nodes: { id: string; name: string }[]): Promise<PhaseResult> {
  const marker = await readLease(context.octopus(inputs.ServerUrl, inputs.ApiKey), inputs.SpaceId);
  if (marker?.rotationId !== inputs.RotationId) throw nodeErrors.NODE_OF_ANOTHER_ROTATION({ asked: inputs.RotationId, found: marker?.rotationId ?? null });
  const commands = await serverCommands(context, inputs.OctopusServer, inputs.RestartCommand);
  const self = await aboutThisNode(context, inputs, commands);
  const node = nodeNamed(nodes, self.name);
  const job = {
    ...relayJob(context, inputs, { rotationId: inputs.RotationId, stateFolder: inputs.StateFolder }, { kind: 'node', octopusServer: commands.executable, restartCommand: inputs.RestartCommand }),
    node: { id: node.id, name: node.name, port: self.port, addresses: self.addresses, fence: marker.fence, sharedFolder: self.sharedFolder },
  };
  if (await context.relay.stands(job)) return done(`The relay of server node ${printable(node.name)} is there and stays.`);
  const name = relayName(job);
  await context.relay.start(job, () => Promise.resolve());
  const check = await context.relay.checkResult(name, CHECK_MS);
  if (!check.ready) {
    await context.relay.remove(name);
    throw swapErrors.RELAY_NOT_READY({ reason: check.reason });
  }
  return done(`The relay of server node ${printable(node.name)} is there: it reads certificate ${check.thumbprint} and waits for the one that leads${self.sharedFolder === null ? '' : ', also in the shared folder'}.`);
}

async function onHost(context: PhaseContext, inputs: PrepareServerNodesInputs, rotation: Rotation): Promise<PhaseResult> {
  const { nodes } = rotation.plan;
  if (nodes.length === 1) return done('This server has one node; its relay is the one that leads.');
  const commands = await serverCommands(context, inputs.OctopusServer, inputs.RestartCommand);
  const self = await aboutThisNode(context, inputs, commands);
  const host = nodeNamed(nodes, self.name);
  await tryShare(context, rotation, self.sharedFolder);
  const access = { serverUrl: inputs.ServerUrl, apiKey: inputs.ApiKey, secret: inputs.Secret, spaceId: inputs.SpaceId, octopusServer: commands.executable, restartCommand: inputs.RestartCommand ?? null };
  const mailbox = await leaderMailbox(context, rotation, access, self.sharedFolder);
  await rotation.prove(host.id, 'node-ready', 'rest', { name: host.name, isHost: true, port: self.port, addresses: self.addresses.join(' '), sharedFolder: self.sharedFolder });
  const others = nodes.filter((one) => one !== host);
  const seen: SeenNode[] = [];
  let answered = 0;
  const tell = () => context.voice.progress(Math.round((answered / others.length) * 100), `${answered} of ${others.length} relays of server nodes have answered`);
  tell();
  const missing = await inParallel(others, others.length, async (node) => {
    try {
      const { node: said, presents, database, text } = await remoteNode(context, rotation, mailbox, node).introduce(READY_MS);
      const shown = (thumbprint: string | null) => (thumbprint === null ? null : parseThumbprint(thumbprint));
      seen.push({ name: node.name, presents: shown(presents), database: shown(database), text });
      await rotation.prove(node.id, 'node-ready', 'rest', { name: node.name, isHost: false, port: said.port, addresses: said.addresses.join(' '), relaySha256: said.relaySha256 });
      answered += 1;
      tell();
      return null;
    } catch (error) {
      if ((error as { code?: string }).code !== 'NODE_UNKNOWN') throw error;
      await rotation.record({ kind: 'unproved', subject: node.id, data: { claim: 'node-ready', verdict: 'unknown', reason: error instanceof Error ? error.message : String(error) } });
      return { name: node.name, reason: 'its relay did not answer' };
    }
  });
  const notReady = missing.filter((one) => one !== null);
  // Plan saw the host's own node, and over REST whichever the load balancer chose: one that was not restarted since an import shows here.
  demandPass(all(notReady.length > 0 ? refuse(nodeErrors.NODE_NOT_READY({ nodes: notReady })) : PASS, nodesKnown(seen, rotation.plan.old, rotation.fresh?.thumbprint ?? null)));
  return { outcome: 'continue', outputs: { NodeCount: String(nodes.length) }, headline: `${counted(others.length, 'relay')} of other server nodes answer; the host's own node, ${printable(host.name)}, is restarted last.` };
}

function nodeNamed<Node extends { name: string }>(nodes: readonly Node[], name: string): Node {
  const node = nodes.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!node) throw nodeErrors.NODE_NOT_PLANNED({ node: name, planned: nodes.map((one) => one.name) });
  return node;
}

/** What this machine's node is called and where Tentacles may reach it. */
async function aboutThisNode(context: PhaseContext, inputs: PrepareServerNodesInputs, commands: OctopusServerCommands): Promise<{ name: string; port: number; addresses: string[]; sharedFolder: string | null }> {
  const { name, port, sharedFolder } = await commands.node();
  const full = await context.processes.run({ file: 'hostname', args: ['-f'], timeoutMs: NAME_MS });
  const names = [full.exitCode === 0 ? full.stdout.trim() : '', context.processes.host, ...context.network.ownAddresses].filter((one) => /^[0-9A-Za-z._:-]+$/.test(one));
  const addresses = [...new Set([...givenAddresses(inputs.NodeAddresses, name).addresses, ...names.map((one) => addressText(one, port))])];
  const shared = inputs.SharedFolder ?? sharedFolder;
  if (shared === null) context.voice.warn('Neither Rotation.SharedFolder nor the configuration of Octopus Server names a shared folder: relays can talk only while Octopus answers.');
  return { name, port, addresses, sharedFolder: shared };
}

/** The host's own relay needs the share as well; each other one tries it by itself. */
async function tryShare(context: PhaseContext, rotation: Rotation, sharedFolder: string | null): Promise<void> {
  if (sharedFolder === null) return;
  const self = nodeKey(rotation.id);
  const share = sharedFolderCarrier(context.files, sharedFolder, rotation.id);
  try {
    if (!(await carriesOver(share, { from: self, to: self, fence: rotation.fence, sequence: 1, text: rotation.id }))) throw new Error('what was written there reads differently');
  } catch (error) {
    throw nodeErrors.SHARED_FOLDER_UNUSABLE({ path: sharedFolder, reason: error instanceof Error ? error.message : String(error) });
  }
}
