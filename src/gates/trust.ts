import { rollBackErrors } from '../errors/roll-back.ts';
import { trustErrors } from '../errors/trust.ts';
import type { LeftBehindReason, PlannedMachine, ProofHow, RotationOptions, Waiver } from '../journal/contract.ts';
import type { MachineResult, ProbeVerdict } from '../tentacle/contract.ts';
import { WEB_SOCKET } from './routes.ts';
import { isTurned } from './turned.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

/** Everything seen of one machine in one look. */
export interface TrustObservation {
  machine: PlannedMachine;
  /** Whether its port answered a TCP connect; null where only the server can reach it. */
  reached: { reached: true } | { reached: false; code: string } | null;
  probes: { fresh: ProbeVerdict; old: ProbeVerdict } | null;
  /** What its own script read back, with a restart since; only counted where it cannot be probed. */
  readBack: { trustsFresh: boolean; trustsOld: boolean; /** Not only some entry for OLD, but all that a server with OLD needs. */ servesOld: boolean; effective: 'yes' | 'no' | 'unknown'; lastRestart: MachineResult['lastRestart']; /** What the running service polls is by WebSocket alone (A13). */ webSocketOnly?: boolean; /** Where it polls with NEW, as `host:port` (A16). */ polls?: readonly string[] } | null;
}

export type TrustJudgement =
  | { machine: PlannedMachine; state: 'proved'; how: ProofHow; milliseconds: number | null }
  /** The host's own Tentacle: its list is right, and the relay restarts and probes it before the import (A41). */
  | { machine: PlannedMachine; state: 'written' }
  /** It goes over by update-trust: everything but the turn itself is as it must be, and the turn is armed right before the hand-over. */
  | { machine: PlannedMachine; state: 'to-be-turned' }
  | { machine: PlannedMachine; state: 'left-behind'; reason: LeftBehindReason; text: string; waiver: Waiver | null }
  | { machine: PlannedMachine; state: 'unproved'; verdict: 'no' | 'unknown'; text: string };

/** Which certificate is to be put into force: NEW by the swap, OLD by rolling back. */
export type Goal = 'new' | 'old';

/**
 * Judges each machine by itself (tentacle-trust.md section 7, verdict table). On the way forward OLD must be accepted too, since it keeps
 * the way back open; on the way back OLD alone counts: a machine that does not accept NEW is reached again by going back. Pure.
 */
export function judgeTrust(observation: TrustObservation, options: RotationOptions, now: Date, goal: Goal = 'new'): TrustJudgement {
  const { machine } = observation;
  const proof = goal === 'new' ? proofOf(observation) : proofOfOld(observation);
  if (proof.state === 'proved' || proof.state === 'written') return proof;
  if (goal === 'new' && isTurned(machine, options) && observation.readBack?.trustsOld && observation.readBack.effective === 'yes') return { machine, state: 'to-be-turned' };
  if (observation.readBack?.webSocketOnly) return { machine, state: 'left-behind', reason: 'web-socket', text: WEB_SOCKET, waiver: null };
  const waiver = waiverFor(machine, options.waivers, now);
  if (waiver) return { machine, state: 'left-behind', reason: 'waived', text: `waived by ${waiver.by} until ${waiver.until}: ${waiver.reason}`, waiver };
  if (options.offlineMachines === 'leave-behind') {
    if (machine.isDisabled && !options.enableDisabled) return { machine, state: 'left-behind', reason: 'disabled', text: 'it is disabled, and Octopus skips disabled machines', waiver: null };
    if (observation.reached && !observation.reached.reached) return { machine, state: 'left-behind', reason: 'off', text: `its port does not answer (${observation.reached.code})`, waiver: null };
  }
  return proof;
}

/** Make sure that each machine is proved, or left behind by policy or waiver, and that at least one is proved. */
export function everyMachineProved(judgements: TrustJudgement[], goal: Goal = 'new'): Verdict {
  const unproved = judgements.filter((one) => one.state === 'unproved').map((one) => ({ name: one.machine.name, reason: one.text }));
  if (unproved.length > 0) return refuse(goal === 'new' ? trustErrors.TRUST_NOT_PROVED({ machines: unproved }) : rollBackErrors.ROLL_BACK_NOT_PROVED({ machines: unproved }));
  if (judgements.some((one) => one.state === 'proved' || one.state === 'written' || one.state === 'to-be-turned')) return PASS;
  return refuse(goal === 'new' ? trustErrors.NO_MACHINE_PROVED({}) : rollBackErrors.ROLL_BACK_NO_MACHINE_PROVED({}));
}

/** The waiver that names this machine and has not run out. */
export function waiverFor(machine: PlannedMachine, waivers: Waiver[], now: Date): Waiver | null {
  const today = now.toISOString().slice(0, 10);
  const names = new Set([machine.name, ...machine.registrations.map((one) => one.name)]);
  return waivers.find((waiver) => names.has(waiver.machine) && waiver.until >= today) ?? null;
}

function proofOf(observation: TrustObservation): TrustJudgement {
  const { machine, reached, probes, readBack } = observation;
  const no = (text: string): TrustJudgement => ({ machine, state: 'unproved', verdict: 'no', text });
  const unsure = (text: string): TrustJudgement => ({ machine, state: 'unproved', verdict: 'unknown', text });
  if (machine.isHost && readBack?.trustsFresh && readBack.trustsOld) return { machine, state: 'written' };
  if (reached && !reached.reached) return unsure(`it does not answer (${reached.code})`);
  if (machine.address === null || machine.viaProxy) return byReadBack(observation, no, unsure);
  if (probes === null) return unsure('it was not probed');
  if (probes.fresh.verdict === 'trusted' && probes.old.verdict === 'trusted') return { machine, state: 'proved', how: 'wire', milliseconds: probes.fresh.milliseconds };
  if (probes.fresh.verdict === 'wrong-peer' || probes.old.verdict === 'wrong-peer') return no('another certificate answers at its address than the one registered');
  if (probes.fresh.verdict === 'inconclusive') return unsure(`the probe was inconclusive: ${probes.fresh.reason}`);
  if (probes.old.verdict === 'inconclusive') return unsure(`the control probe was inconclusive: ${probes.old.reason}`);
  if (probes.old.verdict === 'not-trusted') return no('it does not accept the old certificate, which is in force');
  if (machine.isDisabled) return no('it does not accept the new certificate, and it is disabled: Octopus skips it');
  return no('it does not accept the new certificate: trust is missing, or was written without a restart');
}

/** The way back: OLD is the goal, and whether NEW is accepted besides does not matter. */
function proofOfOld({ machine, reached, probes, readBack }: TrustObservation): TrustJudgement {
  const no = (text: string): TrustJudgement => ({ machine, state: 'unproved', verdict: 'no', text });
  const unsure = (text: string): TrustJudgement => ({ machine, state: 'unproved', verdict: 'unknown', text });
  if (machine.isHost && readBack?.servesOld) return { machine, state: 'written' };
  if (reached && !reached.reached) return unsure(`it does not answer (${reached.code})`);
  if (machine.address === null || machine.viaProxy) {
    if (readBack === null) return unsure('its list of trusted servers was not read back');
    if (!readBack.servesOld) return no(machine.route === 'polling' ? 'its list does not hold an entry for the old certificate beside each new one' : 'its list does not hold the old certificate');
    return inForce(machine, readBack, 'the old certificate', no, unsure);
  }
  if (probes === null) return unsure('it was not probed');
  if (probes.old.verdict === 'trusted') return { machine, state: 'proved', how: 'wire', milliseconds: probes.old.milliseconds };
  if (probes.old.verdict === 'wrong-peer') return no('another certificate answers at its address than the one registered');
  if (probes.old.verdict === 'inconclusive') return unsure(`the probe was inconclusive: ${probes.old.reason}`);
  if (machine.isDisabled) return no('it does not accept the old certificate, and it is disabled: Octopus skips it');
  return no('it does not accept the old certificate: trust is missing, or was written without a restart');
}

/** A polling Tentacle cannot be asked from outside, nor one behind a proxy: its own list counts, with a restart since (rule 8). */
function byReadBack({ machine, readBack }: TrustObservation, no: (text: string) => TrustJudgement, unsure: (text: string) => TrustJudgement): TrustJudgement {
  const what = machine.route === 'polling' ? 'an entry for the new certificate beside each old one' : 'the new certificate';
  if (readBack === null) return unsure('its list of trusted servers was not read back');
  if (!readBack.trustsOld) return no('its list does not hold the old certificate, which is in force');
  if (!readBack.trustsFresh) return no(`its list does not hold ${what}`);
  return inForce(machine, readBack, what, no, unsure);
}

/** A list that holds what it must counts once the service was restarted since. */
function inForce(machine: PlannedMachine, readBack: NonNullable<TrustObservation['readBack']>, what: string, no: (text: string) => TrustJudgement, unsure: (text: string) => TrustJudgement): TrustJudgement {
  if (readBack.effective === 'yes') return { machine, state: 'proved', how: 'read-back', milliseconds: null };
  if (readBack.lastRestart === 'deferred') return no('its restart was put off, since scripts kept running on it');
  if (readBack.lastRestart === 'reverted') return no('its restart did not go well, and its old list was put back');
  return readBack.effective === 'no' ? no(`its list holds ${what}, but its service was not restarted since`) : unsure('whether its service was restarted since is not known');
}
