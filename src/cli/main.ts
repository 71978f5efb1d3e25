#!/usr/bin/env node
import { runCommandLine } from './commands.ts';
import { processIo } from './io.ts';

// A reader that closes early (head, less) ends the program quietly, as it does with other tools.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCommandLine(process.argv.slice(2), processIo()).then((code) => {
  // What was written must be out before the process ends; handles that are still open must not keep it.
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
});
