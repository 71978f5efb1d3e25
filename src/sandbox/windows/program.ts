import { join } from 'node:path';
import { machineLayout } from '../machines/layout.ts';
import { ScheduledTasks, splitCommandLine } from './scheduled-tasks.ts';
import { schtasks, type Outcome } from './schtasks.ts';
import { ServiceControl, type Run } from './service-control.ts';
import { unitOf } from './service-name.ts';
import type { Trigger } from './triggers.ts';

/** The programs that stand in for those of a Windows machine: `schtasks.exe`, and what the PowerShell functions of module.ts call. */
export function windowsMachine(machineDir: string, args: string[], run: Run): Outcome {
  const layout = machineLayout(machineDir);
  const systemctl = join(layout.serviceManager, 'systemctl');
  const tasks = new ScheduledTasks(machineDir, layout.serviceManager, run);
  const [verb, first = '', second = ''] = args;
  if (verb === 'schtasks') return schtasks(tasks, args.slice(1));
  try {
    return { exitCode: 0, stdout: perform(), stderr: '' };
  } catch (error) {
    return { exitCode: 1, stdout: '', stderr: `${error instanceof Error ? error.message : String(error)}\n` };
  }

  function perform(): string {
    switch (verb) {
      case 'start': return control(first, (service) => service.start(), 'started');
      case 'stop': return control(first, (service) => service.stop(), 'stopped');
      case 'tasks': return JSON.stringify(tasks.list().map((task) => ({ TaskName: task.name.replace(/^\\/, ''), TaskPath: '\\', State: tasks.isRunning(task.name) ? 'Running' : 'Ready' })));
      case 'task-register': {
        const { name, execute, arguments: words, triggers } = JSON.parse(Buffer.from(first, 'base64').toString('utf8')) as { name: string; execute: string; arguments: string; triggers: Trigger[] };
        tasks.register({ name, command: [execute.replace(/^"(.*)"$/, '$1'), ...splitCommandLine(words)], triggers }, second === 'True');
        return '';
      }
      case 'task-start':
        tasks.start(first);
        return '';
      case 'task-remove':
        tasks.remove(first);
        return '';
      default: throw new Error(`The sandbox's Windows does not know ${verb ?? 'nothing'}.`);
    }
  }

  function control(name: string, act: (service: ServiceControl) => boolean, done: string): string {
    const service = new ServiceControl(name, systemctl, run);
    if (unitOf(name) === null || !service.state.exists) throw new Error(`Cannot find any service with service name '${name}'.`);
    if (!act(service)) throw new Error(`Service '${service.name} (${service.name})' cannot be ${done} due to the following error: Cannot open ${service.name} service on computer '.'.`);
    return '';
  }
}
