import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const NOTHING = 'Nothing was changed.';

/** Refusals of Plan: scope, visibility, and the machine that runs the steps. */
export const planErrors = catalogue({
  CANNOT_SEE_EVERYTHING: (values: { username: string; missing: string[] }) => ({
    message: `The account "${printable(values.username)}" may not see or change everything that trusts the server certificate; it lacks ${values.missing.map((one) => printable(one)).join(', ')}. A space that it cannot see would be cut off unnoticed.`,
    safe: NOTHING,
    next: 'Give the account of Rotation.ApiKey the system permission AdministerSystem, and TaskCreate, MachineEdit and WorkerEdit without restriction in every space; then run the runbook again.',
    failureMode: 'A10',
  }),
  MACHINE_NOT_SERVED: (values: { machines: { name: string; space: string; reason: string }[] }) => ({
    message: `${values.machines.length} machine(s) trust the server certificate but cannot be rotated by this version: ${values.machines.map((one) => `${printable(one.name)} in ${printable(one.space)} (${printable(one.reason)})`).join('; ')}.`,
    safe: `${NOTHING} Swapping the certificate would cut them off.`,
    next: 'Waive each of them by name with a reason and an end date (Rotation.Waivers) if it may be cut off, or remove its registration. A machine whose shell is not known is checked in full by this step, unless it is disabled, does not answer, or runs these steps: enable or start it, or check its health once while nothing else runs, then run the runbook again.',
    failureMode: 'A2',
  }),
  HOST_NOT_RECOGNISED: (values: { own: string }) => ({
    message: `The Tentacle that runs these steps (certificate ${values.own}) is not among the machines registered with this server.`,
    safe: NOTHING,
    next: 'Run the runbook on exactly one machine with the role octopus-rotation-host, whose Tentacle is registered with this very server.',
    failureMode: 'A41',
  }),
  HOST_AMBIGUOUS: (values: { own: string; addresses: string[] }) => ({
    message: `The Tentacle that runs these steps (certificate ${values.own}) is registered under several addresses, or its certificate is also on another machine: ${values.addresses.map((one) => printable(one)).join(', ')}.`,
    safe: NOTHING,
    next: 'Register it under one address only; a clone of this machine needs a certificate of its own first.',
    failureMode: 'A41',
  }),
  NOT_INSIDE_A_TENTACLE: (values: { missing: string }) => ({
    message: `This step was not started by a Tentacle: ${values.missing} is not set.`,
    safe: NOTHING,
    next: 'Run it as a step of the runbook "Rotate server certificate", on the machine with the role octopus-rotation-host.',
    failureMode: 'A41',
  }),
  NOT_THIS_SERVER: (values: { rest: string; local: string }) => ({
    message: `Octopus.Server on this machine shows certificate ${values.local}, but the server at the given address shows ${values.rest}.`,
    safe: NOTHING,
    next: 'Run the steps on a node of the very server that Rotation.ServerUrl names. If a certificate was imported and the server not restarted since, restart it first.',
    failureMode: 'D20',
  }),
  NODE_DOWN: (values: { node: string; lastSeen: string }) => ({
    message: `Server node ${printable(values.node)} is offline (last seen ${printable(values.lastSeen)}).`,
    safe: NOTHING,
    next: 'Start the node, or remove it from the cluster, then run the runbook again: a node that is off keeps the old certificate.',
    failureMode: 'A15',
  }),
  WAIVER_MALFORMED: (values: { text: string; problem: string }) => ({
    message: `The waivers "${printable(values.text)}" cannot be read: ${printable(values.problem)}.`,
    safe: NOTHING,
    next: 'Write them as a JSON array: [{"machine":"web-07","by":"A. Person","reason":"scrapped in March","until":"2027-03-31"}].',
  }),
  PLAN_CHANGED: (values: { what: string; expected: string; found: string }) => ({
    message: `The ${values.what} that this step was given (${printable(values.expected)}) is not the one that the rotation fixed (${printable(values.found)}).`,
    safe: 'Nothing was changed by this step.',
    next: 'Run the whole runbook again from Plan; steps are not meant to be run with values of an earlier run.',
  }),
  PREDECESSOR_UNPROVED: (values: { phase: string; missing: string }) => ({
    message: `${values.phase} may not run yet: ${values.missing}.`,
    safe: 'Nothing was changed by this step.',
    next: 'Run the whole runbook again from Plan; it goes on where the proof is missing.',
    failureMode: 'D19',
  }),
  ROTATION_ABANDONED: (values: { rotationId: string }) => ({
    message: `Rotation ${values.rotationId} is being abandoned; it cannot be taken up again.`,
    safe: 'The old certificate is in force and trusted.',
    next: 'Run the runbook "Abandon server certificate rotation" until it has ended; then this runbook can open a new rotation.',
  }),
  ABANDON_TOO_LATE: (values: { found: string }) => ({
    message: `The rotation cannot be abandoned any more: ${printable(values.found, 300)}.`,
    safe: 'Nothing was changed by this step.',
    next: 'Before the swap a rotation is abandoned. After it, run "Roll back server certificate" to go back, until trust in the old certificate is being retired, or "Rotate server certificate" to finish.',
  }),
  NOTHING_TO_ABANDON: (_values: Record<string, never>) => ({
    message: 'There is no open rotation to abandon.',
    safe: 'Nothing was changed.',
    next: 'Nothing needs to be done.',
  }),
  INVENTORY_CHANGED: (values: { added: string[]; removed: string[]; changed: string[] }) => ({
    message: `The machines registered are not those of the plan: ${[
      values.added.length ? `new: ${values.added.map((one) => printable(one)).join(', ')}` : '',
      values.removed.length ? `gone: ${values.removed.map((one) => printable(one)).join(', ')}` : '',
      values.changed.length ? `changed: ${values.changed.map((one) => printable(one)).join(', ')}` : '',
    ].filter(Boolean).join('; ')}.`,
    safe: 'The certificate was not swapped.',
    next: 'Run the runbook again; Plan takes the change in and every machine is proved anew.',
    failureMode: 'A28',
  }),
  CERTIFICATE_FOREIGN: (values: { found: string; old: string; fresh: string | null }) => ({
    message: `The server shows certificate ${values.found}, which is neither the old one of this rotation (${values.old}) nor its new one (${values.fresh ?? 'not made yet'}). Somebody imported another certificate meanwhile.`,
    safe: 'Nothing was imported or retired.',
    next: 'Find out who imported it. If it shall stay, this rotation must be abandoned; if not, import one of the two, then run the runbook again.',
  }),
});
