import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../machines/free-port.ts';
import { machineLayout } from '../machines/layout.ts';
import { createMachine, type MachineSpec } from '../machines/machine.ts';
import { writeSandboxFile, type NodeRecord, type SandboxFile } from '../machines/sandbox-file.ts';
import { writeInstance } from '../server/creation.ts';
import { foldersOf } from '../server/folders.ts';
import { listInstances, masterKeyOf, readConfiguration, writeConfiguration } from '../server/instance.ts';
import { recordEvent } from '../truth/events.ts';
import { databaseCertificate } from '../truth/ground-truth.ts';
import type { Answer } from './control.ts';
import { Machine } from './machine.ts';
import { describeNodes } from './node-addresses.ts';

/** `{ name, machine }` of a node that is to be; null for anything else. */
function wanted(text: string): { name: string; machine: string; version?: string; start?: boolean } | null {
  try {
    const { name, machine, version, start } = JSON.parse(text) as Record<string, unknown>;
    const isName = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value);
    if (!isName(name) || !isName(machine) || (version !== undefined && typeof version !== 'string') || (start !== undefined && typeof start !== 'boolean')) return null;
    return { name, machine, ...(version === undefined ? {} : { version }), ...(start === undefined ? {} : { start }) };
  } catch {
    return null;
  }
}

/**
 * Sets up a further node on a new machine, as an administrator does with the master key and the shared folder of the others, and
 * starts it unless `start` is false. Its Tentacle trusts the certificate that the database holds, and is not registered: that is
 * a request to Octopus. Polling Tentacles are not told of it.
 */
export async function addServerNode(home: string, file: SandboxFile, machines: Map<string, Machine>, text: string): Promise<Answer> {
  const given = wanted(text);
  if (!given) return refused(400, 'Say {"name": NODE, "machine": MACHINE}, each of letters, digits, - and _.');
  const { server, share } = file;
  const model = server?.nodes?.[0];
  const beside = file.machines.find(({ name }) => name === model?.machine);
  if (!server || !model || !beside || share === undefined) return refused(409, 'Nodes can be added only where there are several already: a single one has no shared folder.');
  if (machines.has(given.machine) || server.nodes?.some(({ name }) => name.toLowerCase() === given.name.toLowerCase())) return refused(409, `There is a node ${given.name} or a machine ${given.machine} already.`);
  const [instance] = listInstances(beside.dir);
  const configuration = readConfiguration(instance?.configurationFile ?? '');
  const { preload = '' } = JSON.parse(readFileSync(machineLayout(beside.dir).about, 'utf8')) as { preload?: string };
  const spec: MachineSpec = {
    name: given.machine, state: 'on', tentacleVersion: '8.3.2', trusted: [databaseCertificate(home)?.thumbprint ?? server.thumbprint], isServer: true, share, preload, programs: dirname(preload), node: process.execPath,
    ...(given.version === undefined ? {} : { serverVersion: given.version }),
  };
  const made = await createMachine(home, spec);
  const node: NodeRecord = { name: given.name, machine: given.machine, webPort: await freePort(), commsPort: await freePort() };
  writeInstance({ machineDir: made.dir, folder: join(made.dir, 'octopus'), share: machineLayout(made.dir).share, database: foldersOf(configuration).database, masterKey: masterKeyOf(beside.dir, configuration), node });
  file.machines.push(made);
  server.nodes = [...server.nodes ?? [], node];
  writeSandboxFile(home, file);
  const machine = new Machine(made.dir);
  machines.set(given.machine, machine);
  recordEvent(home, given.machine, 'node-added', { node: given.name });
  if (given.start ?? true) await machine.powerOn();
  return { status: 201, body: { ...describeNodes(file).at(-1), thumbprint: made.thumbprint, tentacleAddress: `127.0.0.1:${made.port}`, config: made.config } };
}

/** Changes the name in the node's configuration, in force from its next start: then there are two in the list, and the old one goes offline. */
export async function renameServerNode(home: string, file: SandboxFile, name: string, text: string): Promise<Answer> {
  const node = file.server?.nodes?.find((candidate) => candidate.name === name);
  const machine = file.machines.find((candidate) => candidate.name === node?.machine);
  if (!node || !machine) return refused(404, `There is no node named ${name}.`);
  const next = wanted(JSON.stringify({ ...JSON.parse(text) as object, machine: node.machine }))?.name;
  if (next === undefined) return refused(400, 'Say {"name": NODE}, of letters, digits, - and _.');
  const [instance] = listInstances(machine.dir);
  if (!instance) return refused(409, `${machine.name} has no instance.`);
  const configuration = readConfiguration(instance.configurationFile);
  configuration.set('Octopus.Storage.NodeName', next);
  writeConfiguration(instance.configurationFile, configuration);
  node.name = next;
  writeSandboxFile(home, file);
  recordEvent(home, machine.name, 'node-renamed', { from: name, to: next });
  return { status: 200, body: describeNodes(file).find((described) => described.machine === machine.name) };
}

function refused(status: number, error: string): Answer {
  return { status, body: { error } };
}
