import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runRunbook, waitForRotationEnd, waitUntilQuiet } from '../support/rotation.ts';
import { until } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';
import { leftOfRelays, onEach, presented, walkIn } from '../support/three-nodes.ts';

const ABANDON = 'Abandon server certificate rotation';
const LIMIT_MS = 360_000;

let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/three-nodes-small.json', { settings: ['--restart-watch-seconds', '12'] });
});
beforeEach(() => story.sandbox.setFaults({}));
afterAll(() => story?.stop());

describe('three nodes on one database', () => {
  it('A15: a rotation that is abandoned before the swap dismisses the relays of the other nodes, none of which was restarted', async () => {
    await story.begin();
    const from = (await story.sandbox.truth()).events.length;
    await story.sandbox.power('web-01', 'stop');
    const run = await story.run('abandoned', LIMIT_MS);
    expect([run.task.state, [...new Set(run.refusals)]], run.log.slice(-4000)).toEqual(['Failed', ['TRUST_NOT_PROVED']]);
    await waitUntilQuiet(story.installed);
    expect((await leftOfRelays(story)).filter((one) => one.includes('relay')), 'the relays of two nodes wait').toHaveLength(2);
    await story.sandbox.power('web-01', 'start');
    await until('web-01 runs', 30_000, async () => (await story.tentacle('web-01')).running);
    const { old } = story;
    const way = await story.ended(await runRunbook(story.installed, { runbook: ABANDON }), LIMIT_MS);
    expect(way.task.state, way.log.slice(-4000)).toBe('Success');
    await waitForRotationEnd(story.installed, LIMIT_MS);
    await waitUntilQuiet(story.installed, LIMIT_MS);
    await story.holds();
    expect(story.journal().at(-1)).toMatchObject({ kind: 'ended', data: { outcome: 'abandoned' } });
    expect(await leftOfRelays(story)).toEqual([]);
    expect(walkIn(story, (await story.sandbox.truth()).events.slice(from))).toEqual([]);
    expect(await presented(story)).toEqual(onEach(old));
  }, 2 * LIMIT_MS);

  it('D12: a node that does not come back is waited for, while the others serve and the next one is left alone; when it does, the rotation completes without a person', async () => {
    await story.begin();
    await story.sandbox.setFaults({ machines: { 'octopus-03': { server: { serverStart: 'fails' } } } });
    const starts = async () => (await story.sandbox.machines()).find((one) => one.name === 'octopus-03')!.units.find((unit) => unit.name === 'octopusserver.service')!.restarts;
    const before = await starts();
    await story.start('a node stays away');
    await until('the service manager has tried NODE3 three times', LIMIT_MS, async () => (await starts()) >= before + 3);
    const { server } = await story.sandbox.truth();
    expect(Object.fromEntries(server.nodes.map(({ name, running, presents }) => [name, running ? presents : 'away']))).toEqual({ NODE1: story.old, NODE2: story.fresh, NODE3: 'away' });
    expect((await fetch(`${story.sandbox.line.url}/api`)).ok, 'the others serve').toBe(true);
    expect((await story.client.nodes()).filter((node) => node.isDraining).map((node) => node.name)).toEqual(['NODE3']);
    await story.sandbox.setFaults({});
    await story.ends();
    expect(story.journal().at(-1)).toMatchObject({ kind: 'ended', data: { outcome: 'completed' } });
    expect(await presented(story)).toEqual(onEach(story.fresh));
    expect(await leftOfRelays(story)).toEqual([]);
  }, 2 * LIMIT_MS);
});
