import { cliErrors } from '../errors/cli.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { refusalText } from './refusal-text.ts';
import { COMMANDS, GENERAL_HELP, HELP, type CommandName } from './help.ts';
import type { Io, RunCommand } from './io.ts';

/** Exit code of a defect (EX_SOFTWARE). */
const DEFECT = 70;
/** A person stopped it: exit code 130, as shells give it. */
const INTERRUPTIONS = ['CLI_INTERRUPTED', 'CLI_FOLLOWING_STOPPED'];

/** Loaded when needed: `probe` must not pay for what `rehearse` needs. */
const LOAD: Record<CommandName, () => Promise<RunCommand>> = {
  rehearse: async () => (await import('./rehearse.ts')).runRehearse,
  sandbox: async () => (await import('./sandbox.ts')).runSandbox,
  install: async () => (await import('./install.ts')).runInstall,
  upgrade: async () => (await import('./upgrade.ts')).runUpgrade,
  uninstall: async () => (await import('./uninstall.ts')).runUninstall,
  'roll-back': async () => (await import('./roll-back.ts')).runRollBack,
  abandon: async () => (await import('./abandon.ts')).runAbandon,
  'repair-tentacle-certificates': async () => (await import('./repair-tentacle-certificates.ts')).runRepairTentacleCertificates,
  'take-over': async () => (await import('./take-over.ts')).runTakeOver,
  probe: async () => (await import('./probe.ts')).runProbe,
  status: async () => (await import('./status.ts')).runStatus,
};

/** Runs one command line and answers with its exit code. Nothing that goes wrong leaves it as an exception. */
export async function runCommandLine(args: string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      io.out(GENERAL_HELP);
      return name === undefined ? 1 : 0;
    }
    if (!isCommand(name)) throw cliErrors.CLI_UNKNOWN_COMMAND({ command: name, known: COMMANDS });
    if (rest.includes('--help') || rest.includes('-h')) {
      io.out(HELP[name]);
      return 0;
    }
    const run = await LOAD[name]();
    return await run(rest, io);
  } catch (error) {
    return showFailure(error, io);
  }
}

function isCommand(name: string): name is CommandName {
  return (COMMANDS as readonly string[]).includes(name);
}

/** Shows a failure as people need it and answers with its exit code. */
export function showFailure(error: unknown, io: Io): number {
  const refusals = refusalsOf(error);
  for (const refusal of refusals) io.error(refusalText(refusal));
  if (refusals.length > 0) return refusals.some((refusal) => INTERRUPTIONS.includes(refusal.code)) ? 130 : 1;
  const said = error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]!.replace(/\.$/, '')}` : String(error);
  const debug = io.environment['OCTOPUS_ROTATION_DEBUG'];
  if (debug !== undefined && debug !== '' && error instanceof Error) io.error(error.stack ?? said);
  io.error(`This is a defect of Octopus Rotation: ${said}. Run the command again with OCTOPUS_ROTATION_DEBUG=1 for the details, and report them.`);
  return DEFECT;
}
