import type { MachineBase } from '../database/documents.ts';
import { engine } from './engine-seam.ts';
import { healthMachines } from './machine-choice.ts';
import { engineRun, reachable, type RunParts } from './run-parts.ts';
import type { TaskRunner } from './queue.ts';

/** Checks machines and stores what it found; only the full check refreshes what the Tentacle says about itself (octopus-rest.md 1.4). */
export function healthRunner(parts: RunParts): TaskRunner {
  return async (task, root, cancelled) => {
    const machines = reachable(healthMachines(parts.database.read().Collections, task), root);
    const onlyTestConnection = task.Arguments.OnlyTestConnection === true;
    const check = await engine.health();
    const result = await check(engineRun(parts, task, root, cancelled, machines), { onlyTestConnection });
    const now = new Date().toISOString();
    parts.database.write(({ Collections }) => {
      const stored: MachineBase[] = [...Collections.Machines, ...Collections.Workers];
      for (const found of result.machines) {
        const machine = stored.find(({ Id }) => Id === found.id);
        if (!machine) continue;
        Object.assign(machine, { HealthStatus: found.healthStatus, StatusSummary: found.summary, LastChecked: now, LastHealthTask: task.Id });
        if (!found.about || onlyTestConnection) continue;
        Object.assign(machine, { OperatingSystem: found.about.operatingSystem, ShellName: found.about.shell, ShellVersion: found.about.shellVersion, Architecture: 'x64' });
        machine.Endpoint.CertificateSignatureAlgorithm = found.about.certificateSignatureAlgorithm;
        if (machine.Endpoint.TentacleVersionDetails) machine.Endpoint.TentacleVersionDetails.Version = found.about.version;
      }
    });
    return result.outcome;
  };
}
