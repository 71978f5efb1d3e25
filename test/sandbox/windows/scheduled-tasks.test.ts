import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScheduledTasks, splitCommandLine } from '../../../src/sandbox/windows/scheduled-tasks.ts';
import { schtasks } from '../../../src/sandbox/windows/schtasks.ts';
import { serviceNameOf, unitOf } from '../../../src/sandbox/windows/service-name.ts';

let dir: string;
let ran: string[][];
let tasks: ScheduledTasks;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tasks-'));
  ran = [];
  tasks = new ScheduledTasks(dir, '/sm', (command) => {
    ran.push(command);
    return { exitCode: 0, output: 'inactive\n' };
  });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('The task scheduler of a Windows machine', () => {
  test('runs a task on demand, through a service manager that outlives the Tentacle', () => {
    expect(schtasks(tasks, ['/Create', '/TN', '\\Octopus\\Restart', '/TR', '"C:\\a b\\T.exe" service --restart', '/SC', 'ONCE', '/ST', '00:00', '/RU', 'SYSTEM', '/F'], new Date(2026, 0, 1, 12)))
      .toEqual({ exitCode: 0, stdout: 'WARNING: The task may not run because /ST is earlier than current time.\nSUCCESS: The scheduled task "\\Octopus\\Restart" has successfully been created.\n', stderr: '' });
    expect(ran).toEqual([]);
    expect(schtasks(tasks, ['/run', '/tn', 'octopus\\restart']).exitCode).toBe(0);
    expect(ran).toEqual([['/sm/systemd-run', '--unit=task-octopus_restart', '--collect', '--quiet', '--no-block', 'C:\\a b\\T.exe', 'service', '--restart']]);
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

  test.each<[string, (text: string) => string, ((text: string) => Buffer) | undefined, string]>([
    ['that is not in the encoding it declares', (text) => text, (text) => Buffer.from(text), 'unable to switch the encoding'],
    ['with a trigger', (text) => text.replace('<Triggers />', '<Triggers><BootTrigger /></Triggers>'), undefined, 'BootTrigger'],
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

  test('starts later what is to start later, once, and not again under the same name', () => {
    const at = new Date(Date.now() + 10_000).toISOString();
    tasks.register({ name: 'a', command: ['x'], at }, false);
    expect(ran[0]?.slice(0, 5)).toEqual(['/sm/systemd-run', '--unit=task-a', '--collect', '--quiet', '--on-active=10']);
    expect(() => tasks.register({ name: 'A', command: ['x'], at }, false)).toThrow('already exists');
  });

  test.each([
    ['a "b c" d', ['a', 'b c', 'd']], ['--x="b c"', ['--x=b c']], ['"a \\"b\\" c"', ['a "b" c']], ['C:\\x\\y.exe', ['C:\\x\\y.exe']], ['', []],
  ])('splits %j as Windows does', (text, words) => { expect(splitCommandLine(text)).toEqual(words); });
});

test.each([['Tentacle', 'OctopusDeploy Tentacle', 'Tentacle.service'], ['My own', 'OctopusDeploy Tentacle: My own', 'My-own.service']])('The instance %s is the service %s', (instance, name, unit) => {
  expect([serviceNameOf(instance), unitOf(name)]).toEqual([name, unit]);
  expect(unitOf('Spooler')).toBeNull();
});
