import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRotationId } from '../../../src/journal/rotation-id.ts';
import { buildReport } from '../../../src/report/build.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { repairScripts } from '../../../src/report/machines.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { registration } from '../../support/estate-pieces.ts';
import { populate } from './estate.ts';
import { Journey } from './journey.ts';
import { Play } from './play.ts';
import { Seeded } from './seeded.ts';

/** Few, since this is the short suite; fleet.long.test.ts has more of them. fast-check tells the seed of one that fails. */
const numRuns = 4;
/** The same fleets each time, so that a change is judged by what it changed; FLEET_SEED gives others. */
const seed = Number(process.env['FLEET_SEED'] ?? 20_260_302);
const machines = 60;

describe('whatever goes wrong', () => {
  it('A1: a rotation over a fleet of every kind keeps its rules', { timeout: 60_000 * numRuns }, () =>
    fc.assert(fc.asyncProperty(fc.integer(), async (seed) => {
      const journey = new Journey(seed, machines);
      await journey.untilProved();
      await journey.swapAndRetire();
    }), { seed, numRuns, endOnFailure: true }));

  it('A1: 200 machines of every kind end proved or named', { timeout: 120_000 }, async () => {
    const journey = new Journey(4, 200);
    await journey.untilProved();
    await journey.swapAndRetire();
  });

  it('a rotation that is given up leaves NEW trusted nowhere that is not listed', { timeout: 60_000 * numRuns }, () =>
    fc.assert(fc.asyncProperty(fc.integer(), async (seed) => {
      const journey = new Journey(seed, machines);
      await journey.untilProved();
      await journey.giveUp();
    }), { seed, numRuns, endOnFailure: true }));
});

async function ready(count: number, seed = 7): Promise<Play> {
  const play = new Play(new Seeded(seed));
  play.fleet.add({ name: 'octopus-01', isHost: true });
  for (let index = 1; index < count; index++) play.fleet.add({ name: `m${String(index).padStart(4, '0')}` });
  play.startRun();
  return play;
}

it('giving up takes away also what is written and waits for a restart', async () => {
  const play = await ready(5);
  const machine = play.fleet.machines[2]!;
  machine.fault = 'scripts-run-long';
  for (const step of ['plan', 'backUp', 'generate', 'trust'] as const) expect((await play[step]()).ok, step).toBe(true);
  expect([machine.accepts(play.fresh), machine.accepts(play.fresh, machine.stored)]).toEqual([false, true]);
  expect(await play.abandon()).toMatchObject({ ok: true, outputs: { LeftBehindCount: '0' } });
  expect(machine.accepts(play.fresh, machine.stored)).toBe(false);
});

describe('B8: waves', () => {
  it('no wave starts once more machines failed than allowed, and the count of untouched ones is right', async () => {
    const play = await ready(60);
    for (const machine of play.fleet.machines) if (!machine.isHost) machine.fault = 'restart-fails';
    // Some are there already: they are neither failed nor untouched.
    for (const machine of play.fleet.machines.slice(-10)) {
      machine.stored = [...machine.stored, { thumbprint: play.fresh, style: 'TentaclePassive', address: null, subscriptionId: null }];
      machine.loaded = [...machine.stored];
    }
    play.settings = { ...play.settings, canaries: 1, waveSize: 20, atOnce: 5, stopAfter: 3 };
    for (const step of ['plan', 'backUp', 'generate'] as const) expect((await play[step]()).ok).toBe(true);
    const told = await play.trust();
    expect(told).toMatchObject({ ok: false, codes: ['STOPPED_AFTER_FAILURES'] });
    expect(new Set(play.fleet.tried).size).toBe(6);
    expect(!told.ok && told.text).toContain(`${59 - 10 - 6} machine(s) were not touched`);
    expect(await play.lies()).toEqual([]);
    for (const machine of play.fleet.machines) if (!machine.isHost) expect(machine.accepts(play.old)).toBe(true);
  });
});

describe('at once', () => {
  it('what an attempt that was cut short began is let end before anything new begins', async () => {
    const play = new Play(new Seeded(7));
    play.fleet.add({ name: 'octopus-01', isHost: true });
    for (let index = 1; index < 20; index++) play.fleet.add({ name: `m${index}`, shell: index % 2 === 0 ? 'Bash' : 'PowerShell' });
    play.startRun();
    play.settings = { ...play.settings, canaries: 1, waveSize: 20, atOnce: 5 };
    for (const step of ['plan', 'backUp', 'generate'] as const) expect((await play[step]()).ok).toBe(true);
    // After the two canaries four of five are told, and Octopus refuses the task for the fifth.
    let tasks = 0;
    play.fleet.awayWhen = (isSafe) => !isSafe && play.fleet.tried.length >= 2 && ++tasks === 2;
    expect(await play.trust()).toMatchObject({ ok: false, codes: ['OCTOPUS_STARTING'] });
    expect(play.fleet.changing.size).toBeGreaterThan(0);
    play.startRun();
    for (const step of ['plan', 'backUp', 'generate', 'trust'] as const) {
      expect((await play[step]()).ok, step).toBe(true);
      expect(play.fleet.mostAtOnce, step).toBeLessThanOrEqual(5);
    }
    expect(play.fleet.tried.length).toBe(19 - 2 - 4);
    expect(await play.lies()).toEqual([]);
  });
});

describe('A8: disabled machines', () => {
  it.each(['listening', 'polling'] as const)('a %s one is enabled for its change and for being asked, and disabled again', async (route) => {
    const play = await ready(5);
    const machine = play.fleet.add({ name: 'asleep', route, disabled: true });
    play.settings = { ...play.settings, enableDisabled: true };
    for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove', 'replace', 'swap', 'healthAfterSwap', 'retire', 'healthAfterRetire', 'verify'] as const) {
      expect(await play[step](), step).toMatchObject({ ok: true });
      expect(machine.registrations[0]!.isDisabled, `after ${step}`).toBe(true);
    }
    expect([machine.accepts(play.fresh), machine.accepts(play.old)]).toEqual([true, false]);
  });

  it('rule 15: one that is off, too, enters no task', async () => {
    const play = await ready(5);
    play.fleet.add({ name: 'asleep', disabled: true }).fault = 'off';
    play.settings = { ...play.settings, enableDisabled: true, offlineMachines: 'leave-behind' };
    for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
    expect(play.fleet.violations).toEqual([]);
    expect(play.warnings.join()).toMatch(/asleep: its port does not answer/);
  });

  it('one that a person enables is caught up with by the next run', async () => {
    const play = await ready(5);
    const machine = play.fleet.add({ name: 'asleep', disabled: true });
    for (const step of ['plan', 'backUp', 'generate', 'trust'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
    expect(await play.prove()).toMatchObject({ ok: false, codes: ['TRUST_NOT_PROVED'] });
    machine.registrations[0]!.isDisabled = false;
    play.startRun();
    for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
    expect(machine.accepts(play.fresh)).toBe(true);
  });
});

it('rule 20: the health of before a cancelled connection test is not believed', async () => {
  const play = await ready(3);
  play.fleet.add({ name: 'poller', route: 'polling' }).registrations[0]!.healthStatus = 'Healthy';
  for (const step of ['plan', 'backUp', 'generate'] as const) expect((await play[step]()).ok).toBe(true);
  play.fleet.weather = { cancelled: 1, away: 0, stale: 0 };
  expect(await play.trust()).toMatchObject({ ok: false, codes: ['HEALTH_UNKNOWN'] });
  expect(play.fleet.changes.filter((one) => one.startsWith('add'))).toEqual([]);
});

it('2,000 machines are trusted, proved and retired in a time that grows with their number alone', { timeout: 180_000 }, async () => {
  const timeOf = async (count: number): Promise<number> => {
    const play = new Play(new Seeded(count));
    populate(play.fleet, count);
    for (const machine of play.fleet.machines) for (const one of machine.registrations) if (one.isDisabled) one.shell = machine.shell;
    play.settings = { ...play.settings, offlineMachines: 'leave-behind', enableDisabled: true, atOnce: 100, waveSize: 500, canaries: 5 };
    play.startRun();
    for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove', 'replace', 'swap', 'healthAfterSwap', 'retire', 'healthAfterRetire', 'verify'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
    expect(await play.lies()).toEqual([]);
    console.log(`${count} machines:`, [...play.spent].map(([name, milliseconds]) => `${name} ${Math.round(milliseconds)} ms`).join(', '));
    return ['trust-server-certificate', 'prove-server-certificate-trust', 'retire-server-certificate'].reduce((sum, name) => sum + play.spent.get(name)!, 0);
  };
  const [few, many] = [await timeOf(500), await timeOf(2000)];
  expect(many).toBeLessThan(20_000);
  // Four times as many: four times as long, with room for a machine that has other work.
  expect(many).toBeLessThan(Math.max(few, 300) * 10);
});

describe('A28: a machine whose shell Octopus does not know', () => {
  const shellOf = (play: Play, name: string) => play.fleet.machines.find((machine) => machine.name === name)!.registrations[0]!.shell;

  it('is checked in full by Plan and taken in, whichever way it is reached, and the tasks of a rotation that is open are on record', async () => {
    const play = await ready(3);
    play.fleet.add({ name: 'dialled', unchecked: true });
    play.fleet.add({ name: 'polled', route: 'polling', unchecked: true });
    play.fleet.add({ name: 'proxied', viaProxy: true, unchecked: true, registrations: [{ space: 'Spaces-2', kind: 'worker' }] });
    expect(await play.plan()).toMatchObject({ ok: true, outputs: { MachineCount: '6' } });
    play.fleet.add({ name: 'late', unchecked: true });
    play.startRun();
    expect(await play.plan()).toMatchObject({ ok: true, outputs: { MachineCount: '7' } });
    const effects = (await play.entries()).flatMap((entry) => (entry.kind === 'intent' || entry.kind === 'done' ? [`${entry.kind} ${entry.data.effect}`] : []));
    expect(effects).toEqual(['intent find-out-shells', 'done find-out-shells']);
    expect(await play.lies()).toEqual([]);
  });

  it('rule 15, A41: is not checked while it is off or disabled, nor where it runs the steps, and is refused with its name', async () => {
    const play = new Play(new Seeded(3));
    play.fleet.add({ name: 'octopus-01', isHost: true, unchecked: true });
    play.fleet.add({ name: 'off', unchecked: true }).fault = 'off';
    play.fleet.add({ name: 'off-and-polling', route: 'polling', unchecked: true }).fault = 'off';
    play.fleet.add({ name: 'disabled', disabled: true, unchecked: true });
    play.fleet.add({ name: 'there', unchecked: true });
    play.startRun();
    const told = await play.plan();
    expect(told).toMatchObject({ ok: false, codes: ['MACHINE_NOT_SERVED', 'HOST_NOT_RECOGNISED'] });
    expect(!told.ok && told.text).toMatch(/^4 machine\(s\) .*octopus-01 in Default .*off in Default .*off-and-polling .*disabled in Default \(its shell is not known yet/);
    expect(shellOf(play, 'there')).toBe('Bash');
    expect(play.fleet.violations).toEqual([]);
  });

  it('D8: is refused as before when the check is cancelled, and the next run asks again', async () => {
    const play = await ready(3);
    play.fleet.add({ name: 'late', unchecked: true });
    play.fleet.weather = { cancelled: 1, away: 0, stale: 0 };
    expect(await play.plan()).toMatchObject({ ok: false, codes: ['MACHINE_NOT_SERVED'] });
    play.fleet.weather = { cancelled: 0, away: 0, stale: 0 };
    play.startRun();
    expect(await play.plan()).toMatchObject({ ok: true, outputs: { MachineCount: '4' } });
  });
});

describe('A13: a Tentacle that polls by WebSocket', () => {
  const READY = ['plan', 'backUp', 'generate', 'trust', 'prove'] as const;

  it('looks like any polling one until it tells; then it is out of scope with that reason, nothing is written on it, and nobody waits', async () => {
    const play = await ready(4);
    const machine = play.fleet.add({ name: 'by-web-socket', route: 'polling', webSocket: true });
    for (const step of READY) {
      expect(await play[step](), step).toMatchObject({ ok: true });
      if (step === 'trust' || step === 'prove') expect(play.warnings.filter((text) => text.startsWith('by-web-socket'))).toEqual([expect.stringMatching(/polls by WebSocket.*certificate of the web portal.*\(A13\)\. Nothing is to be done on it\./)]);
    }
    for (const step of ['replace', 'swap', 'healthAfterSwap', 'retire', 'healthAfterRetire', 'verify', 'finish'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
    expect(machine.writes).toEqual([]);
    const entries = await play.entries();
    const report = buildReport(parseRotationId(play.rotationId), entries, new Date('2026-11-24T12:00:00Z'));
    expect(report.outOfScope.filter((one) => one.kind === 'WebSocket')).toEqual([{ name: 'by-web-socket', kind: 'WebSocket', space: 'Default', reason: expect.stringContaining('A13') as string }]);
    expect([report.leftBehind, report.machines.map((one) => one.name), repairScripts(entries)]).toEqual([[], expect.not.arrayContaining(['by-web-socket']), []]);
    expect([report.summary.leftBehind, report.summary.pending, report.next]).toEqual([0, 0, null]);
  });

  it('that has an ordinary entry as well is rotated by that one', async () => {
    const play = await ready(4);
    const machine = play.fleet.add({ name: 'both-ways', route: 'polling' });
    const web = { thumbprint: play.old, style: 'TentacleActive' as const, address: 'wss://octopus.test/OctopusComms', subscriptionId: machine.uri };
    machine.stored = [...machine.stored, web];
    machine.loaded = [...machine.stored];
    for (const step of [...READY, 'replace', 'swap', 'healthAfterSwap', 'retire'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
    expect(machine.stored.filter((entry) => entry.address === web.address)).toEqual([web]);
    expect((await play.entries()).filter((entry) => entry.kind === 'left-behind')).toEqual([]);
  });
});

it('A7: a machine that is on and does not accept the certificate in force is named at once, since its refusal is an answer', async () => {
  const play = await ready(4);
  const machine = play.fleet.machines[2]!;
  machine.stored = [{ thumbprint: 'C'.repeat(40), style: 'TentaclePassive', address: null, subscriptionId: null }];
  machine.loaded = [...machine.stored];
  for (const step of ['plan', 'backUp', 'generate'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
  const begun = play.clock.monotonic();
  expect(await play.trust()).toMatchObject({ ok: true, outputs: { TrustedCount: '3' } });
  expect(play.clock.monotonic() - begun).toBeLessThan(60_000);
  expect(play.warnings).toEqual([expect.stringMatching(/^m0002: it does not accept the old certificate, which is in force: Octopus cannot reach it\. On the machine: /)]);
  expect(play.fleet.tried).not.toContain(machine);
});

it('A28: a machine that is removed from Octopus right after the swap is told aloud, asked of nothing any more, and listed with its command; one that was registered anew is reached by its new registration', async () => {
  const play = await ready(5);
  play.fleet.add({ name: 'removed-poller', route: 'polling' });
  for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove', 'replace', 'swap'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
  const [removed, anew, poller] = [play.fleet.machines[2]!, play.fleet.machines[3]!, play.fleet.machines.at(-1)!];
  for (const machine of [removed, poller]) play.fleet.remove(machine);
  play.fleet.registerAnew(anew);
  expect(await play.healthAfterSwap()).toMatchObject({ ok: true, outputs: { HealthyCount: '4', LeftBehindCount: '2' } });
  expect(play.warnings).toEqual(expect.arrayContaining([removed, poller].map(({ name }) => expect.stringMatching(new RegExp(`^${name}: it is registered no longer`)) as string)));
  for (const step of ['retire', 'healthAfterRetire', 'verify', 'finish'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
  expect([removed, anew, poller].map((machine) => machine.accepts(play.old))).toEqual([true, false, true]);
  const entries = await play.entries();
  const report = buildReport(parseRotationId(play.rotationId), entries, new Date('2026-11-24T12:00:00Z'));
  expect(report.leftBehind.map(({ machine, reason, repair }) => [machine, reason, repair])).toEqual([[removed.name, 'unregistered', expect.stringContaining(play.old)], [poller.name, 'unregistered', expect.stringContaining('repair-')]]);
  expect(renderHtml(report)).toContain('registered no longer');
  expect(repairScripts(entries)).toHaveLength(2);
});

it('A28: a machine that is registered once the swap has begun is named with its command, since no plan takes it in any more', async () => {
  const play = await ready(4);
  for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove', 'replace', 'swap'] as const) expect(await play[step](), step).toMatchObject({ ok: true });
  play.fleet.add({ name: 'late' });
  expect(await play.healthAfterSwap()).toMatchObject({ ok: true, outputs: { HealthyCount: '4', LeftBehindCount: '0' } });
  expect(play.warnings).toEqual([expect.stringMatching(new RegExp(`^late: it was registered after the plan was made.*On the machine: .*${play.fresh}`))]);
});

it('A12, A14: the plan says what is not touched, and the report shows it beside the registrations without a Tentacle, each with its reason', async () => {
  const play = await ready(2);
  const kinds = { Ssh: /SSH key/, OfflineDrop: /folder/, None: /runs nothing itself/, AzureWebApp: /Azure/ };
  for (const style of Object.keys(kinds)) play.fleet.outOfScope.push(registration({ id: `Machines-${style}`, name: `a ${style}`, style, uri: null, thumbprint: null }));
  expect(await play.plan()).toMatchObject({ ok: true, outputs: { OutOfScopeCount: '4' } });
  const report = buildReport(parseRotationId(play.rotationId), await play.entries(), new Date('2026-11-24T12:00:00Z'));
  expect(report.notTouched.join('\n')).toMatch(/web portal \(HTTPS\)\n.*gRPC.*8443\)\n.*Tentacles\n.*master key/);
  const shown = renderHtml(report);
  for (const [style, reason] of Object.entries(kinds)) {
    expect(report.outOfScope.find((one) => one.kind === style)).toMatchObject({ name: `a ${style}`, reason: expect.stringMatching(reason) as string });
    expect(shown, style).toMatch(new RegExp(`a ${style}<.*${style}<.*${reason.source}`, 's'));
  }
  for (const text of report.notTouched) expect(shown).toContain(text);
  expect(renderMarkdown(report)).toContain('4 out of scope');
});
