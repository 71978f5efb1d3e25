import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plan } from '../../src/journal/views.ts';
import { parseThumbprint } from '../../src/certificates/thumbprint.ts';
import { buildReport } from '../../src/report/build.ts';
import { repairCommand } from '../../src/tentacle/repair.ts';
import { until } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'dur-'));
let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/three-machines.json', { settings: ['--restart-watch-seconds', '12', '--drain-limit-minutes', '0'] });
  await story.begin();
});
beforeEach(() => story.sandbox.setFaults({}));
afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

const handedOver = (after: number) => story.entry('the step hands over', (entry) => entry.kind === 'handed-over', after);
const stage = (name: string, after: number) => story.entry(`the relay is at "${name}"`, (entry) => entry.kind === 'relay-stage' && entry.data.stage === name, after);

/** The relay did not swap: OLD in the database and in force, the node takes tasks, and the second run says why. */
async function expectNotSwapped(after: number, codes: string | string[], others?: () => Promise<void>): Promise<{ log: string }> {
  const { task, log, refusals } = await story.queuedRun(after);
  await others?.();
  expect([task.state, new Set(refusals)], log.slice(-3000)).toEqual(['Failed', new Set([codes].flat())]);
  const { server } = await story.sandbox.truth();
  expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([story.old, story.old]);
  expect(await story.isDrained()).toBe(false);
  expect((await story.sandbox.truth()).events.filter((one) => one.event === 'certificate-imported' && one['to'] === story.fresh)).toEqual([]);
  await story.holds();
  return { log };
}

describe('one rotation through everything that can go wrong before the import', () => {
  const TICKET = 'INC-1';

  it('a drain limit that is reached: DRAIN_LIMIT, undrained, and nobody\'s task is cancelled', async () => {
    const run = await story.start(TICKET);
    await handedOver(0);
    const other = await story.longTask('web-02', join(folder, 'limit'));
    expect((await story.ended(run)).task.state).toBe('Success');
    const { log } = await expectNotSwapped(0, 'DRAIN_LIMIT', async () => {
      expect((await story.client.task(other.task.id)).state).toBe('Executing');
      await other.finish();
      expect((await story.client.task(other.task.id)).state).toBe('Success');
    });
    expect(log).toMatch(/1 task\(s\) still ran on this node after 0 minutes; they were not cancelled/);
  });

  it('a proof that is lost during the drain: PROOF_LOST with the name, undrained, not swapped, and told also while the machine stays off, with its command in the report', async () => {
    await story.set('--drain-limit-minutes', '5');
    const after = story.journal().length;
    await story.start(TICKET);
    await handedOver(after);
    const other = await story.longTask('web-01', join(folder, 'lost'));
    await stage('drain', after);
    await story.sandbox.power('web-02', 'stop');
    await other.finish();
    await story.entry('the relay refuses', (entry) => entry.kind === 'phase-finished' && entry.runner === 'relay' && entry.data.outcome === 'refused', after);
    const { log } = await expectNotSwapped(after, ['PROOF_LOST', 'TRUST_NOT_PROVED']);
    await story.sandbox.power('web-02', 'start');
    const report = buildReport(story.rotationId, story.journal(), new Date());
    expect(report.unproved).toEqual([expect.objectContaining({ machine: 'web-02', repair: repairCommand({ trust: parseThumbprint(story.fresh) }) })]);
    expect(log).toMatch(/1 machine\(s\) lost the proof that they trust the new certificate: web-02 \(it[a-z ]* does not answer/);
  });

  it('A28: a machine that is registered during the drain: the relay refuses with its name, and the next Plan lets Octopus find out its shell', async () => {
    const { spaceId } = story.installed;
    const api = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const response = await fetch(`${story.sandbox.line.url}/api/${spaceId}/${path}`, { method, headers: { 'X-Octopus-ApiKey': story.sandbox.line.apiKey, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Record<string, unknown>;
    };
    const id = (await story.client.registrations(spaceId)).find((one) => one.name === 'web-02')!.id;
    const registered = await api('GET', `machines/${id}`);
    await api('DELETE', `machines/${id}`);
    const after = story.journal().length;
    await story.start(TICKET);
    await handedOver(after);
    const other = await story.longTask('web-01', join(folder, 'registered'));
    await stage('drain', after);
    const { Id: _id, Links: _links, ...again } = registered;
    await api('POST', 'machines', { ...again, Name: 'web-02-again' });
    await other.finish();
    const refused = await story.entry('the relay refuses', (entry) => entry.kind === 'phase-finished' && entry.runner === 'relay', after);
    expect(refused.kind === 'phase-finished' && refused.data).toMatchObject({ outcome: 'refused', refusals: [{ code: 'INVENTORY_CHANGED', message: expect.stringMatching(/not those of the plan: new: web-02-again\./) as string }] });
    expect((await story.client.registrations(spaceId)).find((one) => one.name === 'web-02-again')!.shell).toBeNull();
    const { log } = await expectNotSwapped(after, 'INVENTORY_CHANGED');
    expect(log).toMatch(/full health check of 1 registration\(s\) whose shell is not known: web-02-again/);
    expect((await story.client.registrations(spaceId)).find((one) => one.name === 'web-02-again')!.shell).toBe('Bash');
    const effects = story.journal().slice(after).flatMap((entry) => (entry.kind === 'intent' || entry.kind === 'done') && entry.data.effect === 'find-out-shells' ? [entry.kind] : []);
    expect(effects).toEqual(['intent', 'done']);
  });

  it('rule 10: when no machine answers under NEW the swap is undone, OLD is in force again, and the second run says so', async () => {
    const after = story.journal().length;
    await story.start(TICKET);
    await stage('server-away', after);
    expect(plan(story.journal())!.machines.map((machine) => machine.name).sort(), 'the new machine is taken in').toEqual(['octopus-01', 'web-01', 'web-02-again']);
    await story.sandbox.setFaults({ machines: Object.fromEntries(['octopus-01', 'web-01', 'web-02'].map((machine) => [machine, { dropConnections: true }])) });
    await stage('undo', after);
    await story.sandbox.setFaults({});
    const { task, log, refusals } = await story.queuedRun(after);
    expect([task.state, new Set(refusals)], log.slice(-3000)).toEqual(['Failed', new Set(['SWAP_UNDONE'])]);
    const { server, events } = await story.sandbox.truth();
    expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([story.old, story.old]);
    expect(events.filter((one) => one.event === 'certificate-imported').map((one) => one['to'])).toEqual([story.fresh, story.old]);
    expect(await story.isDrained()).toBe(false);
    await story.holds();
  });

  it('D12: a server that does not come back is waited for by the relay, and the rotation completes without a person when it does', async () => {
    const after = story.journal().length;
    const fresh = story.fresh;
    const run = await story.start(TICKET);
    await stage('import', after);
    await story.sandbox.setFaults({ serverStart: 'fails' });
    await until('the server is down', 30_000, async () => (await story.sandbox.truth()).server.nodes[0]!.running === false);
    // Down and started again and again by its service manager: longer than a restart takes.
    const starts = async () => (await story.sandbox.machines()).find((one) => one.name === 'octopus-01')!.units.find((unit) => unit.name === 'octopusserver.service')!.restarts;
    const before = await starts();
    await until('the service manager has tried it three times', 60_000, async () => (await starts()) >= before + 3);
    expect(story.journal().slice(after).some((entry) => entry.kind === 'run-queued')).toBe(false);
    await story.sandbox.setFaults({});
    const queued = await story.entry('the relay queues the runbook again', (entry) => entry.kind === 'run-queued', after);
    expect(queued.kind === 'run-queued' && queued.data.taskId).not.toBe(run);
    await story.ends();
    expect(story.fresh).toBe(fresh);
    const { server, tentacles } = await story.sandbox.truth();
    expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([fresh, fresh]);
    expect(tentacles.map((one) => one.effective!.some((entry) => entry.Thumbprint === fresh))).toEqual([true, true, true]);
  });
});

describe('a rotation after that one', () => {
  it('rule 3: a Tentacle whose restart fails gets its old list back, runs again, and is named, without being waited for to the limit', async () => {
    await story.begin();
    const before = await story.tentacle('web-01');
    // It starts with its list of one; with two it ends at once, as a service does that a setting has broken.
    await story.sandbox.setFaults({ machines: { 'web-01': { failsAboveTrusted: 1 } } });
    const { task, log, refusals } = await story.run('INC-2');
    expect([task.state, new Set(refusals)], log.slice(-3000)).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
    expect(log).toMatch(/do not provably trust the new certificate: web-01 \(/);
    expect(log).not.toMatch(/provably trust the new certificate:[^\n]*web-02/);
    expect(log).toMatch(/Warning .*web-01: its restart did not go well, and its old list was put back/);
    const now = await until('the Tentacle on web-01 runs with its old list', 60_000, async () => {
      const tentacle = await story.tentacle('web-01');
      return tentacle.running && tentacle.effective?.length === 1 && tentacle;
    });
    expect(now.stored).toEqual(before.stored);
    expect(now.effective).toEqual(before.effective);
    await story.holds();
  });
});
