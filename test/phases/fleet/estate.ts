import { trustScript } from '../../../src/tentacle/trust-script.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';
import { registration } from '../../support/estate-pieces.ts';
import type { Fleet } from './fleet.ts';
import type { Fault, Machine } from './machine.ts';
import { thumbprintFrom } from './seeded.ts';

/** Whether the product writes scripts for Windows Tentacles. */
const hasPowerShell = ((): boolean => {
  try {
    trustScript({ rotationId: 'x', fence: 1, shell: 'PowerShell', operation: 'observe', thumbprint: 'A'.repeat(40) as Thumbprint, restart: 'none', restartDelaySeconds: 1, restartWatchSeconds: 1, idleLimitSeconds: 1 });
    return true;
  } catch {
    return false;
  }
})();

/** Machines of every kind, as the dice fall. */
export function populate(fleet: Fleet, count: number): void {
  const { random } = fleet;
  fleet.add({ name: 'octopus-01', isHost: true });
  let number = 0;
  while (fleet.machines.length < count) addAnother(fleet, `m${String(number++).padStart(4, '0')}`);
  fleet.outOfScope.push(registration({ id: 'Machines-1', name: 'ssh-01', style: 'Ssh', uri: 'ssh://ssh-01:22/', thumbprint: null }));
  for (const machine of fleet.machines) if (!machine.isHost && random.chance(0.05)) trustFreshAlready(fleet, machine);
}

export function addAnother(fleet: Fleet, name: string): Machine {
  const { random } = fleet;
  const route = random.chance(0.25) ? 'polling' : 'listening';
  const shell = hasPowerShell && random.chance(0.3) ? 'PowerShell' : 'Bash';
  const disabled = random.chance(0.06);
  const given = { name, route, shell, foreign: random.chance(0.2), lowerCase: route === 'listening' && random.chance(0.05), viaProxy: route === 'listening' && random.chance(0.07), disabled, unchecked: random.chance(0.08), webSocket: route === 'polling' && random.chance(0.06) } as const;
  if (random.chance(0.1)) {
    // Target here, worker there, also the same twice; one of them may be disabled.
    const registrations = [{ space: 'Spaces-1', kind: 'target' as const, disabled: random.chance(0.2) }, { space: 'Spaces-2', kind: 'worker' as const }, ...(random.chance(0.5) ? [{ space: 'Spaces-1', kind: 'target' as const }] : [])];
    return fleet.add({ ...given, registrations });
  }
  if (random.chance(0.03)) {
    // B9: clones have one certificate.
    const own = thumbprintFrom(`image of ${name}`);
    fleet.add({ ...given, own });
    return fleet.add({ ...given, name: `${name}-clone`, own });
  }
  return fleet.add(given);
}

/** As one that an earlier attempt, or a person, has seen to. */
function trustFreshAlready(fleet: Fleet, machine: Machine): void {
  if (machine.route !== 'listening') return;
  machine.stored = [...machine.stored, { thumbprint: fleet.fresh.thumbprint, style: 'TentaclePassive', address: null, subscriptionId: null }];
  if (fleet.random.chance(0.7)) machine.loaded = [...machine.stored];
}

const FAULTS: readonly Fault[] = ['off', 'wrong-peer', 'list-broken', 'configure-fails', 'restart-fails', 'scripts-run-long', 'result-lost-once', 'result-lost'];

/** Lets things go wrong on some machines. */
export function trouble(fleet: Fleet, probability: number, faults: readonly Fault[] = FAULTS): void {
  for (const machine of fleet.machines) {
    if (machine.isHost || machine.fault !== 'none' || !fleet.random.chance(probability)) continue;
    const fault = fleet.random.pick(faults);
    if (fault === 'wrong-peer' && (machine.route === 'polling' || machine.registrations.every((one) => one.proxyId !== null))) continue;
    machine.fault = fault;
  }
}
