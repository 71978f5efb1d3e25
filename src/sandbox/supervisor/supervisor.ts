import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { readSandboxFile } from '../machines/sandbox-file.ts';
import { killAll, markedProcesses } from '../machines/processes.ts';
import type { SupervisorRequest } from './call.ts';
import { createControl, mountShares } from './control.ts';
import { Machine } from './machine.ts';
import { systemctl, type CommandResult } from './systemctl.ts';
import { systemdRun } from './systemd-run.ts';

export interface Supervisor {
  /** Ends every process of every machine, and both listeners. Which machines are on is remembered. */
  close(): Promise<void>;
}

/** Whether a process belongs to a machine of this sandbox. */
export function belongsTo(home: string): (setting: string) => boolean {
  const prefix = `SANDBOX_MACHINE=${join(home, 'machines')}/`;
  return (setting) => setting.startsWith(prefix);
}

/**
 * The service manager of all machines of a sandbox, and its control API. Starts the enabled units of every machine that is on.
 * Whatever an earlier supervisor of this home left behind is ended first.
 */
export async function startSupervisor(home: string): Promise<Supervisor> {
  const file = readSandboxFile(home);
  const machines = new Map(file.machines.map(({ name, dir }) => [name, new Machine(dir)]));
  if (file.loadBalancer) machines.set(file.loadBalancer.machine, new Machine(file.loadBalancer.dir));
  mountShares(file);
  const remaining = () => markedProcesses(belongsTo(home));
  await killAll(remaining);

  rmSync(file.supervisorSocket, { force: true });
  const commands = createServer((socket) => serve(socket, machines));
  const control = createControl(home, file, machines);
  await Promise.all([listening(commands, file.supervisorSocket), listening(control, file.controlPort)]);
  await Promise.all([...machines.values()].filter(({ on }) => on).map((machine) => machine.powerOn()));
  return {
    async close() {
      commands.close();
      control.close();
      control.closeAllConnections();
      await Promise.all([...machines.values()].map((machine) => machine.cut()));
      await killAll(remaining);
      rmSync(file.supervisorSocket, { force: true });
    },
  };
}

function listening(server: Server, where: string | number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    if (typeof where === 'string') server.listen(where, () => resolve());
    else server.listen(where, '127.0.0.1', () => resolve());
  });
}

function serve(socket: Socket, machines: Map<string, Machine>): void {
  let received = '';
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (text: string) => {
    received += text;
    if (!received.endsWith('\n')) return;
    // The caller may be ended by what it asks for; the job goes on all the same.
    void answer(JSON.parse(received) as SupervisorRequest, machines).then((result) => socket.end(`${JSON.stringify(result)}\n`));
    received = '';
  });
}

async function answer(request: SupervisorRequest, machines: Map<string, Machine>): Promise<CommandResult> {
  const machine = [...machines.values()].find(({ dir }) => dir === request.machine);
  // Nobody answers on a machine that is switched off, even to somebody who still has its shell open.
  if (!machine?.on) return { exitCode: 1, stdout: '', stderr: 'Failed to connect to bus: No such file or directory\n' };
  try {
    return request.program === 'systemctl' ? await systemctl(machine, request.args) : await systemdRun(machine, request.args, request);
  } catch (error) {
    return { exitCode: 1, stdout: '', stderr: `${error instanceof Error ? error.message : String(error)}\n` };
  }
}
