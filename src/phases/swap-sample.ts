import { leftBehind } from '../journal/views.ts';
import { readPresent } from './present-machines.ts';
import { demandHealth } from './health-task.ts';
import { addressed } from './machine-scripts.ts';
import { COME_BACK_MS, type SwapWork } from './swap-work.ts';

/** Machines asked through the server after the swap, to see that the certificate in force carries connections at all. */
const SAMPLE = 10;

/** How many proved machines were asked through the server, on connections made since the swap, and how many answered it (rule 10). */
export async function sampleMachines({ context, rotation, goal }: SwapWork): Promise<{ asked: number; answered: number }> {
  const behind = leftBehind(rotation.entries());
  // Octopus asks none that is disabled or removed, and its silence would mean nothing.
  const present = (await readPresent(context, rotation)).present.filter((one) => !one.isGone).map(({ machine }) => machine);
  const proved = present.filter((machine) => !behind.has(machine.key) && !machine.isDisabled);
  if (proved.length === 0) return { asked: 0, answered: 0 };
  await rotation.stage('sample', `asks machines through the server with its ${goal.name} certificate`);
  // Listening ones first: a polling Tentacle may pause for two minutes before it comes again (A18).
  const sample = [...proved].sort((a, b) => Number(a.route === 'polling') - Number(b.route === 'polling')).slice(0, SAMPLE);
  let answered = 0;
  const spaces = new Set(sample.map((machine) => addressed(machine).spaceId));
  for (const spaceId of spaces) {
    const ids = sample.map(addressed).filter((one) => one.spaceId === spaceId).map((one) => one.id) as [string, ...string[]];
    const task = await rotation.octopus.checkHealth({ description: `Octopus Rotation: connection test after the swap [${rotation.id}]`, spaceId, machineIds: ids, onlyTestConnection: true, timeoutMs: COME_BACK_MS });
    demandHealth(await rotation.octopus.waitForTask(task.id, { timeoutMs: COME_BACK_MS }));
    const health = await rotation.octopus.registrations(spaceId);
    answered += health.filter((one) => ids.includes(one.id) && (one.healthStatus === 'Healthy' || one.healthStatus === 'HasWarnings')).length;
  }
  await rotation.stage('sampled', `${answered} of ${sample.length} machines asked through the server answer it`);
  return { asked: sample.length, answered };
}
