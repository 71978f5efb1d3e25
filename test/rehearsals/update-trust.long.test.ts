import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectedBy } from '../support/fleet.ts';
import { Scenario } from '../support/scenario.ts';

let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/one-polling.json', { settings: ['--restart-watch-seconds', '15', '--polling-route', 'update-trust', '--drain-limit-minutes', '1'] });
  await story.begin();
});
afterAll(() => story.stop());

it('A4: with PollingRoute=update-trust a polling Tentacle keeps OLD through every gate, is turned right before the hand-over, and polls on NEW after the swap', async () => {
  const first = await story.run('INC-1');
  expect(first.task.state, first.log.slice(-3000)).toBe('Success');
  expect(first.log).toMatch(/1 polling machine\(s\) wait for the new certificate from now on, and go back to the old one after 16 minutes/);
  const { old, fresh } = story;
  const turned = story.journal().filter((entry) => entry.kind === 'intent' && entry.data.effect === 'update-trust');
  const handedOver = story.journal().find((entry) => entry.kind === 'handed-over')!;
  expect(turned).toHaveLength(1);
  expect(turned[0]!.sequence).toBeLessThan(handedOver.sequence);
  await story.ends();
  const dmz = await story.tentacle('dmz-01');
  expect(dmz.effective!.map((one) => one.Thumbprint)).not.toContain(old);
  expect(connectedBy(dmz)).toEqual([fresh]);
});
