import { printable } from '../errors/printable.ts';
import type { Entry, PlannedTentacle } from '../journal/contract.ts';
import type { CertificateState, Proof, Report } from '../../schemas/types/report.ts';
import { lastOf } from './entries.ts';
import { aboutMachine, behindMachine } from './machines.ts';

type Machine = Report['machines'][number];
type LeftBehind = Report['leftBehind'][number];

/** What mends a machine that may have another certificate than its registration: nothing that is run on that machine. */
export const REPAIR_TENTACLES = 'Run the runbook "Repair Tentacle certificates", or: octopus-rotation repair-tentacle-certificates';

/** Reasons for which it is not known which of its certificates is registered and in force. */
const HALF_WAY: readonly Entry<'left-behind'>['data']['reason'][] = ['failed', 'unknown-certificate', 'wrong-peer'];

/** One Tentacle in scope: its certificates, which one is seen in force and registered, and when its switch was seen disarmed. */
export function reportTentacle(machine: PlannedTentacle, proofs: readonly Proof[], entries: readonly Entry[], left: ReadonlyMap<string, unknown>): Machine {
  const own = proofs.filter((proof) => proof.subject === printable(machine.key, 300));
  const made = lastOf(entries, 'tentacle-certificate', machine.key);
  const disarmed = own.find((proof) => proof.claim === 'disarmed' && proof.holds === 'yes');
  const unknown = { state: 'unknown' as const, how: null, at: null };
  return {
    ...aboutMachine(machine),
    status: left.has(machine.key) ? 'left-behind' : disarmed ? 'proved' : 'pending',
    old: unknown,
    new: unknown,
    certificate: {
      due: printable(machine.due, 400),
      oldSignature: machine.signatureAlgorithm === null ? null : printable(machine.signatureAlgorithm),
      oldNotAfter: machine.notAfter,
      new: made?.data.new ?? null,
      presents: stateIn(own, 'presents-new'),
      registered: stateIn(own, 'registered-new'),
      disarmedAt: disarmed?.at ?? null,
      clones: machine.clones.map((key) => printable(key, 300)),
    },
    proofs: own,
    foreignTrust: machine.otherServers.map((thumbprint) => printable(thumbprint)),
  };
}

/** Which certificate was last seen there, out of the proofs of one machine in order of time. */
function stateIn(proofs: readonly Proof[], claim: 'presents-new' | 'registered-new'): CertificateState {
  let state: CertificateState = { state: 'unknown', how: null, at: null };
  for (const proof of proofs) {
    if (proof.claim === claim) state = { state: proof.holds === 'yes' ? 'new' : 'unknown', how: proof.how, at: proof.at };
    else if (proof.claim === 'keeps-old' && proof.holds === 'yes') state = { state: 'old', how: proof.how, at: proof.at };
  }
  return state;
}

/** The machines left behind, in the order of the plan. One that keeps its old certificate has nothing to be mended. */
export function tentaclesLeftBehind(machines: readonly PlannedTentacle[], left: ReadonlyMap<string, Entry<'left-behind'>>): LeftBehind[] {
  return machines.flatMap((machine) => {
    const entry = left.get(machine.key);
    return entry ? behindMachine(machine, entry, HALF_WAY.includes(entry.data.reason) ? REPAIR_TENTACLES : null) : [];
  });
}
