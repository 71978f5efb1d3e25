/** The `Octopus.Server` executable of a sandbox machine; `run` is the server process itself. */
import { main } from '../server/cli/main.ts';

void main(process.argv.slice(2), process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
