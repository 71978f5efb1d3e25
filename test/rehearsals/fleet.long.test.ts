import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endOf, leftBehind, plan } from '../../src/journal/views.ts';
import { abandon, artifactsByName, command, connectedBy, foreignEntries, healthByOctopus, shell } from '../support/fleet.ts';
import { latestReport, lease, waitUntilQuiet } from '../support/rotation.ts';
import { until, type TentacleTruth } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';

const POLLING = ['dmz-01', 'worker-02'];
let story: Scenario;
let untouched: TentacleTruth[];
let abandoned: string;
beforeAll(async () => {
  story = await Scenario.start('test/estates/polling-fleet.json', { settings: ['--restart-watch-seconds', '15'] });
  await story.begin();
  untouched = (await story.sandbox.truth()).tentacles;
});
afterAll(() => story.stop());

const listBefore = (machine: string) => untouched.find((one) => one.machine === machine)!.stored!;

describe('a polling Tentacle that is off, with OfflineMachines=refuse', () => {
  it('A1, A2: Prove refuses with its name; the others have a twin with NEW beside each entry with OLD, and foreign entries as they were', async () => {
    const { task, log, refusals } = await story.run('INC-1');
    expect([task.state, new Set(refusals)], log.slice(-3000)).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
    expect(log).toMatch(/1 machine\(s\) do not provably trust the new certificate: dmz-02 /);
    const { old, fresh } = story;
    for (const machine of POLLING) {
      const { effective } = await story.tentacle(machine);
      const twins = listBefore(machine).flatMap((one) => (one.Thumbprint === old ? [one, { ...one, Thumbprint: fresh }] : [one]));
      expect(effective!.map((one) => JSON.stringify(one)).sort(), machine).toEqual(twins.map((one) => JSON.stringify(one)).sort());
      expect(connectedBy(await story.tentacle(machine)), machine).toEqual([old]);
    }
    await story.holds();
  });
});

describe('abandoning before the swap', () => {
  it('NEW is trusted nowhere, its PFX and the lease are gone, and the report says so', async () => {
    abandoned = story.rotationId;
    const { old, fresh } = story;
    const ended = await abandon(story.installed);
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    expect(ended.stdout).toContain(`Rotation ${abandoned} is no longer open.`);
    await waitUntilQuiet(story.installed);
    const { tentacles, server } = await story.sandbox.truth();
    for (const { machine, on, running, stored, effective } of tentacles) {
      expect(stored, machine).toEqual(listBefore(machine));
      expect([running, effective], machine).toEqual(on ? [true, stored] : [false, null]);
    }
    expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([old, old]);
    expect(existsSync(join(story.installed.stateFolder, 'rotations', abandoned, `${fresh}.pfx`))).toBe(false);
    expect(existsSync(join(story.installed.stateFolder, 'relay', abandoned))).toBe(false);
    expect(await lease(story.installed)).toBeNull();
    expect(endOf(story.journal())).toBe('abandoned');
    expect(latestReport(story.installed, abandoned)).toMatchObject({ outcome: 'abandoned', verdict: expect.stringMatching(/^Abandoned before the swap: the old server certificate stayed in force and the new one was destroyed/) as string });
    await story.holds();
  });

  it('with nothing open is refused, and says that nothing is open', async () => {
    const ended = await abandon(story.installed);
    expect(ended.code).toBe(1);
    expect(ended.stdout + ended.stderr).toContain('NOTHING_TO_ABANDON: ');
    expect((await command(story.installed, 'status')).stdout).toMatch(/^No rotation is open\./);
  });
});

describe('the next rotation, with OfflineMachines=leave-behind', () => {
  it('A2, A4: completes; each machine that was on trusts exactly NEW and its foreign entries, and polls on NEW', async () => {
    await story.set('--offline-machines', 'leave-behind');
    await story.sandbox.setFaults({ documentTasks: 'work' });
    await story.begin();
    await story.completes('INC-2');
    expect(story.rotationId).not.toBe(abandoned);
    const { old, fresh } = story;
    for (const { machine, stored, effective } of (await story.sandbox.truth()).tentacles.filter((one) => one.on)) {
      const wished = listBefore(machine).map((one) => (one.Thumbprint === old ? { ...one, Thumbprint: fresh } : one));
      expect(stored!.map((one) => JSON.stringify(one)).sort(), machine).toEqual(wished.map((one) => JSON.stringify(one)).sort());
      expect(effective, machine).toEqual(stored);
      expect(foreignEntries(stored, old, fresh), machine).toBe(foreignEntries(listBefore(machine), old));
    }
    for (const machine of POLLING) expect(connectedBy(await story.tentacle(machine)), machine).toEqual([fresh]);
    expect(await healthByOctopus(story.installed, ['web-01', ...POLLING])).toEqual({ 'web-01': 'Healthy', 'dmz-01': 'Healthy', 'worker-02': 'Healthy' });
  });

  it('A29: where the tasks of the document are there and work, the listening machine got no script', async () => {
    const web = plan(story.journal())!.machines.find((one) => one.name === 'web-01')!.key;
    const done = story.journal().flatMap((entry) => (entry.kind === 'done' && entry.subject === web ? [[entry.data.effect, entry.data.detail['task']]] : []));
    expect(done).toEqual([['add-trust', 'TentacleAddTrust'], ['retire-trust', 'TentacleRemoveTrust']]);
    for (const name of ['TentacleAddTrust', 'TentacleRemoveTrust']) expect((await story.client.tasks({ name })).map((one) => one.state)).toEqual(['Success']);
  });

  it('the machine that was off is named as left behind, and its repair script is among the artifacts', async () => {
    const report = latestReport(story.installed, story.rotationId)!;
    expect(report.outcome).toBe('completed');
    expect(report.leftBehind.map((one) => one.machine)).toEqual(['dmz-02']);
    expect(leftBehind(story.journal()).size).toBe(1);
    const script = /\brepair-[0-9A-F]{12}-[0-9a-f]{6}\.sh\b/.exec(report.leftBehind[0]!.repair!)![0];
    expect([...(await artifactsByName(story.installed)).keys()]).toContain(script);
  });

  it('A2: started again it stays away, since it pins OLD; its script, run in its own shell, brings it back, and may run twice', async () => {
    const { fresh, old } = story;
    const name = /repair-\S+\.sh/.exec(latestReport(story.installed, story.rotationId)!.leftBehind[0]!.repair!)![0];
    const path = join(story.sandbox.line.home, 'machines', 'dmz-02', name);
    writeFileSync(path, (await artifactsByName(story.installed)).get(name)!);
    await story.sandbox.power('dmz-02', 'start');
    await until('the Tentacle on dmz-02 runs', 20_000, async () => (await story.tentacle('dmz-02')).running);
    expect(await healthByOctopus(story.installed, ['dmz-02'])).toEqual({ 'dmz-02': 'Unavailable' });
    const mended = await shell(story.sandbox, 'dmz-02', `bash '${path}'`);
    expect(mended.code, mended.out + mended.error).toBe(0);
    await until('dmz-02 polls on NEW', 30_000, async () => connectedBy(await story.tentacle('dmz-02')).includes(fresh));
    const { stored, effective, starts } = await story.tentacle('dmz-02');
    expect(stored).toEqual(listBefore('dmz-02').map((one) => (one.Thumbprint === old ? { ...one, Thumbprint: fresh } : one)));
    expect(effective).toEqual(stored);
    expect(await healthByOctopus(story.installed, ['dmz-02'])).toEqual({ 'dmz-02': 'Healthy' });
    expect((await shell(story.sandbox, 'dmz-02', `bash '${path}'`)).code).toBe(0);
    expect([(await story.tentacle('dmz-02')).stored, (await story.tentacle('dmz-02')).starts]).toEqual([stored, starts]);
  });
});
