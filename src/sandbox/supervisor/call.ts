import { connect } from 'node:net';
import { homeOf } from '../machines/layout.ts';
import { readSandboxFile } from '../machines/sandbox-file.ts';
import type { CommandResult } from './systemctl.ts';

/** What `systemctl` and `systemd-run` ask of the supervisor: one line of JSON, answered by one line. */
export interface SupervisorRequest { program: 'systemctl' | 'systemd-run'; machine: string; args: string[]; environment: Record<string, string> }

/** Sends a request to the service manager of the machine that this process is on (`SANDBOX_MACHINE`). */
export async function callSupervisor(program: SupervisorRequest['program'], args: string[]): Promise<CommandResult> {
  const machine = process.env.SANDBOX_MACHINE;
  if (!machine) return { exitCode: 1, stdout: '', stderr: 'This program works only on a machine of the sandbox.\n' };
  const environment = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const request: SupervisorRequest = { program, machine, args, environment };
  return new Promise((resolve) => {
    let received = '';
    const lost = () => resolve({ exitCode: 1, stdout: '', stderr: 'Failed to connect to bus: Connection refused\n' });
    let socket;
    try {
      socket = connect(readSandboxFile(homeOf(machine)).supervisorSocket);
    } catch {
      return lost();
    }
    socket.on('error', lost).on('close', lost).setEncoding('utf8');
    socket.on('data', (text: string) => {
      received += text;
      if (received.endsWith('\n')) resolve(JSON.parse(received) as CommandResult);
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

/** Runs one of the two programs as a process of its own. */
export async function runShim(program: SupervisorRequest['program']): Promise<void> {
  const { exitCode, stdout, stderr } = await callSupervisor(program, process.argv.slice(2));
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}
