import type { TrustObservation } from '../gates/trust.ts';
import { polledAddresses } from '../gates/polling-nodes.ts';
import { listIsFreeOf, listTrusts } from '../gates/trust-list.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import { pollsByWebSocketOnly } from '../tentacle/twins.ts';
import type { PhaseContext } from './context.ts';
import { whileEnabled } from './disabled-machines.ts';
import { demandHealth, leftHealthOfBefore } from './health-task.ts';
import { runOnHost } from './host-script.ts';
import { machineScript, runOnMachines } from './machine-scripts.ts';
import { observeTrust } from './probing.ts';
import type { Rotation } from './rotation.ts';

const CONNECTION_TEST_MS = 6 * 60_000;

/** Whether the trust probe can ask it; the others tell of themselves, through the server. */
export function isProbed(machine: Pick<PlannedMachine, 'address' | 'viaProxy'>): boolean {
  return machine.address !== null && !machine.viaProxy;
}

/**
 * Looks at machines anew, each by its own way: the host locally (A41), whoever can be dialled by the probe, the others by a script
 * through the server, after a test of their connections unless they answered a moment ago.
 */
export async function lookAt(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], isConnectionTested = false): Promise<TrustObservation[]> {
  const host = machines.filter((machine) => machine.isHost);
  const probed = machines.filter((machine) => !machine.isHost && isProbed(machine));
  const asked = machines.filter((machine) => !machine.isHost && !isProbed(machine));
  const observations: TrustObservation[] = [];
  for (const machine of host) observations.push({ machine, reached: { reached: true }, probes: null, readBack: readBackOf(rotation, machine, await runOnHost(context, rotation.id, machine.own, machineScript(rotation, machine, { operation: 'observe', restart: 'none' }))) });
  observations.push(...(await askThroughServer(context, rotation, asked, isConnectionTested)));
  if (probed.length > 0) observations.push(...(await observeTrust(context, probed, await rotation.identities())));
  return observations;
}

/** What the list of a machine means for OLD and NEW. */
export function readBackOf(rotation: Rotation, machine: PlannedMachine, result: MachineResult): NonNullable<TrustObservation['readBack']> {
  const { old } = rotation.plan;
  const fresh = rotation.fresh!.thumbprint;
  return {
    trustsFresh: listTrusts(machine, result.after, fresh, old),
    trustsOld: !listIsFreeOf(result.after, old),
    servesOld: listTrusts(machine, result.after, old, fresh),
    effective: result.effective,
    lastRestart: result.lastRestart,
    // A node that joined since the import is polled with NEW alone.
    ...(machine.route === 'polling' ? { polls: polledAddresses(result.after, fresh) } : {}),
    webSocketOnly: machine.route === 'polling' && result.effective === 'yes' && pollsByWebSocketOnly(result.after, [old, fresh]),
  };
}

/**
 * Machines that do not answer never enter a script task (rule 15): of those that cannot be dialled only Octopus knows, so their
 * connections are tested first; then those that answer read their lists back. Octopus skips disabled ones.
 */
async function askThroughServer(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], isConnectionTested: boolean): Promise<TrustObservation[]> {
  if (machines.length === 0) return [];
  return whileEnabled(context, rotation, machines, (enabled) => askEnabled(context, rotation, machines, enabled, isConnectionTested));
}

async function askEnabled(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], enabled: readonly PlannedMachine[], isConnectionTested: boolean): Promise<TrustObservation[]> {
  const answering = isConnectionTested ? new Set(machines.map((machine) => machine.key)) : await connected(context, rotation, enabled);
  const reachable = enabled.filter((machine) => answering.has(machine.key));
  const outcomes = await runOnMachines(context, rotation.octopus, rotation.id, reachable, 'Octopus Rotation: read trust back', (machine) => machineScript(rotation, machine, { operation: 'observe', restart: 'none' }));
  return machines.map((machine, index) => {
    if (!answering.has(machine.key)) return { machine, reached: { reached: false, code: enabled[index]!.isDisabled ? 'Octopus skips it' : 'Octopus gets no answer' }, probes: null, readBack: null };
    const result = outcomes.get(machine.key)?.result ?? null;
    return { machine, reached: { reached: true }, probes: null, readBack: result && readBackOf(rotation, machine, result) };
  });
}

/** Keys of the machines that answer a connection test of Octopus. */
export async function connected(context: PhaseContext, rotation: { id: string; octopus: Rotation['octopus'] }, machines: readonly { key: string; registrations: readonly { id: string; spaceId: string; isDisabled: boolean }[] }[]): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const spaceId of new Set(machines.flatMap((machine) => machine.registrations.map((one) => one.spaceId)))) {
    const here = machines.flatMap((machine) => machine.registrations.filter((one) => one.spaceId === spaceId && !one.isDisabled).map((one) => ({ key: machine.key, id: one.id })));
    if (here.length === 0) continue;
    await testConnections(context, rotation, spaceId, here.map((one) => one.id) as [string, ...string[]]);
    const health = new Map((await rotation.octopus.registrations(spaceId)).map((one) => [one.id, one.healthStatus]));
    for (const one of here) if (health.get(one.id) === 'Healthy' || health.get(one.id) === 'HasWarnings' || health.get(one.id) === 'Unhealthy') keys.add(one.key);
  }
  return keys;
}

/** One that was cancelled leaves the health of before, which says nothing: it is asked for once more, and then refused (rule 20). */
async function testConnections(context: PhaseContext, rotation: { id: string; octopus: Rotation['octopus'] }, spaceId: string, machineIds: [string, ...string[]], isSecond = false): Promise<void> {
  const queued = await rotation.octopus.checkHealth({ description: `Octopus Rotation: connection test [${rotation.id}]`, spaceId, machineIds, onlyTestConnection: true, timeoutMs: CONNECTION_TEST_MS });
  const ended = await rotation.octopus.waitForTask(queued.id, { timeoutMs: CONNECTION_TEST_MS, onProgress: () => context.voice.progress(0, `${queued.id}: ${machineIds.length} connection(s) tested by Octopus`) });
  if (isSecond) demandHealth(ended);
  else if (leftHealthOfBefore(ended)) await testConnections(context, rotation, spaceId, machineIds, true);
}

/** NEW and OLD accepted, in force: ready for the cut-over. */
export function acceptsBoth(look: TrustObservation): boolean {
  if (isProbed(look.machine)) return look.probes?.fresh.verdict === 'trusted' && look.probes.old.verdict === 'trusted';
  return look.readBack?.effective === 'yes' && look.readBack.trustsFresh && look.readBack.trustsOld;
}

/** OLD accepted, in force, whatever else is: ready for the way back. */
export function acceptsOld(look: TrustObservation): boolean {
  if (isProbed(look.machine)) return look.probes?.old.verdict === 'trusted';
  return look.readBack?.effective === 'yes' && look.readBack.servesOld;
}

/** NEW accepted and OLD refused, in force: the goal after the cut-over. */
export function acceptsFreshOnly(look: TrustObservation): boolean {
  if (isProbed(look.machine)) return look.probes?.fresh.verdict === 'trusted' && look.probes.old.verdict === 'not-trusted';
  return look.readBack?.effective === 'yes' && look.readBack.trustsFresh && !look.readBack.trustsOld;
}

/** OLD accepted and NEW refused, in force: as before the rotation. */
export function acceptsOldOnly(look: TrustObservation): boolean {
  if (isProbed(look.machine)) return look.probes?.fresh.verdict === 'not-trusted' && look.probes.old.verdict === 'trusted';
  return look.readBack?.effective === 'yes' && !look.readBack.trustsFresh && look.readBack.trustsOld;
}

/** First and longest pause between two looks at machines that must not be kept busy by being asked: a script that runs holds up the restart. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 20_000;

/** Machines that are waited for: all at once, or each from when it was told on, while others are still being told. */
export interface AwaitedMachines {
  /** Those told so far. */
  machines: readonly PlannedMachine[];
  /** How many it will be in the end. */
  total: number;
  /** `telling`: more may come; `told`: these are all; `broken`: telling failed, and nothing is waited for any more. */
  state: 'telling' | 'told' | 'broken';
}

export interface Waiting {
  wished(look: TrustObservation): boolean;
  /** For each machine, from when it is among the awaited. */
  timeoutMs: number;
  /** For the progress line. */
  label: string;
  /** This machine will not get there any more and is not waited for. */
  isOver(look: TrustObservation): boolean;
}

/**
 * Looks again until every machine shows what is wished, or its time is over; answers with the looks that do. Machines that are
 * dialled are asked about once a second; those that are asked through the server at growing distances.
 */
export async function waitUntil(context: PhaseContext, rotation: Rotation, awaited: Readonly<AwaitedMachines>, { wished, timeoutMs, label, isOver }: Waiting): Promise<Map<string, TrustObservation>> {
  const there = new Map<string, TrustObservation>();
  const over = new Set<string>();
  const now = () => context.clock.monotonic();
  // Right after its script a machine waits for it to end before it restarts.
  const times = new Map<string, { since: number; pause: number; turn: number }>();
  const timesOf = ({ key }: PlannedMachine) => {
    if (!times.has(key)) times.set(key, { since: now(), pause: FIRST_PAUSE_MS, turn: now() + FIRST_PAUSE_MS });
    return times.get(key)!;
  };
  while (awaited.state !== 'broken') {
    const missing = awaited.machines.filter(({ key }) => !there.has(key) && !over.has(key));
    const turn = missing.filter((machine) => timesOf(machine).turn <= now() || isProbed(machine));
    for (const look of turn.length > 0 ? await lookAt(context, rotation, turn, true) : []) {
      if (wished(look)) there.set(look.machine.key, look);
      else if (isOver(look)) over.add(look.machine.key);
    }
    for (const machine of turn) {
      const own = timesOf(machine);
      own.pause = Math.min(own.pause * 2, LONGEST_PAUSE_MS);
      own.turn = now() + own.pause;
    }
    for (const machine of missing) if (!there.has(machine.key) && now() - timesOf(machine).since >= timeoutMs) over.add(machine.key);
    context.voice.progress(Math.round((there.size / Math.max(awaited.total, 1)) * 100), `${label}: ${there.size} of ${awaited.total}`);
    if (awaited.state === 'told' && awaited.machines.every(({ key }) => there.has(key) || over.has(key))) break;
    await context.clock.sleep(500);
  }
  return there;
}
