import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SummaryEvent } from '../../schemas/types/rehearsal-event.ts';
import { rehearse } from '../support/rehearsal.ts';
import { until } from '../support/sandbox.ts';
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

describe('rehearse --rotation tentacle-certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tcr-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('completes on the default estate, twice in a row in one home, and says whose certificates are new', async () => {
    for (const round of ['first', 'second']) {
      const { code, lines, error } = await rehearse(['--json', '--rotation', 'tentacle-certificates', '--home', join(folder, 'home')]);
      const summary = JSON.parse(lines.at(-1)!) as SummaryEvent;
      expect([round, code, error]).toEqual([round, 0, '']);
      expect(summary).toMatchObject({ outcome: 'completed', proved: 7, rotation: expect.stringMatching(/^tc-/) });
      expect(summary.leftBehind.map((one) => one.machine)).toEqual(['branch-07', 'legacy-01']);
      console.log(`Rehearsal of Tentacle certificates, ${round}: ${summary.seconds} s`);
    }
  });
});
