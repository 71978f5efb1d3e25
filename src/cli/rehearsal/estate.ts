import { readFile } from 'node:fs/promises';
import { cliErrors } from '../../errors/cli.ts';

/** What a rehearsal has to know of an estate; the embedded Octopus checks it against its schema. */
export interface RehearsedEstate {
  name: string;
  machines: number;
  nodes: number;
  /** The registration that runs the steps. */
  host: { tentacle: string; space: string; environment: string };
}

interface Registration { space?: unknown; as?: unknown; name?: unknown; roles?: unknown; environments?: unknown }

const HOST_ROLES = ['octopus-rotation-host', 'octopus-server-node'];

/** Reads an estate file and finds the host in it: the target on the machine of the first node that has both roles. */
export async function readEstate(path: string): Promise<RehearsedEstate> {
  let estate: { name?: unknown; server?: { nodes?: { machine?: unknown }[] }; machines?: { name?: unknown; registrations?: Registration[] }[] };
  try {
    estate = JSON.parse(await readFile(path, 'utf8')) as typeof estate;
  } catch (error) {
    throw cliErrors.CLI_ESTATE_UNREADABLE({ path, reason: (error as Error).message });
  }
  if (typeof estate?.name !== 'string' || !Array.isArray(estate.server?.nodes) || !Array.isArray(estate.machines)) {
    throw cliErrors.CLI_ESTATE_UNREADABLE({ path, reason: 'it has no name, no server nodes or no machines' });
  }
  const node = estate.server.nodes[0]?.machine;
  const machine = estate.machines.find((one) => one.name === node);
  const registration = machine?.registrations?.find((one) => one.as === 'target' && HOST_ROLES.every((role) => Array.isArray(one.roles) && one.roles.includes(role)));
  const environment = Array.isArray(registration?.environments) ? (registration.environments[0] as unknown) : undefined;
  if (!registration || typeof registration.space !== 'string' || typeof environment !== 'string') throw cliErrors.CLI_ESTATE_WITHOUT_HOST({ path });
  const tentacle = typeof registration.name === 'string' ? registration.name : String(machine!.name);
  return { name: estate.name, machines: estate.machines.length, nodes: estate.server.nodes.length, host: { tentacle, space: registration.space, environment } };
}
