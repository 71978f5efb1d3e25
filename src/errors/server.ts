import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** Refusals about the Octopus.Server command line (octopus-server-cli.md sections 3 and 4). */
export const serverErrors = catalogue({
  SERVER_EXECUTABLE_MISSING: (values: { tried: string[] }) => ({
    message: `Octopus.Server was not found on this machine (looked at ${values.tried.map((path) => printable(path)).join(', ')}).`,
    safe: 'Nothing was changed.',
    next: 'Run these steps on a machine that runs Octopus Server, or set the variable Rotation.OctopusServer to the full path of Octopus.Server.',
    failureMode: 'D20',
  }),
  SERVER_COMMAND_FAILED: (values: { command: string; exitCode: number; output: string }) => ({
    message: `Octopus.Server ${values.command} ended with exit code ${values.exitCode}: ${printable(values.output, 400)}`,
    safe: 'The command reported a failure; what it changed, if anything, is observed anew by the next run.',
    next: 'Mend what the message names, then run the runbook again; it goes on where it stopped.',
  }),
  SERVER_COMMAND_UNKNOWN: (values: { command: string; seconds: number }) => ({
    message: `Octopus.Server ${values.command} did not end within ${values.seconds} seconds. Whether it had an effect is not known.`,
    safe: 'Nothing further was done.',
    next: 'Look whether the process still runs on this machine, then run the runbook again; it observes first.',
    failureMode: 'C15',
  }),
  SERVER_OUTPUT_UNEXPECTED: (values: { command: string; missing: string; output: string }) => ({
    message: `Octopus.Server ${values.command} ended with exit code 0, but its output lacks "${values.missing}": ${printable(values.output, 400)}`,
    safe: 'Its success is not taken for granted; nothing further was done.',
    next: 'Run the same command by hand and compare; report the output to us if it is a new form.',
  }),
  PRIVATE_KEY_NOT_LOADED: (values: { command: string }) => ({
    message: `Octopus.Server ${values.command} says that the private key was not loaded: it does not run with the rights it needs.`,
    safe: 'Nothing was changed.',
    next: 'Let the Tentacle on this machine run as an account that may read the server certificate (root, or Local System), then run the runbook again.',
    failureMode: 'A22',
  }),
  SERVER_DID_NOT_COME_BACK: (values: { seconds: number; last: string }) => ({
    message: `Octopus Server did not come back within ${values.seconds} seconds: ${printable(values.last, 300)}`,
    safe: 'Both certificates are trusted by every machine that is proved; either may be in force.',
    next: 'Look at the server log on this machine; the relay starts a stopped server again. Then run the runbook again.',
    failureMode: 'D12',
  }),
});
