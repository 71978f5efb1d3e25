import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registeredTasks, ScheduledTasks, splitCommandLine } from '../../../src/sandbox/windows/scheduled-tasks.ts';
import { schtasks } from '../../../src/sandbox/windows/schtasks.ts';
import { strikes, triggersOf, type Trigger } from '../../../src/sandbox/windows/triggers.ts';
import { serviceNameOf, unitOf } from '../../../src/sandbox/windows/service-name.ts';

let dir: string;
let ran: string[][];
let state: string;
let tasks: ScheduledTasks;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tasks-'));
  ran = [];
  state = 'inactive';
  tasks = new ScheduledTasks(dir, '/sm', (command) => {
    ran.push(command);
    return { exitCode: 0, output: `${state}\n` };
  });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('The task scheduler of a Windows machine', () => {
  test('runs a task on demand, through a service manager that outlives the Tentacle', () => {
    expect(schtasks(tasks, ['/Create', '/TN', '\\Octopus\\Restart', '/TR', '"C:\\a b\\T.exe" service --restart', '/SC', 'ONCE', '/ST', '00:00', '/RU', 'SYSTEM', '/F'], new Date(2026, 0, 1, 12)))
      .toEqual({ exitCode: 0, stdout: 'WARNING: The task may not run because /ST is earlier than current time.\nSUCCESS: The scheduled task "\\Octopus\\Restart" has successfully been created.\n', stderr: '' });
    expect(ran).toEqual([]);
    expect(schtasks(tasks, ['/run', '/tn', 'octopus\\restart']).exitCode).toBe(0);
    expect(ran.at(-1)).toEqual(['/sm/systemd-run', '--unit=task-octopus_restart', '--collect', '--quiet', '--no-block', 'C:\\a b\\T.exe', 'service', '--restart']);
  });

  test('does not begin a task a second time that runs', () => {
    tasks.register({ name: 'a', command: ['x'], triggers: [] }, false);
    state = 'active';
    expect(schtasks(tasks, ['/Run', '/TN', 'a'])).toEqual({ exitCode: 0, stdout: 'INFO: scheduled task "a" is currently running.\nSUCCESS: Attempted to run the scheduled task "a".\n', stderr: '' });
    expect(ran.filter(([program]) => program?.endsWith('systemd-run'))).toEqual([]);
  });

  const xml = (change: (text: string) => string = (text) => text, encode = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le')) => {
    const file = join(dir, 'task.xml');
    writeFileSync(file, encode(change('<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Triggers /><Principals><Principal id="a"><UserId>S-1-5-18</UserId></Principal></Principals><Settings><AllowStartOnDemand>true</AllowStartOnDemand></Settings><Actions Context="a"><Exec><Command>p.exe</Command><Arguments>-File &quot;C:\\a b\\r.ps1&quot;</Arguments></Exec></Actions></Task>')));
    return schtasks(tasks, ['/Create', '/TN', 'r', '/XML', file, '/F']);
  };

  test('takes a task from XML, which runs only when told', () => {
    expect(xml()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('successfully been created') });
    expect(ran).toEqual([]);
    expect(schtasks(tasks, ['/Run', '/TN', 'r']).exitCode).toBe(0);
    expect(ran.at(-1)).toEqual(['/sm/systemd-run', '--unit=task-r', '--collect', '--quiet', '--no-block', 'p.exe', '-File', 'C:\\a b\\r.ps1']);
  });

  const triggers = (inner: string) => (text: string) => text.replace('<Triggers />', `<Triggers>${inner}</Triggers>`);
  const repetition = (interval: string) => `<TimeTrigger><Repetition><Interval>${interval}</Interval></Repetition><StartBoundary>2000-01-01T00:00:00Z</StartBoundary></TimeTrigger>`;

  test('takes a task from XML that begins with the machine, and again and again', () => {
    expect(xml(triggers(`<BootTrigger><Enabled>true</Enabled></BootTrigger>${repetition('PT1M')}<TimeTrigger><StartBoundary>2030-01-01T00:00:00Z</StartBoundary></TimeTrigger><BootTrigger><Enabled>false</Enabled></BootTrigger>`)).exitCode).toBe(0);
    expect(registeredTasks(dir)).toMatchObject([{ name: 'r', triggers: [{ kind: 'boot', every: null }, { kind: 'time', from: Date.UTC(2000, 0), every: 60_000 }, { kind: 'time', from: Date.UTC(2030, 0), every: null }] }]);
    expect(triggersOf('<Triggers><BootTrigger /></Triggers>')).toEqual([{ kind: 'boot', every: null }]);
  });

  const minute = 60_000;
  test.each<[string, Trigger, number, number, boolean]>([
    ['a start of the machine, at that moment', { kind: 'boot', every: null }, 999, 1000, true],
    ['a start of the machine, not later', { kind: 'boot', every: null }, 1000, 9 * minute, false],
    ['a start of the machine, and repeated from then on', { kind: 'boot', every: minute }, 1000 + minute - 1, 1000 + minute, true],
    ['a time that is over', { kind: 'time', from: 500, every: null }, 600, 9 * minute, false],
    ['a time that comes', { kind: 'time', from: 5000, every: null }, 4999, 5000, true],
    ['a time that is still to come', { kind: 'time', from: 5000, every: null }, 1000, 4999, false],
    ['a repetition that began long ago, at its next turn', { kind: 'time', from: 0, every: minute }, 7 * minute, 8 * minute, true],
    ['a repetition, not between its turns', { kind: 'time', from: 0, every: minute }, 7 * minute, 8 * minute - 1, false],
    ['a repetition, not before it begins', { kind: 'time', from: 9 * minute, every: minute }, 0, 9 * minute - 1, false],
  ])('strikes or not: %s', (_, trigger, after, until, expected) => { expect(strikes(trigger, 1000, after, until)).toBe(expected); });

  test.each<[string, (text: string) => string, ((text: string) => Buffer) | undefined, string]>([
    ['that is not in the encoding it declares', (text) => text, (text) => Buffer.from(text), 'unable to switch the encoding'],
    ['with another trigger', triggers('<LogonTrigger />'), undefined, 'LogonTrigger'],
    ['with a delay after the start of the machine', triggers('<BootTrigger><Delay>PT1M</Delay></BootTrigger>'), undefined, 'Delay'],
    ['that is repeated more often than every minute', triggers(repetition('PT30S')), undefined, 'out of range.\n(1,2):Interval:PT30S'],
    ['with a time that says no time', triggers('<TimeTrigger><Enabled>true</Enabled></TimeTrigger>'), undefined, 'StartBoundary'],
    ['with a time that is none', triggers('<TimeTrigger><StartBoundary>soon</StartBoundary></TimeTrigger>'), undefined, 'StartBoundary:soon'],
    ['with several instances at a time', (text) => text.replace('<Settings>', '<Settings><MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>'), undefined, 'one instance'],
    ['that is disabled', (text) => text.replace('<Settings>', '<Settings><Enabled>false</Enabled>'), undefined, 'disabled'],
    ['for somebody else', (text) => text.replace('S-1-5-18', 'somebody'), undefined, 'as SYSTEM only'],
    ['without a program', (text) => text.replace(/<Command>.*<\/Command>/, ''), undefined, 'missing a required element'],
  ])('refuses a task from XML %s', (_, change, encode, message) => {
    expect(xml(change, encode)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(message) });
  });

  test.each([
    ['an option it does not know', ['/Create', '/EC', 'x'], "Invalid argument/option - '/EC'."],
    ['another schedule', ['/Create', '/TN', 'a', '/TR', 'b', '/SC', 'DAILY', '/ST', '00:00'], 'ONCE only, not DAILY'],
    ['a delete that would ask', ['/Delete', '/TN', 'a'], 'only with /F'],
    ['a task that is not there', ['/Run', '/TN', 'a'], 'The system cannot find the file specified.'],
  ])('refuses %s', (_, args, message) => {
    expect(schtasks(tasks, args)).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(message) });
  });

  test('keeps when a task is to begin, and takes no other under the same name', () => {
    tasks.register({ name: 'a', command: ['x'], triggers: [{ kind: 'time', from: Date.UTC(2030, 0), every: null }] }, false);
    expect(ran).toEqual([]);
    expect(schtasks(tasks, ['/Query', '/TN', 'a']).stdout).toBe('a  2030-01-01T00:00:00.000Z  Ready\n');
    expect(() => tasks.register({ name: 'A', command: ['x'], triggers: [] }, false)).toThrow('already exists');
  });

  test.each([
    ['a "b c" d', ['a', 'b c', 'd']], ['--x="b c"', ['--x=b c']], ['"a \\"b\\" c"', ['a "b" c']], ['C:\\x\\y.exe', ['C:\\x\\y.exe']], ['', []],
  ])('splits %j as Windows does', (text, words) => { expect(splitCommandLine(text)).toEqual(words); });
});

test.each([['Tentacle', 'OctopusDeploy Tentacle', 'Tentacle.service'], ['My own', 'OctopusDeploy Tentacle: My own', 'My-own.service']])('The instance %s is the service %s', (instance, name, unit) => {
  expect([serviceNameOf(instance), unitOf(name)]).toEqual([name, unit]);
  expect(unitOf('Spooler')).toBeNull();
});
