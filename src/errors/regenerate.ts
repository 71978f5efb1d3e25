import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';
import { listedMachines, type UnprovedMachine } from './trust.ts';

const NOTHING = 'Nothing was changed.';
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
  CERTIFICATE_DIFFERS: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) show another certificate than the one that they are registered with, so that Octopus does not reach them: ${listedMachines(values.machines)}.`,
    safe: NOTHING,
    next: 'Run the runbook "Repair Tentacle certificates", which lets the registration follow where a journal knows that certificate. Where none does, make sure whose it is, then register the machine anew, or remove the registration.',
    failureMode: 'B1',
  }),
  EXCHANGE_NOT_POSSIBLE: (values: { machines: UnprovedMachine[] }) => ({
    message: `The certificate of ${values.machines.length} machine(s) cannot be exchanged so that it could be put back: ${listedMachines(values.machines)}.`,
    safe: NOTHING,
    next: 'Mend what is named on each machine, or waive it (Rotation.Waivers), or set Rotation.OfflineMachines to leave-behind; then run the runbook again.',
    failureMode: 'B1',
  }),
  USED_BY_OTHER_SERVERS: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) are used by another Octopus Server too, which would not reach them any more with a new certificate (in brackets: the certificates of servers that this one is not known by): ${listedMachines(values.machines)}.`,
    safe: NOTHING,
    next: 'If the entries are of a server that is gone, remove them on the machine (Tentacle configure --remove-trust). Otherwise let its administrators know, then set Rotation.OtherServers to accept; or waive the machine. Then run the runbook again.',
    failureMode: 'B4',
  }),
  CLONES_UNKNOWN: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) share their certificate with another address, and whether that is one Tentacle or two could not be asked: ${listedMachines(values.machines)}.`,
    safe: NOTHING,
    next: 'Start them, or waive them (Rotation.Waivers); then run the runbook again: clones get a certificate each, and a Tentacle that is registered under two addresses only one.',
    failureMode: 'B9',
  }),
  KUBERNETES_REFUSED: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) cannot be served: ${listedMachines(values.machines)}. An agent in Kubernetes keeps its certificate under a key of its own, and no way back could be kept there.`,
    safe: NOTHING,
    next: 'Exchange it by hand with import-certificate in its pod, or waive it by name (Rotation.Waivers); then run the runbook again.',
    failureMode: 'B7',
  }),
  NONE_SELECTED: (values: { selection: string }) => ({
    message: `No Tentacle is meant by "${printable(values.selection, 300)}".`,
    safe: NOTHING,
    next: 'Look at the names, tags and environments as Octopus shows them (Rotation.Machines, Rotation.Tags, Rotation.Environments).',
  }),
  CERTIFICATES_NOT_VERIFIED: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) are not provably as they must be: ${listedMachines(values.machines)}.`,
    safe: 'Each of them was proved with its new certificate before; the rotation stays open.',
    next: 'Mend what is named and run the runbook again; a machine whose registration does not fit is brought back by "Repair Tentacle certificates".',
    failureMode: 'A17',
  }),
  REPAIR_INCOMPLETE: (values: { machines: UnprovedMachine[] }) => ({
    message: `${values.machines.length} machine(s) could not be brought to a certificate that their registrations hold: ${listedMachines(values.machines)}.`,
    safe: KNOWN,
    next: 'Start the machines named and run this runbook again. One that shows a certificate that no journal knows was given it by somebody else: make sure whose it is, then register the machine anew.',
    failureMode: 'B1',
  }),
  REPAIR_OPEN: (values: { rotationId: string }) => ({
    message: `A repair of Tentacle certificates is open (${printable(values.rotationId)}); a rotation cannot begin beside it.`,
    safe: NOTHING,
    next: 'Run the runbook "Repair Tentacle certificates" until it has ended; then run this again.',
    failureMode: 'D4',
  }),
});
