import type { ClientIdentity } from '../ports/network.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { TrustObservation } from '../gates/trust.ts';
import type { ProbeVerdict } from '../tentacle/contract.ts';
import { probeTrust } from '../tentacle/trust-probe.ts';
import { inParallel } from './concurrency.ts';
import type { PhaseContext } from './context.ts';

/** At once in flight, and how long a TCP connect may take (failure-modes.md section 8). */
export const IN_FLIGHT = 64;
export const CONNECT_TIMEOUT_MS = 5_000;
/** A refusal looks like a service that is just stopping: asked again before it counts as unclear (tentacle-trust.md section 7). */
const REPEATS = 3;
const REPEAT_AFTER_MS = 1_000;

export interface Identities { fresh: ClientIdentity; old: ClientIdentity }

/** Looks at each machine on new connections: TCP first, then the probe with NEW, and with OLD as control. */
export async function observeTrust(context: PhaseContext, machines: readonly PlannedMachine[], identities: Identities): Promise<TrustObservation[]> {
  let seen = 0;
  return inParallel(machines, IN_FLIGHT, async (machine) => {
    const observation = await observeOne(context, machine, identities);
    seen += 1;
    context.voice.progress(Math.round((seen / machines.length) * 100), `${seen} of ${machines.length} machines probed`);
    return observation;
  });
}

async function observeOne(context: PhaseContext, machine: PlannedMachine, identities: Identities): Promise<TrustObservation> {
  const { host, port } = dialled(machine);
  const reached = await context.network.reach(host, port, CONNECT_TIMEOUT_MS);
  if (!reached.reached) return { machine, reached, probes: null, readBack: null };
  let probes = await probeBoth(context, machine, identities);
  for (let repeat = 0; repeat < REPEATS && unclear(probes); repeat += 1) {
    await context.clock.sleep(REPEAT_AFTER_MS);
    probes = await probeBoth(context, machine, identities);
  }
  return { machine, reached, probes, readBack: null };
}

/**
 * NEW, then OLD. A service that is just stopping closes a connection as one that refuses does, so OLD's refusal counts only when NEW is
 * accepted once more after it and OLD refused once more: a service that stopped in between is seen by one of the two.
 */
async function probeBoth(context: PhaseContext, machine: PlannedMachine, identities: Identities): Promise<{ fresh: ProbeVerdict; old: ProbeVerdict }> {
  const look = async () => {
    const fresh = await probe(context, machine, identities.fresh);
    return { fresh, old: await probe(context, machine, identities.old) };
  };
  const first = await look();
  return first.fresh.verdict === 'trusted' && first.old.verdict === 'not-trusted' ? look() : first;
}

/** The probe of one machine with one identity. */
export function probe(context: PhaseContext, machine: PlannedMachine, identity: ClientIdentity): Promise<ProbeVerdict> {
  return probeTrust(context.network, { ...dialled(machine), identity, expectedPeer: machine.own, timeoutMs: CONNECT_TIMEOUT_MS, monotonic: () => context.clock.monotonic() });
}

/** Both refused, or one not told: the service may be restarting. */
function unclear(probes: { fresh: ProbeVerdict; old: ProbeVerdict }): boolean {
  return (probes.fresh.verdict === 'not-trusted' && probes.old.verdict === 'not-trusted') || probes.fresh.verdict === 'inconclusive' || probes.old.verdict === 'inconclusive';
}

/** Where to dial it; only machines that can be dialled are probed. */
function dialled(machine: PlannedMachine): { host: string; port: number } {
  if (machine.address === null) throw new TypeError(`${machine.key} cannot be dialled.`);
  return machine.address;
}
