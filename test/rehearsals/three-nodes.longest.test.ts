import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/journal/contract.ts';
import { latestReport, pfxOpens, runRunbook, waitForRotationEnd, waitUntilQuiet } from '../support/rotation.ts';
import { Scenario } from '../support/scenario.ts';
import { leftOfRelays, onEach, presented, rowTo, walkIn } from '../support/three-nodes.ts';

const ROLL_BACK = 'Roll back server certificate';
/** A quiet machine needs less than two minutes; a busy one must not fail for that. */
const LIMIT_MS = 360_000;

let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/three-nodes-small.json', { settings: ['--restart-watch-seconds', '12'] });
});
afterAll(() => story?.stop());

describe('three nodes on one database', () => {
  it('B5: each node presents NEW after a restart of its own, drained before, one away at a time, the host last; then nothing is left of the relays', async () => {
    await story.begin();
    const from = (await story.sandbox.truth()).events.length;
    const begun = performance.now();
    const { task, log } = await story.run('three nodes', LIMIT_MS);
    expect(task.state, log.slice(-4000)).toBe('Success');
    expect(log).toMatch(/2 relays of other server nodes answer; the host's own node, NODE1, is restarted last\./);
    await waitForRotationEnd(story.installed, LIMIT_MS);
    console.log(`A rotation with three nodes took ${Math.round((performance.now() - begun) / 1000)} s.`);
    expect(performance.now() - begun).toBeLessThan(LIMIT_MS);
    await story.ends();
    expect(story.journal().at(-1)).toMatchObject({ kind: 'ended', data: { outcome: 'completed' } });
    expect(await presented(story)).toEqual(onEach(story.fresh));
    expect(walkIn(story, (await story.sandbox.truth()).events.slice(from))).toEqual(rowTo(story.fresh));
    expect(story.journal().filter((entry) => entry.kind === 'intent' && entry.data.effect === 'import-certificate')).toHaveLength(1);
    expect(await leftOfRelays(story)).toEqual([]);
    const report = latestReport(story.installed, story.rotationId)!;
    expect([report.outcome, report.leftBehind, report.verdict]).toEqual(['completed', [], expect.stringContaining('5 of 5 machines are proved')]);
    for (const { name, steps } of report.evidence.nodes) expect([name, steps.map((step) => step.what).slice(0, 4)]).toEqual([name, ['drained', 'restarted', 'presents-new', 'undrained']]);
    expect(report.evidence.nodes.map((node) => node.name).sort()).toEqual(['NODE1', 'NODE2', 'NODE3']);
  }, 2 * LIMIT_MS);

  it('rolled back after the hand-over, each node presents OLD again in the same way, and nothing is left of the relays', async () => {
    await story.set('--grace-hours', '1', '--restart-watch-seconds', '12');
    await story.begin();
    const after = story.rotationId;
    const { task, log } = await story.run('three nodes, and back', LIMIT_MS);
    expect(task.state, log.slice(-4000)).toBe('Success');
    expect(story.rotationId).not.toBe(after);
    const queued = await story.entry('the relay queues the runbook again', (entry) => entry.kind === 'run-queued', 0, LIMIT_MS) as Entry<'run-queued'>;
    const resumed = await story.ended(queued.data.taskId, LIMIT_MS);
    expect([resumed.task.state, resumed.log.includes('Not yet: both certificates stay trusted')], resumed.log.slice(-4000)).toEqual(['Success', true]);
    await waitUntilQuiet(story.installed, LIMIT_MS);
    expect(await presented(story)).toEqual(onEach(story.fresh));
    const from = (await story.sandbox.truth()).events.length;
    const back = await story.ended(await runRunbook(story.installed, { runbook: ROLL_BACK }), LIMIT_MS);
    expect(back.task.state, back.log.slice(-4000)).toBe('Success');
    await waitForRotationEnd(story.installed, LIMIT_MS);
    await waitUntilQuiet(story.installed, LIMIT_MS);
    await story.holds();
    expect(story.journal().at(-1)).toMatchObject({ kind: 'ended', data: { outcome: 'rolled-back' } });
    expect(await presented(story)).toEqual(onEach(story.old));
    expect(walkIn(story, (await story.sandbox.truth()).events.slice(from))).toEqual(rowTo(story.old));
    for (const { machine, effective } of (await story.sandbox.truth()).tentacles) {
      const list = effective!.map((one) => one.Thumbprint);
      expect({ machine, old: list.includes(story.old), new: list.includes(story.fresh) }).toEqual({ machine, old: true, new: false });
    }
    expect(await story.isDrained()).toBe(false);
    expect(await pfxOpens(story.installed, story.rotationId, story.fresh, 'new')).toBe(true);
    expect(await leftOfRelays(story)).toEqual([]);
    expect(latestReport(story.installed, story.rotationId)!.outcome).toBe('rolled-back');
  }, 4 * LIMIT_MS);
});
