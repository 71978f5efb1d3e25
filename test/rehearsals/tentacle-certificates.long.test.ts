import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSwitches } from '../support/switches.ts';
import { TentacleScenario } from '../support/tentacle-scenario.ts';

const ESTATE = 'test/estates/tentacles.json';
const FORCE = { 'Rotation.Force': 'CHG-1' };

describe('a rotation of Tentacle certificates on an estate of every kind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tcs-'));
  const home = join(folder, 'home');
  let scenario: TentacleScenario;
  const original = new Map<string, string | undefined>();
  beforeAll(async () => {
    scenario = await TentacleScenario.start(ESTATE, { home, settings: ['--offline-machines', 'leave-behind'] });
    for (const { machine, ownCertificate } of (await scenario.sandbox.truth()).tentacles) original.set(machine, (ownCertificate.presented ?? ownCertificate.nextStart)?.thumbprint);
  });
  afterAll(async () => {
    await scenario.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const renewed = ['octopus-01', 'web-01', 'copy-01', 'sha1-01', 'dmz-01', 'worker-02'];

  it('ends with each Tentacle on a certificate of its own; two are left behind with their old one', async () => {
    const run = await scenario.run(FORCE, undefined, 240_000);
    expect(run.task.state, run.log.slice(-4000)).toBe('Success');
    await scenario.ends();
    expect(scenario.report.leftBehind.map((one) => [one.machine, one.reason, one.repair])).toEqual([['branch-07', 'off', null], ['old-01', 'refused', null]]);
    expect(scenario.report).toMatchObject({ outcome: 'completed', summary: { machines: 8, proved: 6 } });
  });

  it('B1, B3, B9: every registration in every space holds what its Tentacle shows, and the copies have parted', async () => {
    const shown = new Set<string | undefined>();
    for (const machine of renewed) {
      const { presents, registered } = await scenario.certificates(machine);
      expect([machine, new Set(registered)]).toEqual([machine, new Set([presents])]);
      expect(presents).not.toBe(original.get(machine));
      shown.add(presents);
    }
    expect(shown.size).toBe(renewed.length);
    expect((await scenario.certificates('web-01')).registered).toHaveLength(3);
    for (const machine of ['branch-07', 'old-01']) expect((await scenario.sandbox.truth()).registrations.find((one) => one.machine === machine)?.thumbprint).toBe(original.get(machine));
  });

  it('B6: what was signed with SHA-1 is not any more, as the server saw it in a full health check', async () => {
    expect((await scenario.sandbox.truth()).registrations.find((one) => one.machine === 'sha1-01')).toMatchObject({ signatureAlgorithm: 'sha256RSA', healthStatus: 'Healthy' });
  });

  it('leaves no job, no staged file and no secret on the machines', () => {
    for (const [machine, found] of readSwitches(home)) expect([machine, found.job, found.staged]).toEqual([machine, false, []]);
  });

  it('is not due any more; a list of machines makes it due for those alone, and a second rotation in a row renews them', async () => {
    const idle = await scenario.run({});
    expect([idle.task.state, idle.log.includes('not due')]).toEqual(['Success', true]);
    const before = await scenario.certificates('web-01');
    await scenario.begin();
    const run = await scenario.run({ 'Rotation.Machines': 'dmz-01' });
    expect(run.task.state, run.log.slice(-4000)).toBe('Success');
    await scenario.ends();
    expect(scenario.plan.machines.map((one) => one.name)).toEqual(['dmz-01']);
    expect(await scenario.certificates('web-01')).toEqual(before);
    const { presents, registered } = await scenario.certificates('dmz-01');
    expect(registered).toEqual([presents]);
  });
});
