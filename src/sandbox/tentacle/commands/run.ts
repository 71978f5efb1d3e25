import type { Command } from '../command.ts';
import { flag, valued } from '../options.ts';

/** `run`: the agent. It reads trust once, now. */
export function runAgentCommand(): Command {
  return {
    target: 'instance',
    options: [valued('wait', () => undefined), flag('tcp-keep-alive-enabled', () => undefined)],
    run: (context) => context.host.runAgent(context.configuration(), context.instanceName()),
  };
}
