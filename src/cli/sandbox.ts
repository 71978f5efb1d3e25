import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { cliErrors } from '../errors/cli.ts';
import type { RunCommand } from './io.ts';
import { readOptions, required } from './options.ts';
import { readEstate } from './rehearsal/estate.ts';
import { findPrograms, openHome } from './rehearsal/places.ts';

/** `sandbox`: the embedded Octopus as a process of its own, in the foreground, with its own output; it ends when it is told to. */
export const runSandbox: RunCommand = async (args, io) => {
  const options = readOptions('sandbox', args, { estate: { type: 'string' }, home: { type: 'string' }, json: { type: 'boolean', default: false } });
  const estate = resolve(io.folder, required('sandbox', 'estate', options.estate));
  const { start } = findPrograms();
  await readEstate(estate);
  const home = await openHome(options.home, io.folder);
  const child = spawn(process.execPath, [start, '--estate', estate, '--home', home.folder, ...(options.json ? ['--json'] : [])], { stdio: 'inherit' });
  // On a terminal Ctrl-C reaches the child by itself; a signal sent to us alone must be passed on.
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  try {
    return await new Promise<number>((ended, failed) => {
      child.once('error', (error) => failed(cliErrors.CLI_SANDBOX_NOT_STARTED({ reason: error.message })));
      child.once('close', (code, signal) => ended(signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : (code ?? 1)));
    });
  } finally {
    process.off('SIGINT', pass).off('SIGTERM', pass);
    await home.clean();
  }
};
