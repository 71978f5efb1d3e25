import { Ajv } from 'ajv';
import schema from '../../../schemas/estate.schema.json' with { type: 'json' };

/** An estate (schemas/estate.schema.json), with the defaults filled in. */
export interface Estate {
  name: string;
  pollingPauseFactor: number;
  server: { version: string; nodes: { name: string; machine: string; version?: string }[]; loadBalancer?: { machine: string }; offlineAfterSeconds: number };
  spaces: { name: string; environments: string[]; workerPools?: string[] }[];
  machines: {
    name: string; platform: 'linux' | 'windows'; mode: 'listening' | 'polling'; noListen?: boolean; state: 'on' | 'off'; tentacleVersion: string; foreignTrust?: string[];
    ownCertificate?: { signatureAlgorithm: 'sha256RSA' | 'sha1RSA'; madeOn?: string; validTo?: string }; cloneOf?: string;
    registrations: { space: string; as: 'target' | 'worker'; name?: string; roles?: string[]; environments?: string[]; workerPools?: string[]; disabled?: boolean }[];
  }[];
  otherEndpoints?: { space: string; name: string; style: string; roles?: string[]; environments?: string[] }[];
}

/** What is wrong with an estate, one sentence a fault. */
export class BadEstate extends Error {
  override name = 'BadEstate';
}

/**
 * Reads an estate from its JSON text.
 * @throws BadEstate naming every place that the schema refuses, or a name that is used but not defined.
 */
export function parseEstate(text: string): Estate {
  let estate: unknown;
  try {
    estate = JSON.parse(text);
  } catch (error) {
    throw new BadEstate(`The estate is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const validate = new Ajv({ allErrors: true, useDefaults: true, strict: true }).compile<Estate>(schema);
  if (!validate(estate)) {
    throw new BadEstate((validate.errors ?? []).map(({ instancePath, message }) => `The estate is refused at ${instancePath || '/'}: ${message ?? 'invalid'}.`).join('\n'));
  }
  const names = estate.machines.map(({ name }) => name);
  const repeated = twice([...names, ...(estate.server.loadBalancer ? [estate.server.loadBalancer.machine] : [])]);
  const crowded = twice(estate.server.nodes.map(({ machine }) => machine));
  const namesakes = twice(estate.server.nodes.map(({ name }) => name.toLowerCase()));
  const unknown = estate.server.nodes.filter(({ machine }) => !names.includes(machine));
  const windowsServers = estate.machines.filter(({ name, platform }) => platform === 'windows' && estate.server.nodes.some(({ machine }) => machine === name));
  const clones = estate.machines.filter(({ cloneOf, platform }) => cloneOf !== undefined && !estate.machines.some((original) => original.name === cloneOf && original.cloneOf === undefined && original.platform === platform));
  if (clones.length > 0) throw new BadEstate(`The estate has clones of machines that it does not have, that are clones themselves, or that have another platform: ${clones.map(({ name }) => name).join(', ')}.`);
  if (windowsServers.length > 0) throw new BadEstate(`The sandbox runs Octopus Server on Linux only, not on ${windowsServers.map(({ name }) => name).join(', ')}.`);
  if (repeated.length > 0) throw new BadEstate(`The estate has two machines named ${repeated.join(', ')}.`);
  if (crowded.length > 0) throw new BadEstate(`The estate has two nodes on ${crowded.join(', ')}.`);
  if (namesakes.length > 0) throw new BadEstate(`The estate has two nodes named ${namesakes.join(', ')}.`);
  if (unknown.length > 0) throw new BadEstate(`The estate's nodes are on machines that it does not have: ${unknown.map(({ machine }) => machine).join(', ')}.`);
  return estate;
}

/** What occurs more than once, each once. */
function twice(names: string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
