import { findOctopusServer, octopusServer, type OctopusServerCommands } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';

/** Octopus.Server of this machine, found as section 1 of octopus-server-cli.md says or where the administrator says. */
export async function serverCommands(context: PhaseContext, configured?: string, restartCommand?: string): Promise<OctopusServerCommands> {
  const executable = await findOctopusServer(context.processes, async (path) => (await context.files.facts(path)) !== null, configured);
  return octopusServer(context.processes, executable, restartCommand);
}
