import { planErrors } from '../errors/plan.ts';
import type { Permissions, Space } from '../octopus/contract.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

/** What the account needs in every space to change trust on machines and workers (octopus-rest.md section 9). */
const IN_EVERY_SPACE = ['TaskCreate', 'MachineEdit', 'WorkerEdit'];

/**
 * Make sure that the account sees every space and may act in each (A10). A list of spaces cannot show that one is missing; only the
 * system permission AdministerSystem, which sees all of them, can.
 */
export function seesEverything(permissions: Permissions, spaces: Space[]): Verdict {
  const missing: string[] = [];
  if (!permissions.system.includes('AdministerSystem')) missing.push('the system permission AdministerSystem');
  for (const space of spaces) {
    for (const name of IN_EVERY_SPACE) {
      const granted = permissions.inSpace[name] ?? [];
      if (!granted.some((one) => one.spaceId === space.id && !one.restricted)) missing.push(`${name} in space ${space.name}`);
    }
  }
  return missing.length === 0 ? PASS : refuse(planErrors.CANNOT_SEE_EVERYTHING({ username: permissions.username, missing }));
}
