import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { repairScript } from '../../src/tentacle/repair.ts';
import { configurationFile } from './fakes/configuration.ts';
import { longScript, Machine, OWN, passive, polling, pwsh } from './fakes/machine.ts';

const OLD = 'A'.repeat(40) as Thumbprint;
const NEW = 'B'.repeat(40) as Thumbprint;
const OTHER = 'C'.repeat(40) as Thumbprint;
const WINDOWS = { shell: 'PowerShell' as const, restartWatchSeconds: 60, idleLimitSeconds: 60 };
const ADD = { ...WINDOWS, route: 'polling' as const, beside: OLD };
const LOCAL = { restart: 'none' as const };

if (pwsh === undefined) it.skip('skipped: no pwsh; the PowerShell script was not run', () => undefined);

/** Each starts two to four PowerShells, one after another: side by side they would starve each other. */
describe.skipIf(pwsh === undefined)('under a real PowerShell, with Windows played by fakes', { timeout: 180_000 }, () => {
  const withMachine = async (onTestFinished: (stop: () => void) => void, ...start: Parameters<typeof Machine.start>) => {
    const machine = await Machine.start(...start);
    onTestFinished(() => machine.stop());
    return machine;
  };

  it('A5: listening: adds, restarts from a task of its own, is effective then; a second run writes nothing', async ({ onTestFinished }) => {
    const machine = await withMachine(onTestFinished, [passive(OLD), { ...polling(OTHER), Address: 'https://z\u00fcrich:10943' }]);
    const first = await machine.run('add', NEW, WINDOWS);
    expect(first).toMatchObject({ own: OWN, outcome: 'changed', reason: null, effective: 'no', restart: 'armed', lastRestart: 'none' });
    expect(first.before).toContainEqual({ thumbprint: OTHER, style: 'TentacleActive', address: 'https://z\u00fcrich:10943', subscriptionId: 'poll://abc/' });
    expect(await machine.ended()).toBe('good');
    const commands = machine.read('configured.log');
    expect(await machine.run('add', NEW, WINDOWS)).toMatchObject({ outcome: 'unchanged', effective: 'yes', restart: 'not-needed', lastRestart: 'good' });
    expect(machine.read('configured.log')).toBe(commands);
    expect(commands).toBe(`--trust=${NEW}\n`);
  });

  it('A3, A19, A24: listening: removes exactly the stored text, and only with the other one there, and nothing that is polled', async ({ onTestFinished }) => {
    const machine = await withMachine(onTestFinished, [passive(OLD.toLowerCase()), passive(NEW), polling(OTHER)]);
    expect(await machine.run('remove', OLD, { ...WINDOWS, keep: 'D'.repeat(40) as Thumbprint })).toMatchObject({ outcome: 'refused', reason: 'keep-missing' });
    expect(await machine.run('remove', OTHER, { ...WINDOWS, keep: NEW })).toMatchObject({ outcome: 'refused', reason: 'pollable-entry' });
    expect(await machine.run('remove', OLD, { ...WINDOWS, ...LOCAL, keep: NEW })).toMatchObject({ outcome: 'changed', effective: 'no' });
    expect(machine.trusted).toEqual([passive(NEW), polling(OTHER)]);
    expect(machine.read('configured.log')).toBe(`--remove-trust=${OLD.toLowerCase()}\n`);
  });

  it('A2: polling: adds a twin, restarts, is effective, and ends by dropping OLD; no command writes trust', async ({ onTestFinished }) => {
    const machine = await withMachine(onTestFinished, [], configurationFile([polling(OLD), passive(OTHER)], { end: '\r\n' }));
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ own: OWN, outcome: 'changed', reason: null, effective: 'no', restart: 'armed' });
    expect(await machine.ended()).toBe('good');
    expect(machine.read('Tentacle.config')).toBe(configurationFile([polling(OLD), polling(NEW), passive(OTHER)], { end: '\r\n' }));
    expect(machine.read('Tentacle.config.octopus-rotation.old')).toBe(configurationFile([polling(OLD), passive(OTHER)], { end: '\r\n' }));
    expect(await machine.run('remove', OLD, { ...WINDOWS, ...LOCAL, route: 'polling', keep: NEW })).toMatchObject({ outcome: 'changed', lastRestart: 'good' });
    expect(machine.read('Tentacle.config')).toBe(configurationFile([polling(NEW), passive(OTHER)], { end: '\r\n' }));
    expect(machine.read('configured.log')).toBe('');
  });

  it('A6: a restart that fails gets the old value back, and the service with it', async ({ onTestFinished }) => {
    const before = configurationFile([polling(OLD)]);
    const machine = await withMachine(onTestFinished, [], before);
    machine.write('poison', NEW);
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'changed', restart: 'armed' });
    expect(await machine.ended()).toBe('reverted');
    expect(machine.read('Tentacle.config')).toBe(before);
  });

  it('A6: while a script runs it waits, and another change ends it first', async ({ onTestFinished }) => {
    const machine = await withMachine(onTestFinished, [passive(OLD)]);
    const script = longScript(machine);
    await machine.run('add', NEW, WINDOWS);
    expect(await machine.run('add', NEW, WINDOWS)).toMatchObject({ outcome: 'unchanged', restart: 'armed', lastRestart: 'running' });
    expect(await machine.run('remove', NEW, { ...WINDOWS, keep: OLD })).toMatchObject({ outcome: 'changed', effective: 'yes', restart: 'not-needed', lastRestart: 'running' });
    expect(machine.read('schtasks.log')).toMatch(/^\/End \/TN octopus-rotation-.*-7-add-01234567$/m);
    script.end();
  });

  it('A38, A39, D15: refuses what the Bash script refuses', async ({ onTestFinished }) => {
    const before = configurationFile([passive(OLD)]);
    const machine = await withMachine(onTestFinished, [], before);
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'refused', reason: 'no-pollable-entry' });
    machine.write('no-tasks', '');
    expect(await machine.run('add', NEW, WINDOWS)).toMatchObject({ outcome: 'refused', reason: 'no-detached-restart' });
    machine.write('Tentacle.config', configurationFile([passive('')]));
    expect(await machine.run('add', NEW, WINDOWS)).toMatchObject({ outcome: 'refused', reason: 'list-broken' });
    expect(machine.read('configured.log')).toBe('');
  });

  it('A3, A7: the repair script mends a polling Tentacle before the eyes of a person; run twice it changes nothing', async ({ onTestFinished }) => {
    const machine = await withMachine(onTestFinished, [], configurationFile([polling(OLD), passive(OTHER)]));
    machine.write('repair.ps1', repairScript({ route: 'polling', shell: 'PowerShell', trust: NEW, old: OLD, distrust: OLD }));
    const run = () => spawnSync(pwsh!, ['-NoProfile', '-NonInteractive', '-File', join(machine.dir, 'repair.ps1')], { env: { ...machine.env, TentacleInstanceName: 'My Tentacle', TentacleExecutablePath: join(machine.dir, 'bin', 'Tentacle') }, encoding: 'utf8' });
    expect(run()).toMatchObject({ status: 0, stderr: '' });
    expect(machine.read('Tentacle.config')).toBe(configurationFile([polling(NEW), passive(OTHER)]));
    const pid = machine.read('main.pid');
    expect(run()).toMatchObject({ status: 0, stdout: expect.stringMatching(/add on .*: unchanged, reason null, effective yes[\s\S]*remove on .*: unchanged, reason null, effective yes/) as string });
    expect(machine.read('main.pid')).toBe(pid);
    machine.write('Tentacle.config', configurationFile([passive(OLD)]));
    expect(run()).toMatchObject({ status: 1, stdout: expect.stringContaining('reason no-pollable-entry') as string });
  });
});
