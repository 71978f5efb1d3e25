import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './service-control.ts';
import type { Trigger } from './triggers.ts';

/** A scheduled task: what it runs, and what begins it, if not only demand. Of a task that runs there is never a second instance (IgnoreNew). */
export interface ScheduledTask { name: string; command: string[]; triggers: Trigger[] }

const folderOf = (machineDir: string): string => join(machineDir, 'etc', 'tasks');

/** The tasks of a machine with the moment each was registered, in milliseconds since 1970: a start that was over by then is not made up for. */
export function registeredTasks(machineDir: string): (ScheduledTask & { registered: number })[] {
  const folder = folderOf(machineDir);
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
  return files.flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(join(folder, file), 'utf8')) as ScheduledTask & { registered: number }];
    } catch {
      // Removed, or being written, just now.
      return [];
    }
  });
}

/**
 * The task scheduler of a Windows machine: definitions below `<machine>/etc/tasks`, run by the sandbox's service manager, so
 * that they outlive the Tentacle that made them; what begins them by itself is watched by the service manager too.
 */
export class ScheduledTasks {
  private readonly machineDir: string;
  private readonly programs: string;
  private readonly run: Run;

  /** `programs`: the folder of the service manager's `systemctl` and `systemd-run`. */
  constructor(machineDir: string, programs: string, run: Run) {
    this.machineDir = machineDir;
    this.programs = programs;
    this.run = run;
  }

  list(): ScheduledTask[] {
    return registeredTasks(this.machineDir);
  }

  find(name: string): ScheduledTask | undefined {
    return this.list().find((task) => normal(task.name) === normal(name));
  }

  /** Replaces a task of the same name only when `force`. Throws in plain words. */
  register(task: ScheduledTask, force: boolean): void {
    const known = this.find(task.name);
    if (known && !force) throw new Error('Cannot create a file when that file already exists.');
    if (known) this.remove(task.name);
    mkdirSync(folderOf(this.machineDir), { recursive: true });
    writeFileSync(this.pathOf(task.name), JSON.stringify({ ...task, registered: Date.now() }));
  }

  /** Begins the task. False where it runs already: then nothing is begun. */
  start(name: string): boolean {
    const task = this.known(name);
    if (this.isRunning(name)) return false;
    const { exitCode, output } = this.run([join(this.programs, 'systemd-run'), ...startOf(task)]);
    if (exitCode !== 0) throw new Error(output.trim());
    return true;
  }

  /** Whether an instance of the task runs now. */
  isRunning(name: string): boolean {
    return ['active', 'activating'].includes(this.run([join(this.programs, 'systemctl'), 'show', `${unitOf(name)}.service`, '-p', 'ActiveState', '--value']).output.trim());
  }

  /** Ends what runs of it; ending what does not run is no error. */
  end(name: string): void {
    this.known(name);
    this.run([join(this.programs, 'systemctl'), 'stop', `${unitOf(name)}.service`]);
  }

  /** What runs goes on; what was to come does not. */
  remove(name: string): void {
    rmSync(this.pathOf(this.known(name).name));
  }

  private known(name: string): ScheduledTask {
    const task = this.find(name);
    if (!task) throw new Error('The system cannot find the file specified.');
    return task;
  }

  private pathOf(name: string): string {
    return join(folderOf(this.machineDir), `${unitOf(name)}.json`);
  }
}

const normal = (name: string): string => name.replace(/^\\/, '').toLowerCase();

/** The unit that an instance of the task is, without `.service`. */
export const unitOf = (name: string): string => `task-${normal(name).replaceAll(/[^a-z0-9_.-]/g, '_')}`;

/** The words for the service manager's `systemd-run` that begin an instance of the task. */
export const startOf = (task: ScheduledTask): string[] => [`--unit=${unitOf(task.name)}`, '--collect', '--quiet', '--no-block', ...task.command];

/** A command line as Windows splits it: blanks outside of double quotes part words, a backslash before a quote escapes it. */
export function splitCommandLine(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"(?:\\"|[^"])*(?:"|$))+/g)].map(([word]) => word.replaceAll(/(?<!\\)"/g, '').replaceAll('\\"', '"'));
}
