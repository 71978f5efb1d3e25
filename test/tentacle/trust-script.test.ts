import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trustScript } from '../../src/tentacle/trust-script.ts';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { longScript, Machine, OWN, passive, polling, ROTATION, type Entry } from './fakes/machine.ts';

const OLD = 'A'.repeat(40);
const NEW = 'B'.repeat(40);
const OTHER = 'C'.repeat(40);
const LOCAL = { restart: 'none' as const };

/** Each test has a machine of its own, so they run side by side. */
async function withTrust(onTestFinished: (stop: () => void) => void, ...trusted: Entry[]): Promise<Machine> {
  const machine = await Machine.start(trusted);
  onTestFinished(() => machine.stop());
  return machine;
}

describe('adding trust', () => {
  it.concurrent('A5: adds the entry, restarts behind the script, and is effective then; a second run writes nothing', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD), polling(OTHER));
    const first = await machine.run('add', NEW);
    expect(first).toMatchObject({ own: OWN, outcome: 'changed', reason: null, effective: 'no', restart: 'armed', lastRestart: 'none' });
    expect(first.before.map((entry) => entry.thumbprint)).toEqual([OLD, OTHER]);
    expect(await machine.ended()).toBe('good');
    const commands = machine.read('configured.log');
    const runs = machine.read('systemd-run.log');
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'unchanged', effective: 'yes', restart: 'not-needed', lastRestart: 'good' });
    expect(machine.read('configured.log')).toBe(commands);
    expect(machine.read('systemd-run.log')).toBe(runs);
    expect(commands).toBe(`--trust=${NEW}\n`);
  });

  it.concurrent('A25: leaves the entries of other Octopus Servers byte-equal', async ({ onTestFinished, expect }) => {
    const others = [passive(OTHER), { ...polling('D'.repeat(40)), Address: 'https://z\u00fcrich:10943', Squid: 'SQ-1' }];
    const machine = await withTrust(onTestFinished, passive(OLD), ...others);
    const result = await machine.run('add', NEW, LOCAL);
    expect(result.outcome).toBe('changed');
    expect(machine.trusted).toEqual([passive(OLD), ...others, passive(NEW)]);
    expect(result.after).toContainEqual({ thumbprint: 'D'.repeat(40), style: 'TentacleActive', address: 'https://z\u00fcrich:10943', subscriptionId: 'poll://abc/' });
  });

  it.concurrent('A41: on the host itself it only writes and reports that it is not in force', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    expect(await machine.run('add', NEW, LOCAL)).toMatchObject({ outcome: 'changed', effective: 'no', restart: 'none' });
    expect(machine.read('systemd-run.log')).toBe('');
    expect(machine.read('systemctl.log')).not.toContain('restart');
  });

  it.concurrent('A19: an entry in lower case is replaced by the exact form', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD), passive(NEW.toLowerCase()));
    expect(await machine.run('add', NEW, LOCAL)).toMatchObject({ outcome: 'changed', effective: 'yes', restart: 'not-needed' });
    expect(machine.trusted).toEqual([passive(OLD), passive(NEW)]);
  });

  it.concurrent('A38: two scripts at once on one Tentacle both have their entry in the end', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    const results = await Promise.all([machine.run('add', NEW, LOCAL), machine.run('add', OTHER, LOCAL)]);
    expect(results.map((result) => result.outcome)).toEqual(['changed', 'changed']);
    expect(machine.trusted.map((entry) => entry.Thumbprint).sort()).toEqual([OLD, NEW, OTHER].sort());
  });

  it.concurrent('reads the sentence of an old show-thumbprint, and a configuration behind log lines', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    machine.write('mode', 'old-sentence');
    expect((await machine.run('observe', NEW)).own).toBe(OWN);
    machine.write('mode', 'log-first');
    expect((await machine.run('observe', NEW)).after.map((entry) => entry.thumbprint)).toEqual([OLD]);
  });
});

describe('removing trust', () => {
  it.concurrent('A19: removes exactly the stored text, and only with the other one there', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD.toLowerCase()), passive(NEW), passive(OTHER));
    expect(await machine.run('remove', OLD, { ...LOCAL, keep: NEW as Thumbprint })).toMatchObject({ outcome: 'changed', effective: 'no' });
    expect(machine.trusted).toEqual([passive(NEW), passive(OTHER)]);
    expect(machine.read('configured.log')).toBe(`--remove-trust=${OLD.toLowerCase()}\n`);
  });

  it.concurrent('A24: refuses while the one to be kept is not trusted', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD), passive(OTHER));
    expect(await machine.run('remove', OLD, { keep: NEW as Thumbprint })).toMatchObject({ outcome: 'refused', reason: 'keep-missing' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('A3: refuses to remove an entry by which the Tentacle polls', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, polling(OLD), passive(NEW));
    expect(await machine.run('remove', OLD, { keep: NEW as Thumbprint })).toMatchObject({ outcome: 'refused', reason: 'pollable-entry' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('what is not there any more is not removed again', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(NEW));
    expect(await machine.run('remove', OLD, { keep: NEW as Thumbprint })).toMatchObject({ outcome: 'unchanged', restart: 'not-needed' });
  });
});

describe('what it refuses', () => {
  it.concurrent('refuses where the environment stands in for the configuration file', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    const answer = await machine.raw(`export OCTOPUS_CONTRIBUTE_ENV_SETTINGS=true TENTACLE_TRUSTED_SERVERS='[]'\n${machine.script('add', NEW)}`);
    const json = Buffer.from(/octopus-rotation-result (\S+)/.exec(answer.stdout)![1]!, 'base64').toString('utf8');
    expect(JSON.parse(json)).toMatchObject({ outcome: 'refused', reason: 'environment-override' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent.for<[string, unknown]>([
    ['an entry without thumbprint', [{ CommunicationStyle: 1 }]],
    ['an empty thumbprint', [passive('')]],
    ['no list', {}],
    ['an unknown style', [{ ...passive(OLD), CommunicationStyle: 'Telepathy' }]],
    ['an entry without style beside an equal one', [{ Thumbprint: OLD }, passive(OLD)]],
    ['an entry that is no object', [OLD]],
  ])('A39: refuses a list with %s', async ([, trusted], { onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    machine.change({ trusted });
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'refused', reason: 'list-broken' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('A39: says so when the configuration cannot be shown at all', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    machine.change({ broken: true });
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'refused', reason: 'configuration-unreadable' });
  });

  it.concurrent.for(['exits 127', 'refuses'])('D15: writes nothing where a restart cannot be detached (systemd-run %s)', async (how, { onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    if (how === 'exits 127') {
      machine.write('bin/systemd-run', '#!/bin/sh\nexit 127\n');
    } else machine.write('no-transient-units', '');
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'refused', reason: 'no-detached-restart', restart: 'none' });
    expect(machine.trusted).toEqual([passive(OLD)]);
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('D15: does not guess a service that this Tentacle does not run under', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    const named = machine.script('add', NEW).replaceAll('$TentacleInstanceName', 'Somebody Else');
    const answer = await machine.raw(named);
    const json = Buffer.from(/octopus-rotation-result (\S+)/.exec(answer.stdout)![1]!, 'base64').toString('utf8');
    expect(JSON.parse(json)).toMatchObject({ outcome: 'refused', reason: 'service-unknown' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('A37: believes the list, not the exit code', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD), passive(OTHER));
    machine.write('mode', 'lies');
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'failed', reason: 'read-back-differs', restart: 'none' });
    machine.write('mode', 'fails');
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'failed', reason: 'configure-failed', restart: 'none' });
    machine.write('mode', 'drops-others');
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'failed', reason: 'read-back-differs', restart: 'none' });
  });

  it('A19: takes nothing but typed tokens', () => {
    const token = (part: object) => () => trustScript({ rotationId: ROTATION, fence: 1, operation: 'add', thumbprint: NEW as Thumbprint, restart: 'none', restartDelaySeconds: 1, restartWatchSeconds: 1, idleLimitSeconds: 1, ...part });
    expect(token({ thumbprint: `${NEW}'; id; '` })).toThrow(/may not enter a script/);
    expect(token({ rotationId: '$(id)' })).toThrow(/may not enter a script/);
    expect(token({ fence: 1.5 })).toThrow(/may not enter a script/);
    expect(token({ operation: 'remove', keep: NEW })).toThrow(/may not enter a script/);
    expect(token({})()).not.toMatch(/#\{|##octopus|[^\x00-\x7f]|\r/);
  });
});

describe('the net under the restart (rule 3)', () => {
  it.concurrent('A6: a restart that fails gets the old list back, and the service with it', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD), passive(OTHER));
    machine.write('poison', NEW);
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'changed', restart: 'armed' });
    expect(await machine.ended()).toBe('reverted');
    expect(machine.trusted).toEqual([passive(OLD), passive(OTHER)]);
    expect(await machine.run('observe', NEW)).toMatchObject({ effective: 'yes', lastRestart: 'reverted' });
  });

  it.concurrent('A6: removing has the same net', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(NEW), passive(OLD));
    machine.write('mode', '');
    machine.write('poison', NEW);
    expect(await machine.run('remove', OLD, { keep: NEW as Thumbprint, restartWatchSeconds: 3 })).toMatchObject({ outcome: 'changed', restart: 'armed' });
    // With the old list it does not start either, so nothing better than "failed" can be said.
    expect(await machine.ended()).toBe('failed');
    expect(machine.trusted).toEqual([passive(NEW), passive(OLD)]);
  });

  it.concurrent('rule 3: a list changed by somebody else meanwhile is not put back', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    machine.write('poison', NEW);
    const script = longScript(machine);
    await machine.run('add', NEW);
    machine.trusted = [passive(OLD), passive(NEW), passive(OTHER)];
    script.end();
    expect(await machine.ended()).toBe('failed');
    expect(machine.trusted).toEqual([passive(OLD), passive(NEW), passive(OTHER)]);
  });

  it.concurrent('A6: while a script runs it waits, and defers rather than force', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    const pid = machine.read('main.pid');
    const script = longScript(machine);
    await machine.run('add', NEW, { idleLimitSeconds: 1 });
    expect(await machine.ended()).toBe('deferred');
    expect(machine.read('main.pid')).toBe(pid);
    const next = await machine.run('observe', NEW);
    expect(next).toMatchObject({ effective: 'no', lastRestart: 'deferred' });
    script.end();
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'unchanged', restart: 'armed' });
    expect(await machine.ended()).toBe('good');
  });

  it.concurrent('a run while the restarter waits arms no second one, another change ends it first', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    const script = longScript(machine);
    await machine.run('add', NEW);
    const runs = machine.read('systemd-run.log');
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'unchanged', restart: 'armed', lastRestart: 'running' });
    expect(machine.read('systemd-run.log')).toBe(runs);
    expect(await machine.run('remove', NEW, { keep: OLD as Thumbprint })).toMatchObject({ outcome: 'changed', effective: 'yes', restart: 'not-needed', lastRestart: 'running' });
    expect(machine.read('systemctl.log')).toMatch(/^stop octopus-rotation-.*-7-add-01234567\.service$/m);
    script.end();
  });

  it.concurrent('D17: a run killed between writing and arming is completed by the next one, with the same net', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    await machine.run('add', NEW, LOCAL);
    machine.write('poison', NEW);
    expect(await machine.run('add', NEW)).toMatchObject({ outcome: 'unchanged', effective: 'no', restart: 'armed' });
    expect(await machine.ended()).toBe('reverted');
    expect(machine.trusted).toEqual([passive(OLD)]);
  });

  it.concurrent('without a log it cannot tell what is in force, and says unknown', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    machine.remove('Logs/OctopusTentacle.txt');
    expect(await machine.run('observe', NEW)).toMatchObject({ effective: 'unknown' });
  });

  it.concurrent('a start-up log of a process that is gone says nothing about the one that runs', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    machine.write('Logs/OctopusTentacle.txt', machine.read('Logs/OctopusTentacle.txt').replaceAll(machine.read('main.pid'), '999999'));
    expect(await machine.run('observe', NEW)).toMatchObject({ effective: 'unknown' });
  });

  it.concurrent('keeps its script in a folder of its own that nobody else may enter', async ({ onTestFinished, expect }) => {
    const machine = await withTrust(onTestFinished, passive(OLD));
    const script = longScript(machine);
    await machine.run('add', NEW);
    expect(statSync(`${machine.dir}/OctopusRotation`).mode & 0o777).toBe(0o700);
    const copy = `${machine.dir}/OctopusRotation/restart-${ROTATION}-7-add.sh`;
    expect(statSync(copy).mode & 0o777).toBe(0o700);
    expect(readFileSync(copy, 'utf8')).toContain('or_restart_main');
    script.end();
    expect(await machine.ended()).toBe('good');
    expect(() => statSync(copy)).toThrow();
  });
});
