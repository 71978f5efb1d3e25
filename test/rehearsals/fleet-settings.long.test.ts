import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plan } from '../../src/journal/views.ts';
import { abandon, command, connectedBy, shell } from '../support/fleet.ts';
import { latestReport, lease, waitUntilQuiet } from '../support/rotation.ts';
import { until } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';
import { worldOf } from '../support/world.ts';

const FOREIGN = '0A1B2C3D4E5F60718293A4B5C6D7E8F901234567';
/** Names under which somebody registered machines: a service message, an expression with a secret, quotes, a substitution, invisible characters. */
const NAMES = {
  'web-02': "##octopus[setVariable name='UGxhbkhhc2g=' value='eA==']",
  'dmz-01': `#{Rotation.ApiKey}"'$(touch /tmp/octopus-rotation-was-here)\u0007\u202e`,
  'dmz-02': "edge\n##octopus[setVariable name='eA==' value='eA==']\r\n</script><b>02",
};
const SHOWN = {
  'web-02': "# #octopus[setVariable name='UGxhbkhhc2g=' value='eA==']",
  'dmz-01': `#{Rotation.ApiKey}"'$(touch /tmp/octopus-rotation-was-here)<U+0007><U+202E>`,
  'dmz-02': "edge<U+000A># #octopus[setVariable name='eA==' value='eA==']<U+000D><U+000A></script><b>02",
};
const target = (name: string, environment = 'Production') => ({ space: 'Default', as: 'target', name, roles: ['web'], environments: [environment] });
const estate = {
  name: 'Odd fleet', pollingPauseFactor: 30,
  server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
  spaces: [{ name: 'Default', environments: ['Production', 'Octopus'], workerPools: ['Default Worker Pool'] }],
  machines: [
    { name: 'octopus-01', registrations: [{ ...target('octopus-01', 'Octopus'), roles: ['octopus-server-node', 'octopus-rotation-host'] }] },
    { name: 'web-01', registrations: [target('web-01')] },
    { name: 'web-02', foreignTrust: [FOREIGN], registrations: [{ ...target(NAMES['web-02']), disabled: true }] },
    { name: 'dmz-01', mode: 'polling', foreignTrust: [FOREIGN], registrations: [target(NAMES['dmz-01'])] },
    { name: 'dmz-02', mode: 'polling', registrations: [target(NAMES['dmz-02'])] },
  ],
};
const TICKET = 'INC-1';
/** What the test entered into lists of polling Tentacles in the meantime, as somebody else would. */
const ENTERED = /^foreign entries of dmz-0[12] /;

const folder = mkdtempSync(join(tmpdir(), 'flt-'));
let story: Scenario;
const logs: string[] = [];
/** Foreign entries of dmz-01. */
let entered: string[];
beforeAll(async () => {
  const path = join(folder, 'estate.json');
  writeFileSync(path, JSON.stringify(estate));
  story = await Scenario.start(path, { settings: ['--restart-watch-seconds', '15', '--enable-disabled', 'True', '--grace-hours', '1'] });
  await story.sandbox.setFaults({ documentTasks: true });
  // Somebody else enters one more Octopus Server each time, just before the file is exchanged; and a disk that cannot be written.
  obstacles.push(obstacle('dmz-01', 'sync', '*', 'Tentacle configure --instance Tentacle --trust "$(date +%s%N | sha1sum | head -c 40 | tr a-f A-F)" >/dev/null'));
  obstacles.push(obstacle('dmz-02', 'mv', '*/tentacle.config', 'echo "mv: cannot move: Read-only file system" >&2\nexit 1'));
  await story.begin();
});
afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

const machineFolder = (machine: string) => join(story.sandbox.line.home, 'machines', machine);
const isDisabled = async (machine: keyof typeof NAMES) => (await story.client.registrations(story.installed.spaceId)).find((one) => one.name === NAMES[machine])!.isDisabled;
const keyOf = (machine: keyof typeof NAMES) => plan(story.journal())!.machines.find((one) => one.name === NAMES[machine])!.key;

/** Until it is taken away, a program that is found before the real one on a machine, and does something else first when it is started with such arguments. */
function obstacle(machine: string, program: string, pattern: string, first: string): () => void {
  const path = join(machineFolder(machine), 'bin', program);
  writeFileSync(path, `#!/usr/bin/env bash\nif [[ "$*" == ${pattern} ]]; then\n${first}\nfi\nPATH="\${PATH#*:}" exec ${program} "$@"\n`);
  chmodSync(path, 0o755);
  return () => rmSync(path);
}
const obstacles: (() => void)[] = [];

describe('a disabled machine, with EnableDisabled', () => {
  it('A8: is left enabled by a step that is killed in between', async () => {
    const run = await story.start(TICKET);
    await story.entry('a machine is to be enabled', (entry) => entry.kind === 'intent' && entry.data.effect === 'enable-machine' && entry.subject === keyOf('web-02'));
    await until('it is enabled', 10_000, async () => !(await isDisabled('web-02')), 20);
    await story.sandbox.unit('octopus-01', 'Tentacle.service', 'kill');
    const { task, log } = await story.ended(run);
    logs.push(log);
    expect(task.state).toBe('Failed');
    expect(await isDisabled('web-02')).toBe(false);
    await waitUntilQuiet(story.installed);
    await story.holds(ENTERED); // the scripts of the polling Tentacles may have begun before the kill
  });
});

describe('configuration files of polling Tentacles that change, or cannot be written, between the look and the act', () => {
  it('are not half written: Trust says why, Prove refuses with their harmless names, and the disabled machine is disabled again', async () => {
    const { task, log, refusals } = await story.run(TICKET);
    logs.push(log);
    expect([task.state, new Set(refusals)], log.slice(-4000)).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
    for (const machine of ['dmz-01', 'dmz-02'] as const) expect(log).toContain(`${SHOWN[machine]}: its script `);
    const listOf = async (machine: string) => (await story.tentacle(machine)).stored!.map((one) => one.Thumbprint);
    expect(await listOf('dmz-02')).toEqual([story.old]);
    entered = (await listOf('dmz-01')).filter((one) => one !== story.old);
    expect(entered.length).toBeGreaterThan(1);
    expect(entered).toContain(FOREIGN);
    expect(entered).not.toContain(story.fresh);
    for (const machine of ['dmz-01', 'dmz-02']) expect(connectedBy(await story.tentacle(machine)), machine).toEqual([story.old]);
    for (const takeAway of obstacles) takeAway();
    expect(await isDisabled('web-02')).toBe(true);
    expect((await story.tentacle('web-02')).effective!.map((one) => one.Thumbprint).sort()).toEqual([FOREIGN, story.old, story.fresh].sort());
  });

  it('A29: the tasks of the document failed at once, and the scripts went on', async () => {
    const states = async (name: string) => new Set((await story.client.tasks({ name })).map((one) => one.state));
    expect(await states('TentacleAddTrust')).toEqual(new Set(['Failed']));
    expect(await states('AdHocScript')).toContain('Success');
  });
});

describe('a grace period of an hour', () => {
  it('the run that the relay queued ends green with "Not yet"; the rotation stays open and due, both certificates are trusted, and status says so', async () => {
    const after = story.journal().length;
    const first = await story.run(TICKET);
    expect(first.task.state, first.log.slice(-4000)).toBe('Success');
    const { task, log } = await story.queuedRun(after);
    logs.push(first.log, log);
    expect(task.state, log.slice(-4000)).toBe('Success');
    const ends = /Not yet: both certificates stay trusted until (\S+) \(grace period\)/.exec(log)![1]!;
    const swapped = story.journal().find((entry) => entry.kind === 'proved' && entry.subject === 'server' && entry.data.claim === 'node-presents-new')!.at;
    expect(Date.parse(ends) - Date.parse(swapped)).toBe(3_600_000);
    const { tentacles, server } = await story.sandbox.truth();
    expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([story.fresh, story.fresh]);
    for (const { machine, effective } of tentacles) for (const thumbprint of [story.old, story.fresh]) expect(effective!.map((one) => one.Thumbprint), machine).toContain(thumbprint);
    expect(await lease(story.installed)).not.toBeNull();
    await story.holds(ENTERED);
    const { stateFolder, secret } = story.installed;
    process.env['TEST_SECRET'] = secret;
    const status = await command(story.installed, 'status', '--state-folder', stateFolder, '--secret-env', 'TEST_SECRET');
    expect(status.stdout).toContain(`A rotation is open: ${story.rotationId}`);
    expect(status.stdout).toContain(`both certificates stay trusted until ${ends.slice(0, 16).replace('T', ' ')}`);
    expect(status.stdout).toMatch(/next phase +Retire server certificate/);
    expect(latestReport(story.installed, story.rotationId)!.verdict).toContain('both certificates stay trusted until');
  });

  it('abandoning is refused now with ABANDON_TOO_LATE, and changes nothing', async () => {
    const before = await worldOf(story.sandbox);
    const entries = story.journal().filter((entry) => entry.kind === 'intent').length;
    const ended = await abandon(story.installed);
    expect(ended.code).not.toBe(0);
    expect(ended.stdout + ended.stderr).toContain('ABANDON_TOO_LATE: ');
    await waitUntilQuiet(story.installed);
    expect(await worldOf(story.sandbox)).toEqual(before);
    expect(story.journal().filter((entry) => entry.kind === 'intent')).toHaveLength(entries);
    expect(await lease(story.installed)).not.toBeNull();
  });

  it('once the setting is 0 the next run finishes, and keeps what somebody entered in the meantime', async () => {
    const id = story.rotationId;
    await story.set('--grace-hours', '0');
    const typed = await story.meddle(() => shell(story.sandbox, 'dmz-02', `Tentacle configure --instance Tentacle --trust ${FOREIGN}`));
    expect(typed.code, typed.out + typed.error).toBe(0);
    await story.completes(TICKET, ENTERED);
    expect(story.rotationId).toBe(id);
    const trusted = Object.fromEntries((await story.sandbox.truth()).tentacles.map(({ machine, stored, effective }) => [machine, [stored!, effective!].map((list) => list.map((one) => one.Thumbprint).sort())]));
    const both = (...thumbprints: string[]) => [[...thumbprints].sort(), [...thumbprints].sort()];
    expect(trusted).toEqual({ 'octopus-01': both(story.fresh), 'web-01': both(story.fresh), 'web-02': both(story.fresh, FOREIGN), 'dmz-01': both(story.fresh, ...entered), 'dmz-02': both(story.fresh, FOREIGN) });
    for (const machine of ['dmz-01', 'dmz-02']) await until(`${machine} polls on NEW`, 20_000, async () => connectedBy(await story.tentacle(machine)).includes(story.fresh));
    expect(await isDisabled('web-02')).toBe(true);
  });
});

describe('names that somebody chose badly', () => {
  it('D13: stand harmless in logs, reports and artifacts, and set, expand and run nothing', async () => {
    const whole = logs.join('\n');
    expect(whole).toContain(SHOWN['dmz-01']);
    expect(whole).not.toMatch(/[\u0007\u202e]/);
    expect(whole).not.toMatch(/^##octopus/m);
    expect(whole).not.toContain("##octopus[setVariable name='eA=='");
    expect(whole).not.toContain(story.sandbox.line.apiKey);
    const report = latestReport(story.installed, story.rotationId)!;
    expect(report.machines.map((one) => one.name).sort()).toEqual(['octopus-01', 'web-01', ...Object.values(SHOWN)].sort());
    const html = readFileSync(join(story.installed.stateFolder, 'rotations', story.rotationId, 'report.html'), 'utf8');
    expect(html).not.toContain('</script><b>02');
    expect(html).toContain('&#60;/script&#62;&#60;b&#62;02');
    expect(existsSync('/tmp/octopus-rotation-was-here')).toBe(false);
  });
});
