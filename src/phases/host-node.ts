import type { Thumbprint } from '../certificates/thumbprint.ts';
import { swapErrors } from '../errors/swap.ts';
import type { OctopusServerCommands } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import type { NodeControl, NodeLook } from './node-control.ts';
import { presentedByNode } from './server-observation.ts';

/** Both sides of the node of this machine, each asked by itself: what cannot be seen is null, with the reason in words. */
export async function lookAtThisNode(context: Pick<PhaseContext, 'network'>, commands: OctopusServerCommands): Promise<NodeLook> {
  const reasons: string[] = [];
  const seen = async (look: () => Promise<Thumbprint>): Promise<Thumbprint | null> => {
    try {
      return await look();
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  };
  const presents = await seen(async () => (await presentedByNode(context, await commands.communicationsPort())).thumbprint);
  const database = await seen(() => commands.showThumbprint());
  return { presents, database, text: reasons.join(' ') };
}

/** Restarts the service of this machine's node; refused before anything stops when the database shows another certificate (rule 10). */
export async function restartThisNode(commands: OctopusServerCommands, expected: Thumbprint): Promise<void> {
  const found = await commands.showThumbprint();
  if (found !== expected) throw swapErrors.IMPORT_NOT_EXPECTED({ found, expected });
  await commands.restartService();
}

/** The node of the machine that leads, worked by its command line. */
export function hostNode(context: Pick<PhaseContext, 'network'>, node: { id: string; name: string }, commands: OctopusServerCommands): NodeControl {
  return {
    ...node,
    isHost: true,
    look: () => lookAtThisNode(context, commands),
    restart: (expected) => restartThisNode(commands, expected),
    start: () => commands.startService(),
    dismiss: () => Promise.resolve(),
  };
}
