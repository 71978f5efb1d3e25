import { trustErrors } from '../errors/trust.ts';
import type { TrustObservation } from '../gates/trust.ts';
import { WEB_SOCKET } from '../gates/routes.ts';
import type { Entry, PlannedMachine, ProofClaim } from '../journal/contract.ts';
import type { MachineResult, ProbeVerdict } from '../tentacle/contract.ts';
import { reasonText } from '../tentacle/reasons.ts';
import { swapIsDone } from './swap-state.ts';
import { allEnded } from './concurrency.ts';
import type { PhaseContext } from './context.ts';
import { afterEarlier } from './earlier-attempt.ts';
import { runOnHost } from './host-script.ts';
import { inWaves, namedFailures, type Failure } from './in-waves.ts';
import { acceptsBoth, acceptsFreshOnly, acceptsOldOnly, lookAt, readBackOf, waitUntil, type AwaitedMachines } from './looking.ts';
import { addressed, machineScript, runOnMachines, SETTLE_MS, type ScriptOutcome, type ScriptWish } from './machine-scripts.ts';
import { saysItIsOver, watchForPutBack } from './put-back.ts';
import type { Rotation } from './rotation.ts';

/** One change of trust over many machines: who is to be what. */
export interface TrustChange {
  /** Word of the effect in the journal. */
  effect: string;
  /** What of a machine is said not to be so when the change did not come about. */
  claim: ProofClaim;
  description: string;
  /** For the progress line. */
  label: string;
  script: Pick<ScriptWish, 'operation' | 'direction'>;
  /** The task of document 1 that does the same for listening machines, used where the server lists it (A29). */
  task?: 'TentacleAddTrust' | 'TentacleRemoveTrust';
  /** What a machine must show when it is done. */
  wished(look: TrustObservation): boolean;
  /** Keys of machines whose list may hold what a look at the running service does not show, and that are therefore told in any case. */
  mayHide?(entries: readonly Entry[]): Set<string>;
  /** Why a machine may not be changed in this way at all, or null. */
  unfit?(look: TrustObservation): string | null;
}

export interface ChangeOutcome {
  /** Looks at the machines that show what is wished, old and new ones. */
  there: Map<string, TrustObservation>;
  failed: Map<string, Failure>;
}

/**
 * Brings machines to what is wished: looks first, writes only where something is missing (canaries, then waves; each wave waits for
 * its proofs), and stops when more failed than allowed, before the next wave. Foreign trust is noted and kept (A25).
 */
export async function changeTrust(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], change: TrustChange): Promise<ChangeOutcome> {
  const outcome: ChangeOutcome = { there: new Map(), failed: new Map() };
  const looks = await afterEarlier(context, rotation, await lookAt(context, rotation, machines));
  const hiding = change.mayHide?.(rotation.entries()) ?? new Set();
  const toChange = looks.filter((look) => sort(look, change, rotation, outcome, hiding)).map((look) => look.machine);
  context.voice.info(`${outcome.there.size} of ${machines.length} machines are as wished already; ${toChange.length} are to be told, ${outcome.failed.size} cannot be.`);
  await inWaves(context, rotation, toChange, (piece) => changePiece(context, rotation, piece, change, outcome), {
    stopped: (failures, untouched) => trustErrors.STOPPED_AFTER_FAILURES({ failures, threshold: rotation.scope.options.waves.stopAfter, untouched, machines: namedFailures(rotation, outcome.failed) }),
  });
  return outcome;
}

/** Sorts a first look: done, impossible, or to be changed. */
function sort(look: TrustObservation, change: TrustChange, rotation: Rotation, outcome: ChangeOutcome, hiding: ReadonlySet<string>): boolean {
  const { key } = look.machine;
  if (change.wished(look) && !hiding.has(key)) {
    outcome.there.set(key, look);
    return false;
  }
  const unfit = change.unfit?.(look) ?? null;
  if (look.readBack?.webSocketOnly) outcome.failed.set(key, { reason: 'web-socket', text: WEB_SOCKET });
  else if (look.machine.isDisabled && !rotation.plan.options.enableDisabled) outcome.failed.set(key, { reason: 'disabled', text: 'it is disabled, and Octopus skips disabled machines' });
  else if (look.reached && !look.reached.reached) outcome.failed.set(key, { reason: 'off', text: `it does not answer (${look.reached.code})` });
  else if (unfit !== null) outcome.failed.set(key, { reason: 'failed', text: unfit });
  else if (look.probes?.fresh.verdict === 'wrong-peer' || look.probes?.old.verdict === 'wrong-peer') outcome.failed.set(key, { reason: 'wrong-peer', text: 'another certificate answers at its address than the one registered' });
  else if (probeInForce(look, rotation)?.verdict === 'not-trusted') outcome.failed.set(key, { reason: 'failed', text: `it does not accept the ${swapIsDone(rotation) ? 'new' : 'old'} certificate, which is in force: Octopus cannot reach it` });
  else return true;
  return false;
}

/** What a machine says to the certificate that the server shows. A refusal is an answer: a script would never get there, and nothing is waited for. */
function probeInForce({ probes }: TrustObservation, rotation: Rotation): ProbeVerdict | undefined {
  return swapIsDone(rotation) ? probes?.fresh : probes?.old;
}

/** What a task is called that carries out the intents up to an entry of the journal: an attempt that goes on knows by it what was begun. */
export function taskDescription({ description }: TrustChange, lastIntent: number): string {
  return `${description} (entry ${lastIntent})`;
}

/** Changes machines at once; answers with the number of those that failed. */
async function changePiece(context: PhaseContext, rotation: Rotation, machines: PlannedMachine[], change: TrustChange, outcome: ChangeOutcome): Promise<number> {
  await rotation.guard();
  await Promise.all(machines.map((machine) => rotation.intend(change.effect, machine.key, { thumbprint: thumbprintOf(rotation, change) })));
  const description = taskDescription(change, rotation.entries().at(-1)!.sequence);
  const byTask = await changeByTask(context, rotation, machines, change, description);
  for (const [key, look] of byTask) {
    outcome.there.set(key, look);
    await rotation.done(change.effect, key, { task: change.task! });
  }
  const rest = machines.filter((machine) => !byTask.has(machine.key));
  const told: PlannedMachine[] = [];
  const awaited: AwaitedMachines = { machines: told, total: rest.length, state: 'telling' };
  // Whoever said nothing may have done it all the same: it is looked at like the others, and nobody else begins meanwhile.
  const silent = new Map<string, string>();
  // Whoever answered has done it; of the others a look may show too little.
  const hiding = change.mayHide?.(rotation.entries()) ?? new Set();
  const isThere = (look: TrustObservation) => change.wished(look) && !hiding.has(look.machine.key);
  const hear = async (machine: PlannedMachine, { result, reason }: ScriptOutcome & { reason?: string }) => {
    if (result) await noteForeignTrust(rotation, machine, result);
    if (result?.outcome === 'refused' || result?.outcome === 'failed') {
      outcome.failed.set(machine.key, { reason: result.outcome, text: `its script ${result.outcome}: ${reasonText(result.reason)}` });
      awaited.total -= 1;
      return;
    }
    if (result) {
      await rotation.done(change.effect, machine.key, { outcome: result.outcome, restart: result.restart });
      hiding.delete(machine.key);
    } else silent.set(machine.key, reason!);
    told.push(machine);
  };
  const tell = async () => {
    try {
      await runOnMachines(context, rotation.octopus, rotation.id, rest, description, (machine) => machineScript(rotation, machine, { ...change.script, restart: 'detached' }), hear);
      awaited.state = 'told';
    } catch (error) {
      awaited.state = 'broken';
      throw error;
    }
  };
  const putBack = watchForPutBack(oldListOf(change));
  const isOver = (look: TrustObservation) => putBack.isSeen(look) || (!silent.has(look.machine.key) && saysItIsOver(look));
  const [, there] = await allEnded([tell(), waitUntil(context, rotation, awaited, { wished: isThere, timeoutMs: SETTLE_MS, label: change.label, isOver })] as const);
  for (const [key, look] of there) outcome.there.set(key, look);
  const late = await lookAt(context, rotation, told.filter((machine) => !there.has(machine.key)));
  for (const look of late) if (isThere(look)) outcome.there.set(look.machine.key, look);
  for (const { key } of told) if (silent.has(key) && outcome.there.has(key)) await rotation.done(change.effect, key, { outcome: 'seen' });
  for (const look of await withReadBack(context, rotation, late.filter((one) => !isThere(one)))) outcome.failed.set(look.machine.key, laggard(look, silent.get(look.machine.key) ?? null));
  const failed = machines.filter(({ key }) => outcome.failed.has(key));
  // Judged: nothing of it is under way any more.
  await Promise.all(failed.map(({ key }) => rotation.record({ kind: 'unproved', subject: key, data: { claim: change.claim, verdict: silent.has(key) ? 'unknown' : 'no', reason: outcome.failed.get(key)!.text } })));
  return failed.length;
}

/** The documents' own tasks: what they achieved is what is seen afterwards; whoever is not there yet gets the script. */
async function changeByTask(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], change: TrustChange, description: string): Promise<Map<string, TrustObservation>> {
  const there = new Map<string, TrustObservation>();
  const listening = machines.filter((machine) => machine.route === 'listening');
  if (!change.task || listening.length === 0 || !(await rotation.octopus.capabilities()).trustTasks.includes(change.task)) return there;
  for (const spaceId of new Set(listening.map((machine) => addressed(machine).spaceId))) {
    const machineIds = listening.map(addressed).filter((one) => one.spaceId === spaceId).map((one) => one.id) as [string, ...string[]];
    const queued = await rotation.octopus.runTrustTask({ name: change.task, description: `${description} [${rotation.id}]`, spaceId, machineIds, thumbprint: thumbprintOf(rotation, change) as PlannedMachine['own'] });
    context.voice.info(`${queued.id}: ${change.task} on ${machineIds.length} machine(s)`);
    await rotation.octopus.waitForTask(queued.id, { timeoutMs: SETTLE_MS });
  }
  for (const look of await lookAt(context, rotation, listening)) if (change.wished(look)) there.set(look.machine.key, look);
  return there;
}

/** A probe does not tell why a list is not acted by; the machine itself does. */
async function withReadBack(context: PhaseContext, rotation: Rotation, looks: readonly TrustObservation[]): Promise<TrustObservation[]> {
  const silent = looks.filter((look) => look.readBack === null && look.reached?.reached).map((look) => look.machine);
  const outcomes = await runOnMachines(context, rotation.octopus, rotation.id, silent, 'Octopus Rotation: read trust back', (machine) => machineScript(rotation, machine, { operation: 'observe', restart: 'none' }));
  return looks.map((look) => {
    const result = outcomes.get(look.machine.key)?.result;
    return result ? { ...look, readBack: readBackOf(rotation, look.machine, result) } : look;
  });
}

function laggard(look: TrustObservation, silence: string | null): Failure {
  if (look.readBack?.lastRestart === 'deferred') return { reason: 'deferred', text: 'its restart was put off, since scripts kept running on it' };
  if (look.readBack?.lastRestart === 'reverted') return { reason: 'failed', text: 'its restart did not go well, and its old list was put back' };
  if (look.reached && !look.reached.reached) return { reason: 'unreachable', text: `after the change it does not answer (${look.reached.code})` };
  return { reason: 'failed', text: silence ?? 'its list was written, but its service does not act by it' };
}

/** What a machine shows whose old list was put back after a restart that failed. */
export function oldListOf({ script }: TrustChange): (look: TrustObservation) => boolean {
  if (script.operation !== 'add') return acceptsBoth;
  return script.direction === 'back' ? acceptsFreshOnly : acceptsOldOnly;
}

/** The certificate that the change is about. */
export function thumbprintOf(rotation: Rotation, change: TrustChange): string {
  const isAboutFresh = (change.script.operation === 'add') === (change.script.direction !== 'back');
  return isAboutFresh ? rotation.fresh!.thumbprint : rotation.plan.old;
}

/** The host's own Tentacle is edited here, locally; the relay restarts and probes it between the runs (A41). */
export async function changeTrustOnHost(context: PhaseContext, rotation: Rotation, host: PlannedMachine, change: Pick<TrustChange, 'effect' | 'script'>, isWritten: (result: MachineResult) => boolean): Promise<MachineResult> {
  const run = (operation: ScriptWish['operation']) => runOnHost(context, rotation.id, host.own, machineScript(rotation, host, { ...change.script, operation, restart: 'none' }));
  let result = await run('observe');
  if (!isWritten(result)) {
    await rotation.effect(change.effect, host.key, { thumbprint: thumbprintOf(rotation, change as TrustChange) }, async () => {
      result = await run(change.script.operation);
      if (!isWritten(result)) throw trustErrors.HOST_LIST_NOT_WRITTEN({ name: host.name, reason: `${result.outcome}: ${reasonText(result.reason)}` });
      return { outcome: result.outcome, restart: result.restart };
    });
  }
  await noteForeignTrust(rotation, host, result);
  return result;
}

/** Entries of other Octopus Servers are shown and kept (A25); once per machine and set. */
async function noteForeignTrust(rotation: Rotation, machine: PlannedMachine, result: MachineResult): Promise<void> {
  const known = new Set<string>([rotation.plan.old, rotation.fresh!.thumbprint]);
  const thumbprints = [...new Set(result.after.map((entry) => entry.thumbprint.toUpperCase()).filter((thumbprint) => !known.has(thumbprint)))].sort();
  const noted = rotation.entries().findLast((entry) => entry.kind === 'foreign-trust' && entry.subject === machine.key);
  const isNoted = noted?.kind === 'foreign-trust' && noted.data.thumbprints.join() === thumbprints.join();
  if (thumbprints.length > 0 && !isNoted) await rotation.record({ kind: 'foreign-trust', subject: machine.key, data: { thumbprints } });
}
