import type { PlannedMachine, RotationOptions } from '../journal/contract.ts';

/**
 * Whether a machine goes over by `PollingRoute: update-trust`: its entries are turned from OLD to NEW shortly before the swap, by a job
 * on the machine that turns them back when no server shows NEW in time. Only where that job exists: polling, on Linux; the host itself
 * must stay reachable and takes the twin.
 */
export function isTurned(machine: Pick<PlannedMachine, 'route' | 'shell' | 'isHost'>, options: Pick<RotationOptions, 'pollingRoute'>): boolean {
  return options.pollingRoute === 'update-trust' && machine.route === 'polling' && machine.shell === 'Bash' && !machine.isHost;
}
