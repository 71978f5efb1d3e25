import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';

/** On the oldest server, whose runs are queued by ids: one rotation shows both. */
let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/oldest-server.json', { settings: ['--restart-watch-seconds', '15', '--approval', 'yes'] });
  await story.begin();
});
afterAll(() => story.stop());

interface Interruption { Id: string; IsPending: boolean; Form: { Elements: { Control: { Text?: string } }[] } }

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const { line } = story.sandbox;
  const response = await fetch(`${line.url}/api/${story.installed.spaceId}/${path}`, { method, headers: { 'X-Octopus-ApiKey': line.apiKey, 'Content-Type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<T>;
}

const pending = async (taskId: string) => (await call<{ Items: Interruption[] }>('GET', `interruptions?regarding=${taskId}&pendingOnly=true`)).Items[0];

/** Waits until the run asks, and answers it as a person does in the portal. */
async function answer(taskId: string, Result: 'Proceed' | 'Abort'): Promise<string> {
  const asked = await until('the run asks for approval', 120_000, () => pending(taskId));
  expect(await story.client.task(taskId)).toMatchObject({ state: 'Executing', isCompleted: false, hasPendingInterruptions: true });
  expect((await story.sandbox.truth()).server.database.thumbprint).toBe(story.old);
  await call('PUT', `interruptions/${asked.Id}/responsible`);
  await call('POST', `interruptions/${asked.Id}/submit`, { Instructions: null, Notes: 'CAB-12', Result });
  return asked.Form.Elements[0]!.Control.Text ?? '';
}

describe('D6, D7: a rotation that waits for a person before the swap', () => {
  it('asks when trust is proved, in the run itself; aborted, it replaces nothing, reports, and stays open', async () => {
    const taskId = await story.start('INC-1');
    const said = await answer(taskId, 'Abort');
    expect(said).toContain(story.rotationId);
    expect(said).toContain(story.fresh);
    const run = await story.ended(taskId);
    expect(run.task.state).toBe('Failed');
    expect(run.log).toContain('The manual intervention was aborted by admin.');
    expect(story.journal().some((entry) => entry.kind === 'handed-over' || entry.kind === 'ended')).toBe(false);
    expect(run.log).toMatch(/Skipping this step as its run condition .*\n?/);
    await story.holds();
  });

  it('asks again in the next run; approved, it goes on to the end, and the run after the swap asks nobody', async () => {
    const taskId = await story.start('INC-1');
    await answer(taskId, 'Proceed');
    const run = await story.ended(taskId);
    expect([run.task.state, run.refusals], run.log.slice(-3000)).toEqual(['Success', []]);
    const queued = await story.queuedRun(0);
    expect(queued.task.state, queued.log.slice(-3000)).toBe('Success');
    expect((await call<{ Items: Interruption[] }>('GET', `interruptions?regarding=${queued.task.id}`)).Items).toEqual([]);
    expect(queued.log).toContain('Octopus Server 2019.13.7 at ');
    await story.ends();
  });

  it('asks nobody when nothing is due', async () => {
    const quiet = await story.run('');
    expect([quiet.task.state, quiet.log]).toEqual(['Success', expect.stringContaining('Nothing is due')]);
    expect((await call<{ Items: Interruption[] }>('GET', `interruptions?regarding=${quiet.task.id}`)).Items).toEqual([]);
  });
});
