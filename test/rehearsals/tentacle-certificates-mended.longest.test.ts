import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPAIR_TENTACLES, TentacleScenario } from '../support/tentacle-scenario.ts';

/** Another tool writes into a registration, whatever it thinks of it. */
async function putThumbprint(scenario: TentacleScenario, name: string, thumbprint: string): Promise<void> {
  const { url, apiKey } = scenario.sandbox.line;
  const { id } = (await scenario.sandbox.truth()).registrations.find((one) => one.name === name)!;
  const at = `${url}/api/Spaces-1/machines/${id}`;
  const headers = { 'X-Octopus-ApiKey': apiKey, 'Content-Type': 'application/json' };
  const body = (await (await fetch(at, { headers })).json()) as { Endpoint: object };
  const answer = await fetch(at, { method: 'PUT', headers, body: JSON.stringify({ ...body, MachineId: id, Thumbprint: thumbprint, Endpoint: { ...body.Endpoint, Thumbprint: thumbprint } }) });
  expect(answer.status).toBe(200);
}

describe('Tentacle certificates by the task of the documents, and repaired', () => {
  let scenario: TentacleScenario;
  beforeAll(async () => {
    scenario = await TentacleScenario.start('test/estates/smallest.json', { settings: ['--method', 'task'] });
  });
  afterAll(() => scenario.stop());

  it('A29: uses the task where the server lists it, with the same proofs', async () => {
    await scenario.sandbox.setFaults({ documentTasks: 'work' });
    const before = await scenario.certificates('web-01');
    const run = await scenario.run({ 'Rotation.Machines': 'web-01' }, undefined, 300_000);
    expect(run.task.state, run.log.slice(-4000)).toBe('Success');
    // What is wrong with that task: NEW is in use before anybody but the server knows it, and nothing goes back by itself (B1).
    await scenario.ends({ save: /^neverLost: web-01/ });
    const { presents, registered } = await scenario.certificates('web-01');
    expect(registered).toEqual([presents]);
    expect(presents).not.toBe(before.presents);
    expect(scenario.journal().some((entry) => entry.kind === 'done' && entry.data.effect === 'regenerate-by-task')).toBe(true);
    expect(scenario.report).toMatchObject({ outcome: 'completed', summary: { proved: 1 } });
  });

  it('B1: a registration that another tool put back follows the machine again, and the repair ends by itself', async () => {
    const { presents } = await scenario.certificates('web-01');
    const { own } = scenario.plan.machines[0]!;
    await putThumbprint(scenario, 'web-01', own);
    await scenario.begin();
    const run = await scenario.run({}, REPAIR_TENTACLES, 300_000);
    expect(run.task.state, run.log.slice(-4000)).toBe('Success');
    await scenario.ends();
    expect(await scenario.certificates('web-01')).toEqual({ presents, registered: [presents] });
  });

  it('says that nothing is half-way when nothing is', async () => {
    const run = await scenario.run({}, REPAIR_TENTACLES, 300_000);
    expect(run.task.state, run.log.slice(-2000)).toBe('Success');
    expect(run.log).toContain('No Tentacle is half-way');
  });
});
