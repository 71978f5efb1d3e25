import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';
import { listedMachines, type UnprovedMachine } from './trust.ts';

const KNOWN = 'Every other machine has a certificate that its registrations hold: the new one, proved, or the old one.';

/** Refusals of the rotation of Tentacle certificates. */
export const regenerateErrors = catalogue({
  NODE_STALE: (values: { nodes: string[] }) => ({
    message: `Through ${values.nodes.length === 1 ? 'the server node' : 'the server nodes'} ${values.nodes.map((one) => printable(one)).join(', ')} not every machine answers that answers through another: a node goes on with the thumbprints that it read before the registrations changed.`,
    safe: 'Each machine that was exchanged was proved with its new certificate, which its registrations hold.',
    next: 'Restart Octopus Server on that node, one node at a time; then run the runbook again.',
    failureMode: 'B5',
  }),
  REGENERATE_INCOMPLETE: (values: { machines: UnprovedMachine[]; isAnyLost: boolean }) => ({
    message: `The certificate of ${values.machines.length} machine(s) was not exchanged: ${listedMachines(values.machines)}.`,
    safe: values.isAnyLost ? `Those that the server does not reach have one of the certificates in the journal. ${KNOWN}` : `They have their old certificate, and their registrations hold it. ${KNOWN}`,
    next: `${values.isAnyLost ? 'Start the machines named and run the runbook "Repair Tentacle certificates", which tries each certificate of the journal; then run' : 'Mend what is named and run'} this runbook again: machines that are done are not touched again. To go on without the others set Rotation.OfflineMachines to leave-behind, or write a waiver.`,
    failureMode: 'B1',
  }),
  REGENERATE_STOPPED: (values: { failures: number; threshold: number; untouched: number; machines: UnprovedMachine[] }) => ({
    message: `${values.failures} machine(s) failed, and no more than ${values.threshold} may; no further wave was started, ${values.untouched} machine(s) were not touched: ${listedMachines(values.machines)}.`,
    safe: KNOWN,
    next: 'Mend the machines named, or raise Rotation.StopAfterFailures, and run the runbook again: machines that are done are not touched again.',
    failureMode: 'B8',
  }),
  OWN_CERTIFICATE_NOT_EXCHANGED: (values: { name: string; reason: string }) => ({
    message: `The certificate of the Tentacle that runs these steps (${printable(values.name)}) was not exchanged: ${printable(values.reason, 400)}.`,
    safe: KNOWN,
    next: 'Mend what is named on this machine, then run the runbook again; only this one is left to do.',
    failureMode: 'A41',
  }),
});
