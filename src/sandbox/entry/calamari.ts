/** Runs one script on a Tentacle. Started by the Tentacle, in the script's own folder. */
import { runScript } from '../calamari/run-script.ts';

runScript(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
