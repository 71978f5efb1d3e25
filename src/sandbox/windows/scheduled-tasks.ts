import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './service-control.ts';

/** A scheduled task: what it runs, and when, if not only on demand. */
export interface ScheduledTask { name: string; command: string[]; at: string | null }

/**
 * The task scheduler of a Windows machine: definitions below `<machine>/etc/tasks`, run by the sandbox's service manager, so
 * that they outlive the Tentacle that made them.
 */
export class ScheduledTasks {
  private readonly folder: string;
  private readonly programs: string;
  private readonly run: Run;

  /** `programs`: the folder of the service manager's `systemctl` and `systemd-run`. */
  constructor(machineDir: string, programs: string, run: Run) {
    this.folder = join(machineDir, 'etc', 'tasks');
    this.programs = programs;
    this.run = run;
  }

  list(): ScheduledTask[] {
    try {
      return readdirSync(this.folder).filter((file) => file.endsWith('.json')).map((file) => JSON.parse(readFileSync(join(this.folder, file), 'utf8')) as ScheduledTask);
    } catch {
      return [];
    }
  }

  find(name: string): ScheduledTask | undefined {
    return this.list().find((task) => normal(task.name) === normal(name));
  }

  /** Replaces a task of the same name only when `force`. Throws in plain words. */
  register(task: ScheduledTask, force: boolean): void {
    const known = this.find(task.name);
    if (known && !force) throw new Error('Cannot create a file when that file already exists.');
    if (known) this.remove(task.name);
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(this.pathOf(task.name), JSON.stringify(task));
    if (task.at === null) return;
    // A start that is over already is not made up for.
    const seconds = Math.ceil((Date.parse(task.at) - Date.now()) / 1000);
    if (Number.isNaN(seconds)) throw new Error(`The time ${task.at} is not valid.`);
    if (seconds > 0) this.launch(task, seconds);
  }

  start(name: string): void {
    this.launch(this.known(name), 0);
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
    const task = this.known(name);
    if (!this.isRunning(name)) this.run([join(this.programs, 'systemctl'), 'stop', `${unitOf(name)}.timer`]);
    rmSync(this.pathOf(task.name));
  }

  private known(name: string): ScheduledTask {
    const task = this.find(name);
    if (!task) throw new Error('The system cannot find the file specified.');
    return task;
  }

  private launch(task: ScheduledTask, seconds: number): void {
    const { exitCode, output } = this.run([join(this.programs, 'systemd-run'), `--unit=${unitOf(task.name)}`, '--collect', '--quiet', ...(seconds > 0 ? [`--on-active=${seconds}`] : ['--no-block']), ...task.command]);
    if (exitCode !== 0) throw new Error(output.trim());
  }

  private pathOf(name: string): string {
    return join(this.folder, `${unitOf(name)}.json`);
  }
}

const normal = (name: string): string => name.replace(/^\\/, '').toLowerCase();
const unitOf = (name: string): string => `task-${normal(name).replaceAll(/[^a-z0-9_.-]/g, '_')}`;

/** A command line as Windows splits it: blanks outside of double quotes part words, a backslash before a quote escapes it. */
export function splitCommandLine(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"(?:\\"|[^"])*(?:"|$))+/g)].map(([word]) => word.replaceAll(/(?<!\\)"/g, '').replaceAll('\\"', '"'));
}
