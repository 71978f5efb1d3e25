import { setTimeout as delay } from 'node:timers/promises';
import type { Activity } from '../../engine/contract.ts';
import type { MachineBase } from '../database/documents.ts';
import type { Faults } from '../faults.ts';
import type { TruthLog } from '../truth-log.ts';
import { engine } from './engine-seam.ts';
import { healthMachines } from './machine-choice.ts';
import type { TaskRunner } from './queue.ts';
import { engineRun, reachable, type RunParts } from './run-parts.ts';

/** Longer than a Tentacle takes to be stopped and started, and how often it is looked at meanwhile. */
const [RESTART_MS, LOOK_MS] = [20_000, 250];
const script = 'set -e\nTentacle new-certificate --instance "$TentacleInstanceName"\nsystemd-run --quiet --collect --on-active=1 systemctl restart Tentacle.service';

/**
 * `TentacleRegenerateCertificate`, the task that the documents name and no server is known to have (A29, B1): "ask the Tentacle to
 * generate a new certificate, and then update the trusted thumbprint", one machine after the other. With the switch at `true` it fails.
 * Whatever ends it between the two leaves a Tentacle that the server no longer knows; other registrations of the same Tentacle keep
 * the old thumbprint (B3). That the Tentacle is restarted, and that workers and polling ones are covered, is not documented.
 */
export function regenerateTaskRunner(parts: RunParts, faults: Faults, truth: TruthLog): TaskRunner {
  return async (task, root, cancelled) => {
    if (faults.current().documentTasks !== 'work') return failed(`sandbox: tasks of kind ${task.Name} are not simulated.`);
    const machines = reachable(healthMachines(parts.database.read().Collections, task), root);
    for (const machine of machines) {
      if (machine.ShellName === 'PowerShell') return failed(`sandbox: ${task.Name} is not simulated on Windows (${machine.Name}).`);
      const lines: string[] = [];
      const ran = await (await engine.adHocScript())(engineRun(parts, task, listening(root, lines), cancelled, [machine]), { syntax: 'Bash', body: script });
      const thumbprint = lines.map((line) => /^([0-9A-F]{40})$/.exec(line.trim())?.[1]).find(Boolean);
      if (ran.state !== 'Success' || thumbprint === undefined) return ran.state === 'Success' ? failed(`${machine.Name} named no new thumbprint.`) : ran;
      truth.event('tentacle-regenerated', { registration: machine.Id, name: machine.Name, from: machine.Thumbprint, to: thumbprint });
      await delay(1000 * (faults.current().regenerateGap ?? 0), undefined, { signal: cancelled }).catch(() => undefined);
      if (cancelled.aborted) return { state: 'Canceled', errorMessage: `The task was canceled before the new thumbprint of ${machine.Name} was saved.`, hasWarnings: true };
      if (!save(machine.Id, thumbprint)) return failed(`${machine.Name} is not registered any more.`);
      if (!await isBack(machine.Id)) return failed(`${machine.Name} was not reached with its new certificate.`);
    }
    return { state: 'Success', errorMessage: '', hasWarnings: false };

    function save(id: string, thumbprint: string): boolean {
      return parts.database.write(({ Collections }) => {
        const stored = [...Collections.Machines, ...Collections.Workers].find((candidate) => candidate.Id === id);
        if (!stored) return false;
        truth.event('registration-changed', { registration: id, space: stored.SpaceId, name: stored.Name, from: stored.Thumbprint, to: thumbprint });
        Object.assign(stored, { Thumbprint: thumbprint, Endpoint: { ...stored.Endpoint, Thumbprint: thumbprint }, Version: (stored.Version ?? 0) + 1 });
        parts.thumbprints.remember(stored);
        return true;
      });
    }

    /** Asks until the Tentacle, restarted by now, is who the registration says. */
    async function isBack(id: string): Promise<boolean> {
      const check = await engine.health();
      for (const until = Date.now() + RESTART_MS; ;) {
        const { Machines, Workers } = parts.database.read().Collections;
        const machine: MachineBase | undefined = [...Machines, ...Workers].find((candidate) => candidate.Id === id);
        if (!machine) return false;
        const result = await check(engineRun(parts, task, root, cancelled, [machine]), { onlyTestConnection: true });
        if (result.machines[0]?.healthStatus === 'Healthy') return true;
        if (cancelled.aborted || Date.now() > until) return false;
        await delay(LOOK_MS);
      }
    }
  };
}

function failed(errorMessage: string) {
  return { state: 'Failed' as const, errorMessage, hasWarnings: false };
}

/** An activity that also tells what is logged below it. */
function listening(activity: Activity, lines: string[]): Activity {
  return {
    child: (name) => listening(activity.child(name), lines),
    status: (status) => activity.status(status),
    log(category, text) {
      lines.push(text);
      activity.log(category, text);
    },
    progress: (percentage, message) => activity.progress(percentage, message),
  };
}
