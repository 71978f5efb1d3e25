import type { Thumbprint } from '../certificates/thumbprint.ts';
import { otherServersOf } from '../gates/certificate-scope.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { limiter } from '../octopus/limit.ts';
import type { PhaseContext } from './context.ts';
import type { CertificateReach } from './certificate-exchange.ts';
import { askOnHost, askThroughServer } from './certificate-scripts.ts';
import { demandHealth } from './health-task.ts';
import { isProbed } from './looking.ts';
import { TASKS_AT_ONCE } from './machine-scripts.ts';
import { CONNECT_TIMEOUT_MS } from './probing.ts';
import type { Rotation } from './rotation.ts';

const TEST_MS = 6 * 60_000;
const HEALTH_MS = 10 * 60_000;

/**
 * Machines that are reached through the server. Who does not answer never enters a script task (rule 15): where the port can be dialled by a
 * TCP connect, elsewhere by a connection test of Octopus, which also waits for a polling Tentacle to come again. `servers`: the certificates that this
 * server is known by.
 */
export function throughServer(context: PhaseContext, rotation: Rotation, servers: readonly Thumbprint[] = []): CertificateReach {
  const inTurn = limiter(TASKS_AT_ONCE);
  return {
    // One that was off when Plan asked: another Octopus Server may use it (B4).
    unfit: (_machine, told) => {
      const others = servers.length === 0 || rotation.tentacles.options.otherServers === 'accept' ? [] : otherServersOf(told, servers);
      return others.length === 0 ? null : { reason: 'other-servers', text: `nothing was changed on it: another Octopus Server uses it too (${others.join(', ')})` };
    },
    ask: (machine, description, wish) => inTurn(async () => ((await answers(context, rotation, machine)) ? askThroughServer(context, rotation, machine, description, wish) : null)),
    health: (machine) => inTurn(() => fullHealth(rotation, machine)),
  };
}

/** The host's own Tentacle, by the relay beside it: no script of ours runs on it, so Octopus can check it in full. */
export function besideHost(context: PhaseContext, rotation: Rotation): CertificateReach {
  return {
    ask: (machine, _description, wish) => askOnHost(context, rotation, machine, { ...wish, place: 'host' }),
    health: (machine) => fullHealth(rotation, machine),
  };
}

async function answers(context: PhaseContext, rotation: Rotation, machine: PlannedMachine): Promise<boolean> {
  if (isProbed(machine)) return (await context.network.reach(machine.address!.host, machine.address!.port, CONNECT_TIMEOUT_MS)).reached;
  return (await check(rotation, machine, 'connection test', true, TEST_MS)).some((status) => status !== 'Unavailable' && status !== 'Unknown');
}

async function fullHealth(rotation: Rotation, machine: PlannedMachine): Promise<string | null> {
  const states = await check(rotation, machine, 'check health', false, HEALTH_MS);
  const bad = states.find((status) => status !== 'Healthy' && status !== 'HasWarnings');
  if (states.length === 0) return 'no registration of it is enabled';
  return bad === undefined ? null : `Octopus finds it ${bad}`;
}

/** What Octopus finds of each enabled registration; judged by the machine's own health, never by the state of the task (D8). */
async function check(rotation: Rotation, machine: PlannedMachine, what: string, onlyTestConnection: boolean, timeoutMs: number): Promise<string[]> {
  const enabled = machine.registrations.filter((one) => !one.isDisabled);
  for (const spaceId of new Set(enabled.map((one) => one.spaceId))) {
    const machineIds = enabled.filter((one) => one.spaceId === spaceId).map((one) => one.id) as [string, ...string[]];
    const queued = await rotation.octopus.checkHealth({ description: `Octopus Rotation: ${what} [${rotation.id}]`, spaceId, machineIds, onlyTestConnection, timeoutMs });
    demandHealth(await rotation.octopus.waitForTask(queued.id, { timeoutMs }));
  }
  const found = await Promise.all(enabled.map((one) => rotation.octopus.registration(one)));
  return found.map((one) => one?.healthStatus ?? 'gone');
}
