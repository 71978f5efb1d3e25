import { delimiter } from 'node:path';
import { machineLayout } from '../machines/layout.ts';
import { registeredTasks, startOf, unitOf } from '../windows/scheduled-tasks.ts';
import { strikes } from '../windows/triggers.ts';
import type { Machine } from './machine.ts';
import { systemdRun } from './systemd-run.ts';

const lookEveryMs = 500;

/**
 * Begins the scheduled tasks of a Windows machine that was just started, at their triggers, until it is told to stop. A task that runs is
 * not begun a second time. Nothing is made up for that was due while the machine was off.
 */
export function scheduledStarts(machine: Machine): { stop(): void } {
  const boot = Date.now();
  const { bin } = machineLayout(machine.dir);
  let after = boot - 1;
  const look = (): void => {
    const until = Date.now();
    for (const task of registeredTasks(machine.dir)) {
      // What was registered before this start of the machine is due from the start on.
      const since = task.registered > boot ? Math.max(after, task.registered) : after;
      if (!task.triggers.some((trigger) => strikes(trigger, boot, since, until)) || machine.services.has(`${unitOf(task.name)}.service`)) continue;
      machine.recordTaskStart(task.name);
      void systemdRun(machine, startOf(task), { environment: { PATH: [bin, process.env.PATH ?? ''].join(delimiter) } });
    }
    after = Math.max(after, until);
  };
  look();
  const handle = setInterval(look, lookEveryMs);
  handle.unref();
  return { stop: () => clearInterval(handle) };
}
