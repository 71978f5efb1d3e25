/** The supervisor's process: `supervisor HOME`. It ends, with all machines, on a signal or when its stdin does. */
import { startSupervisor } from '../supervisor/supervisor.ts';

const home = process.argv[2] ?? '';
delete process.env.INVOCATION_ID;
delete process.env.SANDBOX_MACHINE;

startSupervisor(home).then((supervisor) => {
  let closing = false;
  const close = () => {
    if (closing) return;
    closing = true;
    void supervisor.close().then(() => process.exit(0));
  };
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, close);
  process.stdin.on('end', close).on('error', close).resume();
  process.stdout.write('ready\n');
}, (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
