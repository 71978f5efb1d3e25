import { printable } from '../errors/printable.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { OctopusClient, Registration } from '../octopus/contract.ts';
import { inParallel } from './concurrency.ts';
import type { PhaseContext } from './context.ts';
import { addressOf } from './inventory.ts';
import { connected } from './looking.ts';
import type { Rotation } from './rotation.ts';

const HEALTH_TIMEOUT_MS = 10 * 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const IN_FLIGHT = 64;

/**
 * Lets Octopus check in full, one task a space, the machines whose shell it does not know (octopus-rest.md 1.4), and waits. Left out are
 * disabled ones, which Octopus skips, whoever does not answer (rule 15), and the host, whose check would wait for this very step (A41).
 * Answers whether any was checked: then the registrations are to be read anew. How a task ends says nothing (D8); what is still unknown
 * then is refused as before. `label` goes into the descriptions of the tasks; with a rotation in hand the tasks are on record as its effect.
 */
export async function checkUnknownShells(context: PhaseContext, octopus: OctopusClient, unchecked: readonly Registration[], own: Thumbprint, label: string, rotation: Rotation | null): Promise<boolean> {
  const checkable = await answering(context, octopus, unchecked.filter((one) => !one.isDisabled && one.thumbprint !== own), label);
  if (checkable.length === 0) return false;
  const check = () => inEverySpace(context, octopus, checkable, label);
  if (rotation) await rotation.effect('find-out-shells', 'estate', { registrations: checkable.length }, async () => (await check(), {}));
  else await check();
  return true;
}

async function inEverySpace(context: PhaseContext, octopus: OctopusClient, checkable: readonly Registration[], label: string): Promise<void> {
  await Promise.all([...new Set(checkable.map((one) => one.spaceId))].map(async (spaceId) => {
    const here = checkable.filter((one) => one.spaceId === spaceId);
    const queued = await octopus.checkHealth({ description: `Octopus Rotation: find out the shell [${label}]`, spaceId, machineIds: here.map((one) => one.id) as [string, ...string[]], onlyTestConnection: false, timeoutMs: HEALTH_TIMEOUT_MS });
    context.voice.info(`${queued.id}: full health check of ${here.length} registration(s) whose shell is not known: ${here.map((one) => printable(one.name)).join(', ')}`);
    const { task, timedOut } = await octopus.waitForTask(queued.id, { timeoutMs: HEALTH_TIMEOUT_MS, onProgress: () => context.voice.progress(0, `${queued.id}: ${here.length} machine(s) checked in full by Octopus`) });
    context.voice.verbose(`${queued.id} ${timedOut ? 'is still running' : `ended as ${task.state}`}.`);
  }));
}

/** Those that answer a TCP connect; where only the server can reach one, its connection is tested first. */
async function answering(context: PhaseContext, octopus: OctopusClient, unchecked: readonly Registration[], label: string): Promise<Registration[]> {
  const isDialled = (one: Registration) => one.style === 'TentaclePassive' && one.proxyId === null;
  const dialled = await inParallel(unchecked.filter(isDialled), IN_FLIGHT, async (one) => {
    const { host, port } = addressOf(one.uri!);
    const { reached } = await context.network.reach(host, port, CONNECT_TIMEOUT_MS);
    return reached ? [one] : [];
  });
  const others = unchecked.filter((one) => !isDialled(one));
  const keys = await connected(context, { id: label, octopus }, others.map((one) => ({ key: one.id, registrations: [one] })));
  return [...dialled.flat(), ...others.filter((one) => keys.has(one.id))];
}
