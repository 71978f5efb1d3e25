import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const NOTHING = 'Nothing was changed.';

/** What the command line itself refuses; everything else comes from the folder that it happened in. */
export const cliErrors = catalogue({
  CLI_UNKNOWN_COMMAND: (values: { command: string; known: readonly string[] }) => ({
    message: `"${printable(values.command, 60)}" is not a command of octopus-rotation; there are ${values.known.join(', ')}.`,
    safe: NOTHING,
    next: 'octopus-rotation --help',
  }),
  CLI_BAD_OPTION: (values: { command: string; problem: string }) => ({
    message: `octopus-rotation ${values.command}: ${printable(values.problem, 300)}`,
    safe: NOTHING,
    next: `octopus-rotation ${values.command} --help`,
  }),
  CLI_VARIABLE_MISSING: (values: { name: string; what: string }) => ({
    message: `The environment variable ${printable(values.name, 60)}, which is to hold ${values.what}, is not set or is empty.`,
    safe: NOTHING,
    next: `Set it for this shell without writing it to the history: read -rs ${printable(values.name, 60)} && export ${printable(values.name, 60)}`,
  }),
  CLI_ESTATE_UNREADABLE: (values: { path: string; reason: string }) => ({
    message: `The estate file ${printable(values.path, 300)} cannot be used: ${printable(values.reason, 300)}`,
    safe: NOTHING,
    next: 'Name a JSON file that fits schemas/estate.schema.json with --estate; src/sandbox/estates/default.json is one.',
  }),
  CLI_ESTATE_WITHOUT_HOST: (values: { path: string }) => ({
    message: `The estate file ${printable(values.path, 300)} has no deployment target with both roles octopus-rotation-host and octopus-server-node on the machine of its first server node, so no machine can run the runbook.`,
    safe: NOTHING,
    next: 'Register the machine of the first node as a target with these two roles and an environment.',
    failureMode: 'D20',
  }),
  CLI_SANDBOX_NOT_BUILT: () => ({
    message: 'The embedded Octopus is not built: sandbox/start.js is not beside this program.',
    safe: NOTHING,
    next: 'npm run build',
  }),
  CLI_SANDBOX_NOT_STARTED: (values: { reason: string }) => ({
    message: `The embedded Octopus did not start: ${printable(values.reason, 1000)}`,
    safe: 'Everything that was started for it was stopped again.',
    next: 'Mend what is named above and run the command again; --home DIR keeps its files for a look.',
  }),
  CLI_SANDBOX_ENDED: (values: { reason: string }) => ({
    message: `The embedded Octopus ended while it was needed: ${printable(values.reason, 1000)}`,
    safe: 'Everything that was started for it was stopped. Its files are in the home, if one was given with --home.',
    next: 'Run the command again with --home DIR and look into the home.',
  }),
  CLI_INSTALL_FAILED: (values: { exitCode: number }) => ({
    message: `The installer ended with exit code ${values.exitCode}.`,
    safe: 'The runbook was not run.',
    next: 'Mend what the installer named above, and run the command again.',
  }),
  CLI_RUNBOOK_NOT_PUBLISHED: (values: { runbook: string; space: string }) => ({
    message: `The runbook "${printable(values.runbook)}" was not found, or has no published snapshot, in the space "${printable(values.space)}".`,
    safe: 'The runbook was not run.',
    next: 'octopus-rotation install --help',
  }),
  CLI_RUN_FAILED: (values: { task: string; state: string; step: string | null; log: string | null }) => ({
    message: `The run ${values.task} ended as ${values.state}${values.step === null ? '' : `, in the step "${printable(values.step)}"`}.`,
    safe: 'What is safe is said by the step itself, above. Nothing goes on by itself.',
    next: values.log === null ? 'Read the log of the task in Octopus.' : `Read the whole log: ${values.log}`,
  }),
  CLI_NOTHING_ROTATED: (values: { task: string }) => ({
    message: `The run ${values.task} succeeded and opened no rotation: the certificate is not due.`,
    safe: NOTHING,
    next: 'Read the log of its step "Plan server certificate".',
  }),
  CLI_SPACE_UNKNOWN: (values: { space: string }) => ({
    message: `There is no space "${printable(values.space)}" that this API key may see.`,
    safe: NOTHING,
    next: 'Name the space that Octopus Rotation is installed in, or use a key that may see it.',
  }),
  CLI_NOTHING_FOLLOWED: (values: { task: string; seconds: number }) => ({
    message: `Nothing followed the run ${values.task} within ${values.seconds} seconds: neither did the relay queue the runbook again nor did the rotation end.`,
    safe: 'The journal is whole and the rotation is open.',
    next: 'Run the same command on the same home again (--home DIR): an open rotation goes on where it stopped.',
    failureMode: 'D1',
  }),
  CLI_INTERRUPTED: () => ({
    message: 'Interrupted.',
    safe: 'Everything that was started was stopped.',
    next: 'Run the command again; with --home DIR it goes on where it stopped.',
  }),
  CLI_FOLLOWING_STOPPED: (values: { task: string }) => ({
    message: `Stopped following the run ${values.task}.`,
    safe: 'The run itself was not stopped: it goes on in Octopus.',
    next: `Follow the task ${values.task} in Octopus, or look at what is open: octopus-rotation status --help`,
  }),
  CLI_ROTATION_STILL_OPEN: (values: { rotation: string; seconds: number }) => ({
    message: `The run succeeded, but ${values.seconds} seconds later the rotation ${printable(values.rotation)} is still open: the relay on its host has not ended it.`,
    safe: 'The server was not changed, and the journal is whole.',
    next: 'Read relay.log in the folder of the rotation on the host, then run the same command again.',
  }),
  CLI_HOME_NOT_REHEARSED: (values: { home: string }) => ({
    message: `The folder ${printable(values.home, 300)} is not empty and is not the home of an embedded Octopus.`,
    safe: NOTHING,
    next: 'Name a new or an empty folder with --home.',
  }),
});
