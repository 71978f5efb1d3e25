import { timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { setDate } from '../machines/clock.ts';
import { forgetUsedFaults, machineFaults } from '../machines/faults.ts';
import { mountShare } from '../machines/mount.ts';
import type { SandboxFile } from '../machines/sandbox-file.ts';
import { withLock } from '../server/database/lock.ts';
import { databasePath, readGroundTruth } from '../truth/ground-truth.ts';
import { describeNodes } from './node-addresses.ts';
import type { Machine } from './machine.ts';
import { describe } from './systemctl.ts';

export interface Answer { status: number; body: unknown }

/** The control API: truth, power, faults. Loopback only, and only with the sandbox's token. */
export function createControl(home: string, file: SandboxFile, machines: Map<string, Machine>): Server {
  const expected = Buffer.from(file.controlToken);
  return createServer((request, response) => {
    const given = Buffer.from(String(request.headers['x-sandbox-token'] ?? ''));
    const allowed = given.length === expected.length && timingSafeEqual(given, expected);
    const answered = allowed ? route(home, file, machines, request) : Promise.resolve({ status: 401, body: { error: 'The X-Sandbox-Token header is missing or wrong.' } });
    void answered.catch((error: unknown) => ({ status: 500, body: { error: error instanceof Error ? error.message : String(error) } })).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    });
  });
}

async function route(home: string, file: SandboxFile, machines: Map<string, Machine>, request: IncomingMessage): Promise<Answer> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname.split('/').slice(1).map(decodeURIComponent);
  const [noun = '', name = '', verb = '', unit = '', unitVerb = ''] = path;
  const key = `${request.method ?? ''} ${noun}`;
  if (key === 'GET truth' && path.length === 1) return ok(readGroundTruth(home, file));
  if (key === 'GET machines' && path.length === 1) return ok([...machines.values()].map(machineState));
  if (key === 'GET faults' && path.length === 1) return ok(readFaults(home));
  if (key === 'PUT faults' && path.length === 1) return putFaults(home, file, machines, await readBody(request));
  if (key === 'GET nodes' && path.length === 1) return ok(describeNodes(file));
  if (key === 'POST nodes' && path.length === 1) return (await import('./nodes.ts')).addServerNode(home, file, machines, await readBody(request));
  if (key === 'POST nodes' && path.length === 3 && verb === 'rename') return (await import('./nodes.ts')).renameServerNode(home, file, name, await readBody(request));
  if (key === 'POST machines' && name !== '') {
    const machine = machines.get(name);
    if (!machine) return { status: 404, body: { error: `There is no machine named ${name}.` } };
    if (path.length === 3) return power(home, machine, verb);
    if (path.length === 5 && verb === 'units') return unitControl(home, machine, unit, unitVerb);
    if (path.length === 5 && verb === 'processes') return processControl(home, machine, unit, unitVerb);
  }
  return { status: 404, body: { error: `The control API has no ${request.method ?? ''} ${request.url ?? ''}.` } };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

function machineState(machine: Machine): unknown {
  return {
    name: machine.name, on: machine.on, bootId: machine.bootId,
    units: machine.unitNames().map((unit) => {
      const { ActiveState, SubState, MainPID, UnitFileState, NRestarts } = describe(machine, unit);
      return { name: unit, activeState: ActiveState, subState: SubState, mainPid: Number(MainPID), unitFileState: UnitFileState, restarts: Number(NRestarts) };
    }),
    timers: [...machine.timers.values()].map(({ name, unit, elapses }) => ({ name, unit, elapsesInMs: Math.max(0, elapses - Date.now()) })),
  };
}

async function power(home: string, machine: Machine, verb: string): Promise<Answer> {
  switch (verb) {
    case 'start': if (!machine.on) await machine.powerOn(); break;
    case 'stop': await machine.powerOff(); break;
    case 'kill': machine.killEverything(); break;
    case 'reboot': await machine.reboot(); break;
    case 'suspend': case 'resume': withoutTransaction(home, () => machine.signalProcesses(stopSignal(verb))); break;
    default: return { status: 404, body: { error: `A machine cannot ${verb}.` } };
  }
  return ok(machineState(machine));
}

const stopSignal = (verb: string) => (verb === 'suspend' ? 'SIGSTOP' as const : 'SIGCONT' as const);

/** Nobody is suspended in the middle of a transaction: a real database would end it, this one would wait for ever. */
function withoutTransaction(home: string, work: () => number): number {
  const database = databasePath(home);
  return existsSync(database) ? withLock(`${database}.lock`, work) : work();
}

/** One process of a machine, by its id. */
function processControl(home: string, machine: Machine, pid: string, verb: string): Answer {
  if (verb !== 'suspend' && verb !== 'resume') return { status: 404, body: { error: `A process cannot ${verb}.` } };
  const count = withoutTransaction(home, () => machine.signalProcesses(stopSignal(verb), { pid: Number(pid) }));
  return count === 0 ? { status: 404, body: { error: `${machine.name} has no process ${pid}.` } } : ok({ pid: Number(pid), suspended: verb === 'suspend' });
}

/** `kill` leaves the restart policy to decide what comes next; names ignore case here, and `.service` may be left out. */
async function unitControl(home: string, machine: Machine, given: string, verb: string): Promise<Answer> {
  if (!machine.on) return { status: 409, body: { error: `${machine.name} is switched off.` } };
  const wanted = (given.endsWith('.service') ? given : `${given}.service`).toLowerCase();
  const unit = machine.unitNames().find((name) => name.toLowerCase() === wanted);
  const service = unit === undefined ? undefined : machine.service(unit);
  if (!service) return { status: 404, body: { error: `${machine.name} has no unit ${given}.` } };
  if (verb === 'kill') service.crash();
  else if (verb === 'stop') await service.stop();
  else if (verb === 'start') await service.start();
  else if (verb === 'suspend' || verb === 'resume') withoutTransaction(home, () => machine.signalProcesses(stopSignal(verb), { unit: service }));
  else return { status: 404, body: { error: `A unit cannot ${verb}.` } };
  return ok(machineState(machine));
}

function readFaults(home: string): unknown {
  try {
    return JSON.parse(readFileSync(join(home, 'faults.json'), 'utf8'));
  } catch {
    return {};
  }
}

function putFaults(home: string, file: SandboxFile, machines: Map<string, Machine>, text: string): Answer {
  let faults: unknown;
  try {
    faults = JSON.parse(text);
  } catch {
    return { status: 400, body: { error: 'The faults are not JSON.' } };
  }
  if (faults === null || typeof faults !== 'object' || Array.isArray(faults)) return { status: 400, body: { error: 'The faults must be a JSON object.' } };
  const path = join(home, 'faults.json');
  writeFileSync(`${path}.new`, JSON.stringify(faults));
  for (const machine of machines.values()) forgetUsedFaults(machine.dir);
  renameSync(`${path}.new`, path);
  mountShares(file);
  for (const machine of machines.values()) setDate(machine.dir);
  return ok(faults);
}

/** Mounts the shared folder on every machine that has it and is not told that it is gone. */
export function mountShares(file: SandboxFile): void {
  for (const { dir, share } of file.machines) {
    if (share !== undefined && file.share !== undefined) mountShare(dir, machineFaults(dir).share === 'gone' ? null : file.share);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
