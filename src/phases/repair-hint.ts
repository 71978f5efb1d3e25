import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { LeftBehindReason, PlannedMachine } from '../journal/contract.ts';
import { repairCommand } from '../tentacle/repair.ts';

/** How a machine is mended on the machine itself, in one sentence: the command where one line can do it, else the script that the report carries. */
export function repairHint(machine: Pick<PlannedMachine, 'route' | 'shell'>, wish: { trust: Thumbprint; distrust?: Thumbprint }, reason?: LeftBehindReason): string {
  if (reason === 'web-socket') return 'Nothing is to be done on it.';
  const command = repairCommand({ route: machine.route, shell: machine.shell, ...wish });
  return command === null ? 'Its repair script is among the artifacts of the report.' : `On the machine: ${command}`;
}
