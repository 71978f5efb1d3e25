import { engine } from './engine-seam.ts';
import { scriptMachines } from './machine-choice.ts';
import { engineRun, reachable, type RunParts } from './run-parts.ts';
import type { TaskRunner } from './queue.ts';

/** The script console's task. */
export function adHocScriptRunner(parts: RunParts): TaskRunner {
  return async (task, root, cancelled) => {
    const machines = reachable(scriptMachines(parts.database.read().Collections, task), root);
    const run = await engine.adHocScript();
    return run(engineRun(parts, task, root, cancelled, machines), { syntax: task.Arguments.Syntax as 'Bash' | 'PowerShell', body: task.Arguments.ScriptBody as string });
  };
}
