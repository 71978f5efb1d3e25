/** The programs that stand in for those of a Windows machine: `windows-machine VERB ...`. */
import { spawnSync } from 'node:child_process';
import { windowsMachine } from '../windows/program.ts';

const machine = process.env.SANDBOX_MACHINE ?? '';
if (machine === '') {
  process.stderr.write('This program works only on a machine of the sandbox.\n');
  process.exit(1);
}
const { exitCode, stdout, stderr } = windowsMachine(machine, process.argv.slice(2), ([file = '', ...args]) => {
  const done = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return { exitCode: done.status ?? 1, output: done.stdout + done.stderr };
});
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
