import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/journal/contract.ts';
import { runProgram } from '../support/programs.ts';
import { latestReport, octopusRotation, pfxOpens, runRunbook, waitForRotationEnd, waitUntilQuiet } from '../support/rotation.ts';
import { until } from '../support/sandbox.ts';
import { Scenario, type Run } from '../support/scenario.ts';

const ROLL_BACK = 'Roll back server certificate';
const ABANDON = 'Abandon server certificate rotation';
let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/smallest.json', { settings: ['--restart-watch-seconds', '12', '--grace-hours', '1'] });
});
beforeEach(() => story.sandbox.setFaults({}));
afterAll(() => story.stop());

const runOf = async (runbook: string): Promise<Run> => story.ended(await runRunbook(story.installed, { runbook }));
const codes = (run: Run): unknown[] => [run.task.state, [...new Set(run.refusals)]];
const stage = (name: string, after: number) => story.entry(`the relay is at "${name}"`, (entry) => entry.kind === 'relay-stage' && entry.data.stage === name, after);

async function cancel(taskId: string): Promise<void> {
  const { url, apiKey } = story.sandbox.line;
  const response = await fetch(`${url}/api/tasks/${taskId}/cancel`, { method: 'POST', headers: { 'X-Octopus-ApiKey': apiKey } });
  expect(response.ok, await response.text()).toBe(true);
}

/** A rotation whose new certificate is in force and of which nothing is retired yet. */
async function swapped(ticket: string): Promise<void> {
  await story.begin();
  const before = story.journal().length === 0 ? null : story.rotationId;
  const { task, log } = await story.run(ticket);
  expect(task.state, log.slice(-3000)).toBe('Success');
  expect(story.rotationId).not.toBe(before);
}

/** Everything that a rolled back rotation must have come to; the loser of every machine is held by the invariants. */
async function expectRolledBack(): Promise<void> {
  await waitForRotationEnd(story.installed);
  await waitUntilQuiet(story.installed);
  await story.holds();
  expect(story.journal().at(-1)).toMatchObject({ kind: 'ended', data: { outcome: 'rolled-back' } });
  const { server, tentacles } = await story.sandbox.truth();
  expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([story.old, story.old]);
  for (const { machine, stored, effective } of tentacles) {
    for (const list of [stored!, effective!].map((one) => one.map((entry) => entry.Thumbprint))) expect({ machine, old: list.includes(story.old), new: list.includes(story.fresh) }).toEqual({ machine, old: true, new: false });
  }
  expect(await story.isDrained()).toBe(false);
  // Rule 7: a database restored from before presents NEW.
  expect(await pfxOpens(story.installed, story.rotationId, story.fresh, 'new')).toBe(true);
  const report = latestReport(story.installed, story.rotationId)!;
  expect([report.outcome, report.after!.inForce, report.leftBehind]).toEqual(['rolled-back', false, []]);
  expect(report.verdict).toBe('Rolled back: the old server certificate is in force again; 2 of 2 machines are proved, none is left behind.');
}

describe('where rolling back is not legal', () => {
  it('nothing is open: refused, and nothing changed', async () => {
    expect(codes(await runOf(ROLL_BACK))).toEqual(['Failed', ['NOTHING_TO_ROLL_BACK']]);
  });

  it('before the hand-over: refused in favour of abandoning', async () => {
    await story.begin();
    await story.sandbox.power('web-01', 'stop');
    expect(codes(await story.run('INC-1'))).toEqual(['Failed', ['TRUST_NOT_PROVED']]);
    const run = await runOf(ROLL_BACK);
    expect(codes(run), run.log.slice(-3000)).toEqual(['Failed', ['ROLL_BACK_TOO_EARLY']]);
    expect(run.log).toContain('Run the runbook "Abandon server certificate rotation"');
    expect(story.journal().some((entry) => entry.kind === 'intent' && entry.data.effect === 'roll-back')).toBe(false);
    await story.holds();
    await story.sandbox.power('web-01', 'start');
    await until('web-01 runs', 30_000, async () => (await story.tentacle('web-01')).running);
  });
});

describe('after the health check', () => {
  it('goes back; while it does, no other runbook goes on with the rotation', async () => {
    const { task, log } = await story.run('INC-1');
    expect(task.state, log.slice(-3000)).toBe('Success');
    const { log: second, task: resumed } = await story.queuedRun(0);
    expect([resumed.state, second.includes('Not yet: both certificates stay trusted')], second.slice(-3000)).toEqual(['Success', true]);
    await waitUntilQuiet(story.installed);
    const after = story.journal().length;
    const first = await runOf(ROLL_BACK);
    expect(first.task.state, first.log.slice(-3000)).toBe('Success');
    // Cancelled, the rotation is open, with OLD in force and the way forward closed.
    const queued = await story.entry('the relay queues the runbook again', (entry) => entry.kind === 'run-queued', after) as Entry<'run-queued'>;
    await cancel(queued.data.taskId);
    await story.ended(queued.data.taskId);
    await waitUntilQuiet(story.installed);
    expect((await story.sandbox.truth()).server.nodes[0]!.presents).toBe(story.old);
    const forward = await story.run('INC-1');
    expect(codes(forward), forward.log.slice(-3000)).toEqual(['Failed', ['ROTATION_ROLLING_BACK']]);
    expect(forward.log).toContain('Run the runbook "Roll back server certificate" until it has ended');
    expect(codes(await runOf(ABANDON))).toEqual(['Failed', ['ROTATION_ROLLING_BACK']]);
    const last = await runOf(ROLL_BACK);
    expect(last.task.state, last.log.slice(-3000)).toBe('Success');
    await expectRolledBack();
  });
});

describe('right after the swap', () => {
  it('the command goes back, and puts OLD where a machine lost it before anything is imported', async () => {
    await swapped('INC-2');
    const queued = await story.entry('the relay queues the runbook again', (entry) => entry.kind === 'run-queued') as Entry<'run-queued'>;
    await cancel(queued.data.taskId);
    await story.ended(queued.data.taskId);
    const { shell } = story.sandbox.line.tentacles.find((one) => one.name === 'web-01')!;
    await story.meddle(async () => {
      const ended = await runProgram(shell, ['-c', `Tentacle configure --instance=Tentacle --remove-trust=${story.old} && Tentacle service --instance=Tentacle --stop --start`]);
      expect(ended.code, ended.error + ended.out).toBe(0);
      await until('web-01 runs without OLD', 30_000, async () => (await story.tentacle('web-01')).effective?.every((one) => one.Thumbprint !== story.old));
    });
    const { code, stdout, stderr } = await octopusRotation(['roll-back', '--server', story.sandbox.line.url, '--api-key-env', 'KEY', '--space', 'Default', '--environment', 'Octopus'], { KEY: story.sandbox.line.apiKey });
    expect([code, stderr], stdout).toEqual([0, '']);
    expect(stdout).toMatch(/The relay queued the run that goes on: ServerTasks-\d+/);
    expect(stdout).toMatch(new RegExp(`Rotation ${story.rotationId} is no longer open\\.`));
    await expectRolledBack();
    const added = story.journal().find((entry) => entry.kind === 'intent' && entry.data.effect === 'add-trust' && entry.data.detail['thumbprint'] === story.old)!;
    const imported = story.journal().find((entry) => entry.kind === 'intent' && entry.data.effect === 'import-certificate' && entry.data.detail['thumbprint'] === story.old)!;
    expect(added.sequence).toBeLessThan(imported.sequence);
  });
});

describe('a relay that is killed at the import of OLD', () => {
  it('goes on by itself, and the rotation ends rolled back', async () => {
    await swapped('INC-3');
    await story.queuedRun(0);
    await waitUntilQuiet(story.installed);
    const after = story.journal().length;
    await runRunbook(story.installed, { runbook: ROLL_BACK });
    await stage('import', after);
    await story.sandbox.unit('octopus-01', `octopus-rotation-relay-${story.rotationId}.service`, 'kill');
    await expectRolledBack();
    expect(story.journal().slice(after).filter((entry) => entry.kind === 'phase-started' && entry.data.phase === 'swap-server-certificate-back'), 'begun by two processes').toHaveLength(2);
  });
});

describe('rule 10: when no machine answers under OLD', () => {
  it('NEW is put back, the run says so, and both ways are open again', async () => {
    await swapped('INC-4');
    await story.queuedRun(0);
    await waitUntilQuiet(story.installed);
    const after = story.journal().length;
    await runRunbook(story.installed, { runbook: ROLL_BACK });
    await stage('server-away', after);
    await story.sandbox.setFaults({ machines: Object.fromEntries(['octopus-01', 'web-01'].map((machine) => [machine, { dropConnections: true }])) });
    await stage('undo', after);
    await story.sandbox.setFaults({});
    const run = await story.queuedRun(after);
    expect(codes(run), run.log.slice(-3000)).toEqual(['Failed', ['ROLL_BACK_UNDONE']]);
    const { server } = await story.sandbox.truth();
    expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([story.fresh, story.fresh]);
    expect(await story.isDrained()).toBe(false);
    await story.holds();
  });

  it('from the first intent to retire on, rolling back is refused, and the rotation completes', async () => {
    await story.set('--grace-hours', '0', '--restart-watch-seconds', '12');
    const after = story.journal().length;
    const run = await story.start('INC-4');
    await story.entry('the first intent to retire', (entry) => entry.kind === 'intent' && entry.data.effect === 'retire-trust', after);
    await cancel(run);
    await story.ended(run);
    await waitUntilQuiet(story.installed);
    const late = await runOf(ROLL_BACK);
    expect(codes(late), late.log.slice(-3000)).toEqual(['Failed', ['ROLL_BACK_TOO_LATE']]);
    expect(late.log).toContain('Run "Rotate server certificate" again to finish this rotation');
    await story.completes('INC-4');
    expect(story.journal().at(-1)).toMatchObject({ kind: 'ended', data: { outcome: 'completed' } });
  });
});
