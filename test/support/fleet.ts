import { expect } from 'vitest';
import { serverAccess } from '../../src/cli/runs/server-access.ts';
import type { Registration } from '../../src/octopus/contract.ts';
import { runProgram, type Ended } from './programs.ts';
import { octopusRotation, waitForRun, type Installed } from './rotation.ts';
import type { TentacleTruth, TestSandbox } from './sandbox.ts';

/** What somebody types into a shell on a machine. */
export function shell(sandbox: TestSandbox, machine: string, command: string): Promise<Ended> {
  return runProgram(sandbox.line.tentacles.find((one) => one.name === machine)!.shell, ['-c', command]);
}

/** A command of `octopus-rotation` against the server, with the key in the environment. */
export function command({ sandbox, space }: Installed, name: string, ...options: string[]) {
  return octopusRotation([name, '--server', sandbox.line.url, '--api-key-env', 'TEST_API_KEY', '--space', space, ...options], { TEST_API_KEY: sandbox.line.apiKey });
}

/** Gives the open rotation up, as a person does. */
export function abandon(installed: Installed) {
  return command(installed, 'abandon', '--environment', installed.environment);
}

/** What Octopus itself says of the machines of a space after a full health check, by registration. */
export async function healthByOctopus(installed: Installed, names: readonly string[]): Promise<Record<string, string>> {
  const { client } = serverAccess(installed.sandbox.line.url, installed.sandbox.line.apiKey);
  const named = async (): Promise<Registration[]> => (await client.registrations(installed.spaceId)).filter((one) => names.includes(one.name));
  const ids = (await named()).map((one) => one.id);
  expect(ids).toHaveLength(names.length);
  const task = await client.checkHealth({ description: 'Somebody looks', spaceId: installed.spaceId, machineIds: ids as [string, ...string[]], onlyTestConnection: false, timeoutMs: 60_000 });
  await waitForRun(installed, task.id);
  return Object.fromEntries((await named()).map((one) => [one.name, one.healthStatus]));
}

/** Artifacts of every task, by name, as they were last attached. */
export async function artifactsByName(installed: Installed): Promise<Map<string, Buffer>> {
  const { client, artifacts } = serverAccess(installed.sandbox.line.url, installed.sandbox.line.apiKey);
  const found = new Map<string, Buffer>();
  const tasks = (await client.tasks({})).sort((one, other) => number(one.id) - number(other.id));
  for (const task of tasks) for (const one of await artifacts(task.spaceId ?? installed.spaceId, task.id)) found.set(one.name, Buffer.from(await one.read()));
  return found;
}

const number = (id: string): number => Number(id.replace(/^\D+/, ''));

/** Entries of a trust list that are about none of these certificates, as the file has them. */
export function foreignEntries(list: TentacleTruth['stored'], ...known: string[]): string {
  return JSON.stringify(list!.filter((one) => !known.includes(one.Thumbprint)));
}

/** The polling loops that have a connection, by the thumbprint that they pin. */
export function connectedBy(tentacle: TentacleTruth): string[] {
  return (tentacle.polling ?? []).filter((loop) => loop.connected).map((loop) => loop.thumbprint);
}
