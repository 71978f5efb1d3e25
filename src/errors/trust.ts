import { counted } from './counted.ts';
import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** One machine that is not proved, for people. */
export interface UnprovedMachine { name: string; reason: string }

/** Machines with their reasons, the first twenty. */
export function listedMachines(machines: UnprovedMachine[]): string {
  const shown = machines.slice(0, 20).map((one) => `${printable(one.name)} (${printable(one.reason, 200)})`).join('; ');
  return machines.length > 20 ? `${shown}; and ${machines.length - 20} more` : shown;
}

/** Refusals about trust: before the swap, during the drain, and while retiring. */
export const trustErrors = catalogue({
  TRUST_NOT_PROVED: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) do not provably trust the new certificate: ${listedMachines(values.machines)}.`,
    safe: 'The certificate was not swapped; every machine still trusts the old one, which is in force.',
    next: 'Mend or start the machines and run the runbook again. To go on without those that are off or disabled, set Rotation.OfflineMachines to leave-behind; after the swap only the machine itself can be mended, with the command in the report. For any other, write a waiver.',
    failureMode: 'A1',
  }),
  NO_MACHINE_PROVED: (_values: Record<string, never>) => ({
    message: 'Not one machine provably trusts the new certificate.',
    safe: 'The certificate was not swapped.',
    next: 'Look at the log of the script tasks in Octopus; then run the runbook again.',
    failureMode: 'A1',
  }),
  PROOF_LOST: (values: { which: 'new' | 'old'; machines: UnprovedMachine[] }) => ({
    message: `Between the hand-over and the import ${values.machines.length} machine(s) lost the proof that they trust the ${values.which} certificate: ${listedMachines(values.machines)}.`,
    safe: 'The certificate was not swapped; the node takes tasks again.',
    next: 'Run the runbook again; the machines named are proved anew or left behind.',
    failureMode: 'A1',
  }),
  RETIRE_NOT_ALLOWED: (values: { missing: string }) => ({
    message: `Trust in the old certificate may not be removed yet: ${values.missing}.`,
    safe: 'Every machine that is proved trusts both certificates.',
    next: 'Run the runbook again; it goes on as soon as the missing proof is there.',
    failureMode: 'A24',
  }),
  RETIRE_INCOMPLETE: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) still accept the old certificate, or could not be asked: ${listedMachines(values.machines)}.`,
    safe: 'They trust the new certificate and are reachable as before; the old one is not yet refused everywhere.',
    next: 'Run the runbook again. If the old certificate may have leaked, run the repair command of the report on those machines now.',
    failureMode: 'A7',
  }),
  POLLED_ADDRESS_UNKNOWN: (values: { machines: UnprovedMachine[]; known: string[] }) => ({
    message: `${counted(values.machines.length, 'polling address')} of this server ${values.machines.length === 1 ? 'is' : 'are'} none of its nodes: ${listedMachines(values.machines)}. Known are ${values.known.map((one) => printable(one)).join(', ')}.`,
    safe: 'The certificate was not swapped.',
    next: 'Name the address in Rotation.NodeAddresses (one NODE=host:port a line) if it is that of a node; if it is that of a load balancer or of nobody, mend the Tentacle: it must poll each node by itself. Then run the runbook again.',
    failureMode: 'A16',
  }),
  NODE_NOT_POLLED: (values: { machines: UnprovedMachine[] }) => ({
    message: `Polling Tentacles that do not poll every server node (the node is in brackets): ${listedMachines(values.machines)}.`,
    safe: 'The certificate was not swapped.',
    next: 'Let each of them poll that node too (Tentacle poll-server), or name the address by which it does in Rotation.NodeAddresses (one NODE=host:port a line); or waive the machine. Then run the runbook again.',
    failureMode: 'A16',
  }),
  HEALTH_NOT_PROVED: (values: { after: 'swap' | 'retire' | 'regenerate'; machines: UnprovedMachine[] }) => ({
    message: `After ${{ swap: 'the swap', retire: 'retiring', regenerate: 'the exchange' }[values.after]} ${values.machines.length} machine(s) are not healthy: ${listedMachines(values.machines)}.`,
    safe: {
      swap: 'The new certificate is in force, and both are still trusted: nothing was retired.',
      retire: 'The new certificate is in force and trusted.',
      regenerate: 'Each machine that was exchanged was proved with its new certificate, which its registrations hold.',
    }[values.after],
    next: 'Look at the health check of each machine in Octopus, mend it, and run the runbook again.',
    failureMode: 'A17',
  }),
  HEALTH_UNKNOWN: (values: { task: string; state: string }) => ({
    message: `The health check ${values.task} ended as ${values.state}; what it found is not known.`,
    safe: 'Nothing was retired.',
    next: 'Run the runbook again.',
    failureMode: 'D8',
  }),
  NOT_VERIFIED: (values: { findings: string[] }) => ({
    message: `The rotation is not verified: ${values.findings.map((one) => printable(one, 300)).join('; ')}.`,
    safe: 'The new certificate is in force; the rotation stays open.',
    next: 'Mend what is named and run the runbook again.',
    failureMode: 'A17',
  }),
  STOPPED_AFTER_FAILURES: (values: { failures: number; threshold: number; untouched: number; machines: UnprovedMachine[] }) => ({
    message: `${values.failures} machine(s) failed, and no more than ${values.threshold} may; no further wave was started, ${values.untouched} machine(s) were not touched: ${listedMachines(values.machines)}.`,
    safe: 'Every machine that failed keeps or got back its old list, so the server reaches it as before; the certificate in force was not changed.',
    next: 'Mend the machines named, or raise Rotation.StopAfterFailures, and run the runbook again: machines that are done are not touched again.',
    failureMode: 'B8',
  }),
  HOST_LIST_NOT_WRITTEN: (values: { name: string; reason: string }) => ({
    message: `The list of the Tentacle that runs these steps (${printable(values.name)}) could not be written: ${printable(values.reason, 300)}.`,
    safe: 'The certificate in force was not changed.',
    next: 'Mend what is named on this machine, then run the runbook again.',
    failureMode: 'A41',
  }),
});
