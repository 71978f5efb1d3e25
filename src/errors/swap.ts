import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** Refusals of the hand-over and of the relay. */
export const swapErrors = catalogue({
  RELAY_NOT_READY: (values: { reason: string }) => ({
    message: `The relay, which goes on while the server is down, cannot do its work on this machine: ${printable(values.reason, 400)}.`,
    safe: 'Nothing was changed.',
    next: 'The Tentacle on this machine must run as root (or an account with password-less sudo) under systemd; mend that and run the runbook again.',
    failureMode: 'D15',
  }),
  RELAY_DID_NOT_ANSWER: (values: { seconds: number; log: string }) => ({
    message: `The relay was started, but did not say within ${values.seconds} seconds that it has its job.`,
    safe: 'The certificate was not swapped.',
    next: `Read ${values.log} on this machine, then run the runbook again.`,
    failureMode: 'D1',
  }),
  DRAIN_LIMIT: (values: { minutes: number; tasks: number }) => ({
    message: `${values.tasks} task(s) still ran on this node after ${values.minutes} minutes; they were not cancelled.`,
    safe: 'The certificate was not swapped; the node takes tasks again.',
    next: 'Run the runbook again when fewer deployments run, or raise Rotation.DrainLimitMinutes.',
  }),
  OWN_TENTACLE_NOT_PROVED: (values: { reason: string }) => ({
    message: `The Tentacle on this machine does not trust after its restart what it must trust: ${printable(values.reason, 300)}.`,
    safe: 'The certificate was not swapped; the node takes tasks again.',
    next: 'Look at the Tentacle log on this machine, then run the runbook again.',
    failureMode: 'A41',
  }),
  OWN_TENTACLE_NOT_RETIRED: (values: { reason: string }) => ({
    message: `The Tentacle on this machine does not refuse after its restart what it must refuse: ${printable(values.reason, 300)}.`,
    safe: 'The certificate in force is trusted everywhere it should be; the rotation stays open.',
    next: 'Look at the Tentacle log on this machine, then run the runbook again; only this is left to do.',
    failureMode: 'A41',
  }),
  IMPORT_NOT_EXPECTED: (values: { found: string; expected: string }) => ({
    message: `The database shows certificate ${values.found}; ${values.expected} was expected. Nothing is imported over a certificate that this rotation does not know.`,
    safe: 'The certificate was not swapped; the node takes tasks again.',
    next: 'Find out who imported another certificate; then run the runbook again.',
  }),
  IMPORT_FAILED: (values: { which: 'new' | 'old'; reason: string; found: string }) => ({
    message: `The ${values.which} certificate could not be imported: ${printable(values.reason, 400)}`,
    safe: `The database still shows certificate ${values.found}; it is in force.`,
    next: 'Mend what the message names, then run the runbook again.',
  }),
  SWAP_UNDONE: (values: { reason: string; old: string }) => ({
    message: `The new certificate was imported, and undone: ${printable(values.reason, 300)}. The old certificate ${values.old} is in force again.`,
    safe: 'Every machine that is proved trusts both certificates.',
    next: 'Look at the server log, mend what it names, then run the runbook again.',
  }),
  SWAP_UNKNOWN: (values: { reason: string }) => ({
    message: `Which certificate the server presents could not be observed: ${printable(values.reason, 300)}.`,
    safe: 'Every machine that is proved trusts both certificates, so either may be in force.',
    next: 'Bring Octopus Server up on this machine; the relay goes on by itself. Then run the runbook again.',
    failureMode: 'D8',
  }),
  QUEUE_AGAIN_FAILED: (values: { reason: string }) => ({
    message: `The runbook could not be run again by the relay: ${printable(values.reason, 300)}.`,
    safe: 'What was swapped is swapped and proved.',
    next: 'Run the runbook again by hand; it goes on where it stopped.',
    failureMode: 'D1',
  }),
});
