import { runServer } from '../run.ts';
import { compatibility, type Command } from './command.ts';

/** The server process: until SIGTERM or SIGINT. */
export const run: Command = {
  summary: 'Starts the Octopus Server in debug mode', options: { customextension: 'value', ...compatibility },
  run: async ({ machineDir, configuration }) => {
    let stop: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => { stop = resolve; });
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    const server = await runServer(machineDir, configuration);
    await asked;
    // A connection that does not end must not hold the process.
    setTimeout(() => process.exit(0), 3000).unref();
    await server.stop();
    process.exit(0);
  },
};
