import type { Faults } from '../faults.ts';
import type { TaskRunner } from './queue.ts';
import { engine } from './engine-seam.ts';
import { healthMachines } from './machine-choice.ts';
import { engineRun, reachable, type RunParts } from './run-parts.ts';

/** Longer than a Tentacle takes to be stopped and started, and how often it is looked at meanwhile. */
const [RESTART_MS, LOOK_MS] = [20_000, 500];
const THUMBPRINT = /^[0-9A-Fa-f]{40}$/;

/**
 * The trust tasks that the documents name and no server is known to have (A29). With the switch at `true` they are accepted and fail; at `work`
 * they do what their names say: the list is changed, and the Tentacle restarted, on every machine that is named.
 */
export function trustTaskRunner(parts: RunParts, faults: Faults, option: '--trust' | '--remove-trust'): TaskRunner {
  return async (task, root, cancelled) => {
    const { Thumbprint } = task.Arguments;
    if (faults.current().documentTasks !== 'work') return { state: 'Failed', errorMessage: `sandbox: tasks of kind ${task.Name} are not simulated.`, hasWarnings: false };
    if (typeof Thumbprint !== 'string' || !THUMBPRINT.test(Thumbprint)) return { state: 'Failed', errorMessage: 'A valid thumbprint must be supplied', hasWarnings: false };
    const machines = reachable(healthMachines(parts.database.read().Collections, task), root);
    const script = await engine.adHocScript();
    const run = (body: string) => script(engineRun(parts, task, root, cancelled, machines), { syntax: 'Bash', body });
    const process = 'systemctl show Tentacle.service -p MainPID --value';
    // A script ends with the Tentacle that runs it, so the restart is somebody else's.
    const changed = await run(`set -e\nTentacle configure --instance Tentacle ${option} ${Thumbprint}\n${process} >"$TentacleHome/before-trust-task"\nsystemd-run --quiet --collect --on-active=1 systemctl restart Tentacle.service`);
    const until = Date.now() + RESTART_MS;
    if (changed.state !== 'Success') return changed;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const restarted = await run(`test "$(${process})" != "$(cat "$TentacleHome/before-trust-task")"`);
      if (restarted.state === 'Success' || cancelled.aborted || Date.now() > until) return restarted;
    }
  };
}
