import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/sandbox.ts';
import { readSwitches } from '../support/switches.ts';
import { TentacleScenario } from '../support/tentacle-scenario.ts';

describe('a rotation of Tentacle certificates that is disturbed', () => {
  let scenario: TentacleScenario;
  beforeAll(async () => {
    scenario = await TentacleScenario.start('test/estates/tentacles-disturbed.json', { settings: ['--offline-machines', 'leave-behind', '--confirm-minutes', '1', '--stop-after-failures', '20', '--canaries', '0'] });
  });
  afterAll(() => scenario.stop());
  const idOf = async (name: string) => (await scenario.sandbox.truth()).registrations.find((one) => one.name === name)!.id;
  const configuration = async (machine: string) => readFileSync((await scenario.tentacle(machine)).config, 'utf8');

  it('B1: a machine whose server is gone for good goes back by itself, byte for byte; the next run lets its registration follow, and says so', async () => {
    const [before, file] = [await scenario.certificates('switch-01'), await configuration('switch-01')];
    await scenario.start({ 'Rotation.Machines': 'switch-01' });
    await scenario.entry('the registration has followed', (entry) => entry.kind === 'done' && entry.data.effect === 'register-certificate');
    await scenario.sandbox.power('octopus-01', 'stop');
    await until('it has its new certificate in force, and nobody to confirm it', 120_000, async () => (await scenario.certificates('switch-01')).presents !== before.presents && (await scenario.tentacle('switch-01')).running);
    await until('it went back', 300_000, async () => (await scenario.certificates('switch-01')).presents === before.presents && readSwitches(scenario.sandbox.line.home).get('switch-01')?.note === 'reverted', 500);
    expect(await configuration('switch-01')).toBe(file);
    await scenario.sandbox.power('octopus-01', 'start');
    await until('the server answers', 60_000, async () => (await fetch(`${scenario.sandbox.line.url}/api`)).ok);
    const again = await scenario.run({}, undefined, 400_000);
    expect(again.task.state, again.log.slice(-4000)).toBe('Success');
    await scenario.ends();
    expect(await scenario.certificates('switch-01')).toEqual(before);
    expect(scenario.report.leftBehind.map((one) => [one.machine, one.reason, one.repair])).toEqual([['switch-01', 'reverted', null]]);
  });

  it('bad input: each machine that is disturbed ends on one certificate, or is named with what is known', async () => {
    await scenario.begin();
    const [forbidden, away, stale] = [await idOf('forbidden-01'), await idOf('away-01'), await idOf('stale-01')];
    await scenario.sandbox.setFaults({
      forbidden: { method: 'PUT', match: `/machines/${forbidden}$` },
      unavailable: { method: 'PUT', match: `/machines/${away}$`, count: 2 },
      meanwhile: { change: 'renamed', match: `/machines/${stale}$`, count: 1 },
      machines: {
        'clock-01': { clock: 5 * 3600 }, 'full-01': { diskFull: true }, 'weak-01': { sha1Certificates: true },
        'lost-01': { losesResults: { match: 'disarm on', count: 1 } },
      },
    });
    const task = await scenario.start({ 'Rotation.Tags': 'bad,switch' });
    const deleted = await idOf('deleted-01');
    await scenario.entry('the one to be deleted is armed', (entry) => entry.kind === 'intent' && entry.data.effect === 'arm-certificate' && entry.subject === scenario.keyOf('deleted-01'));
    await fetch(`${scenario.sandbox.line.url}/api/Spaces-1/machines/${deleted}`, { method: 'DELETE', headers: { 'X-Octopus-ApiKey': scenario.sandbox.line.apiKey } });
    const run = await scenario.ended(task, 500_000);
    expect(run.task.state, run.log.slice(-4000)).toBe('Success');
    await scenario.ends({ save: /deleted-01/ });
    await scenario.sandbox.setFaults({});
    for (const machine of ['switch-01', 'away-01', 'stale-01', 'clock-01', 'lost-01']) {
      const { presents, registered } = await scenario.certificates(machine);
      expect([machine, registered]).toEqual([machine, [presents]]);
      expect([machine, scenario.plan.machines.some((one) => one.own === presents)]).toEqual([machine, false]);
    }
    expect((await scenario.sandbox.truth()).registrations.find((one) => one.machine === 'stale-01')?.name).toBe('stale-01-renamed');
    expect(scenario.report.leftBehind.map((one) => [one.machine, one.reason, one.text])).toEqual([
      ['deleted-01', expect.any(String), expect.stringMatching(/registration/)],
      ['forbidden-01', 'reverted', expect.stringContaining('403')],
      ['full-01', 'failed', expect.stringContaining('nothing was changed on it: its new-certificate command failed')],
      ['weak-01', 'refused', expect.stringContaining('sha1-certificate')],
    ]);
  });
});
