import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftBehind, plan } from '../../src/journal/views.ts';
import { repairScriptName } from '../../src/report/machines.ts';
import { findPwsh } from '../../src/sandbox/windows/pwsh.ts';
import { artifactsByName, connectedBy, healthByOctopus, shell } from '../support/fleet.ts';
import { latestReport } from '../support/rotation.ts';
import { until, type TentacleTruth } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';

const pwsh = findPwsh(process.env);

if (pwsh === null) it.skip('skipped: no pwsh (in PATH, or named by SANDBOX_PWSH); no Windows Tentacle was rehearsed', () => undefined);

/** Two Tentacles on Windows through a whole rotation, and two that were off meanwhile: scripts, scheduled tasks and repairs under a real PowerShell. */
describe.skipIf(pwsh === null)('Windows Tentacles', () => {
  let story: Scenario;
  let untouched: TentacleTruth[];
  beforeAll(async () => {
    story = await Scenario.start('test/estates/windows.json', { settings: ['--offline-machines', 'leave-behind', '--restart-watch-seconds', '15'] });
    await story.begin();
    untouched = (await story.sandbox.truth()).tentacles;
  });
  afterAll(() => story.stop());

  const before = (machine: string) => untouched.find((one) => one.machine === machine)!;
  /** The list as it was, with NEW in place of OLD, or beside it. */
  const renewed = (machine: string) => before(machine).stored!.map((one) => (one.Thumbprint === story.old ? { ...one, Thumbprint: story.fresh } : one));
  const sorted = (list: TentacleTruth['stored']) => list!.map((one) => JSON.stringify(one)).sort();

  describe('that do not start with the longer list', () => {
    it('A6: the scheduled task puts the old list back, byte for byte, and the service runs on it; Prove refuses with their names', async () => {
      const entries = before('win-01').stored!.length;
      await story.sandbox.setFaults({ machines: { 'win-01': { failsAboveTrusted: entries }, 'win-02': { failsAboveTrusted: entries } } });
      const { task, log, refusals } = await story.run('INC-1', 300_000);
      expect([task.state, new Set(refusals)], log.slice(-3000)).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
      expect(log).toContain('2 machine(s) do not provably trust the new certificate: ');
      for (const machine of ['win-01', 'win-02']) {
        expect(log).toContain(`${machine}: its restart did not go well, and its old list was put back`);
        const { running, stored, effective, starts } = await story.tentacle(machine);
        expect([running, stored, effective], machine).toEqual([true, before(machine).stored, before(machine).stored]);
        // Only the start on the old list was one.
        expect(starts, machine).toBe(before(machine).starts + 1);
      }
      expect(connectedBy(await story.tentacle('win-02'))).toEqual([story.old]);
      await story.holds();
    });
  });

  describe('that do', () => {
    it('A2, A6: the next run completes; each trusts exactly NEW and its foreign entries, and was restarted once for each change', async () => {
      await story.sandbox.setFaults({});
      await story.completes('INC-1');
      for (const machine of ['win-01', 'win-02']) {
        const { stored, effective, starts } = await story.tentacle(machine);
        expect(sorted(stored), machine).toEqual(sorted(renewed(machine)));
        expect(effective, machine).toEqual(stored);
        expect(starts, machine).toBe(before(machine).starts + 3);
      }
      expect(connectedBy(await story.tentacle('win-02'))).toEqual([story.fresh]);
      expect(await healthByOctopus(story.installed, ['win-01', 'win-02'])).toEqual({ 'win-01': 'Healthy', 'win-02': 'Healthy' });
    });

    it('the report names them as proved, and those that were off as left behind', () => {
      const report = latestReport(story.installed, story.rotationId)!;
      expect(report.outcome).toBe('completed');
      expect(report.machines.filter((one) => one.status === 'proved').map((one) => one.name).sort()).toEqual(['octopus-01', 'win-01', 'win-02']);
      expect(report.leftBehind.map((one) => one.machine).sort()).toEqual(['win-03', 'win-04']);
      expect(leftBehind(story.journal()).size).toBe(2);
    });

    it('no scheduled task and no script of ours stays on them', async () => {
      for (const machine of ['win-01', 'win-02']) {
        const found = await shell(story.sandbox, machine, `(Get-ScheduledTask | Measure-Object).Count; (Get-ChildItem -LiteralPath '${join(before(machine).config, '..', 'OctopusRotation')}' -Filter 'restart-*').Count`);
        expect(found, machine).toMatchObject({ code: 0, out: '0\n0\n' });
      }
    });
  });

  describe.each(['win-03', 'win-04'])('left behind: %s', (machine) => {
    it('A4: its repair script, run in its own PowerShell, brings it back, and may run twice', async () => {
      const name = repairScriptName(plan(story.journal())!.machines.find((one) => one.name === machine)!);
      writeFileSync(join(before(machine).config, '..', name), (await artifactsByName(story.installed)).get(name)!);
      const repair = () => shell(story.sandbox, machine, `Set-Location '${join(before(machine).config, '..')}'; powershell -ExecutionPolicy Bypass -File ${name}; exit $LASTEXITCODE`);
      await story.sandbox.power(machine, 'start');
      await until(`the Tentacle on ${machine} runs`, 20_000, async () => (await story.tentacle(machine)).running);
      expect(await healthByOctopus(story.installed, [machine])).toEqual({ [machine]: 'Unavailable' });

      const mended = await repair();
      expect(mended.code, mended.out + mended.error).toBe(0);
      const { stored, effective, starts } = await story.tentacle(machine);
      expect(sorted(stored)).toEqual(sorted(renewed(machine)));
      expect(effective).toEqual(stored);
      if (machine === 'win-04') await until('it polls on NEW', 30_000, async () => connectedBy(await story.tentacle(machine)).includes(story.fresh));
      expect(await healthByOctopus(story.installed, [machine])).toEqual({ [machine]: 'Healthy' });

      const again = await repair();
      expect(again.code, again.out + again.error).toBe(0);
      expect(await story.tentacle(machine)).toMatchObject({ stored, effective, starts });
    });
  });

  it('the one line that the report prints for a listening one works there too', async () => {
    const { repair } = latestReport(story.installed, story.rotationId)!.leftBehind.find((one) => one.machine === 'win-03')!;
    const { starts, stored } = await story.tentacle('win-03');
    const done = await shell(story.sandbox, 'win-03', `${repair!}; exit $LASTEXITCODE`);
    expect(done.code, done.out + done.error).toBe(0);
    await until('the Tentacle on win-03 runs again', 20_000, async () => (await story.tentacle('win-03')).starts === starts + 1);
    expect((await story.tentacle('win-03')).stored).toEqual(stored);
  });
});
