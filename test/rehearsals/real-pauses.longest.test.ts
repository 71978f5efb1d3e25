import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectedBy, healthByOctopus } from '../support/fleet.ts';
import { until } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';

/** The longest pause of a polling Tentacle between two tries (tentacle-trust.md section 6), and what a try itself may take. */
const [LONGEST_PAUSE_MS, MARGIN_MS] = [120_000, 15_000];
/** After so long without its server a Tentacle pauses for the longest time: it grows with the time of failing. */
const FAILING_MS = 88_000;
const target = (environment: string, ...roles: string[]) => ({ space: 'Default', as: 'target', roles, environments: [environment] });
const estate = {
  name: 'Real pauses', pollingPauseFactor: 1,
  server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
  spaces: [{ name: 'Default', environments: ['Production', 'Octopus'], workerPools: ['Default Worker Pool'] }],
  machines: [
    { name: 'octopus-01', registrations: [target('Octopus', 'octopus-server-node', 'octopus-rotation-host')] },
    { name: 'web-01', registrations: [target('Production', 'web')] },
    { name: 'dmz-01', mode: 'polling', registrations: [target('Production', 'web')] },
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'rea-'));
let story: Scenario;
beforeAll(async () => {
  const path = join(folder, 'estate.json');
  writeFileSync(path, JSON.stringify(estate));
  story = await Scenario.start(path, { settings: ['--restart-watch-seconds', '15'] });
  await story.begin();
});
afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

it('A18: with the real pauses of polling a Tentacle comes back within two minutes of the swap, and the product waits for it', async () => {
  const run = await story.start('INC-1');
  await story.entry('the step hands over', (entry) => entry.kind === 'handed-over');
  // Held up while the node drains, so that the twin with NEW has been refused for long enough to pause as long as it ever does.
  const other = await story.longTask('web-01', join(folder, 'held'));
  const started = Date.parse((await story.sandbox.truth()).events.findLast((one) => one.event === 'tentacle-started' && one.machine === 'dmz-01')!.at);
  await until('the twin has been refused for long enough', FAILING_MS + 5_000, () => Promise.resolve(Date.now() - started > FAILING_MS), 500);
  expect(connectedBy(await story.tentacle('dmz-01'))).toEqual([story.old]);
  await other.finish();
  expect((await story.ended(run)).task.state).toBe('Success');

  const swapped = await until('the server runs on NEW', 120_000, async () => (await story.sandbox.truth()).events.find((one) => one.event === 'server-started' && one['thumbprint'] === story.fresh));
  await until('the polling Tentacle is back', LONGEST_PAUSE_MS + MARGIN_MS + 30_000, async () => connectedBy(await story.tentacle('dmz-01')).includes(story.fresh), 100);
  const away = Date.now() - Date.parse(swapped.at);
  console.log(`Back ${Math.round(away / 100) / 10} s after the server came with the new certificate.`);
  expect(away).toBeLessThanOrEqual(LONGEST_PAUSE_MS + MARGIN_MS);
  // Otherwise the pauses were not what this is about, and nothing was waited for.
  expect(away).toBeGreaterThan(30_000);

  const { task, log } = await story.queuedRun(0);
  expect(task.state, log.slice(-4000)).toBe('Success');
  expect(log).not.toContain('HEALTH_');
  await story.ends();
  const { stored, effective } = await story.tentacle('dmz-01');
  expect(stored!.map((one) => [one.Thumbprint, one.CommunicationStyle])).toEqual([[story.fresh, 2]]);
  expect(effective).toEqual(stored);
  expect(await healthByOctopus(story.installed, ['web-01', 'dmz-01'])).toEqual({ 'web-01': 'Healthy', 'dmz-01': 'Healthy' });
});
