import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Machine } from './machine.ts';
import type { CommandResult } from './systemctl.ts';
import { parseTimespan } from './timespan.ts';
import { applyDirective, newDefinition, UnsupportedUnit, type UnitDefinition } from './unit-file.ts';

interface Request { unit: string | null; collect: boolean; onActive: number | null; quiet: boolean; noBlock: boolean; wait: boolean; definition: UnitDefinition; command: string[] }

/** Who calls: its environment serves `--setenv=NAME` and finding the program, nothing else of it is inherited. */
export interface Caller { environment: Record<string, string> }

const values = new Set(['--unit', '-u', '--on-active', '--description', '--property', '-p', '--setenv', '-E', '--service-type', '--uid', '--gid', '--working-directory', '--timer-property']);

/** `systemd-run` on one machine: a transient service, or a timer that starts one. Runs outside the caller's unit. */
export async function systemdRun(machine: Machine, args: string[], caller: Caller): Promise<CommandResult> {
  let request: Request;
  try {
    request = parse(args, caller);
  } catch (error) {
    return { exitCode: 1, stdout: '', stderr: `${error instanceof Error ? error.message : String(error)}\n` };
  }
  const { definition, command } = request;
  const [program = ''] = command;
  const found = findProgram(program, caller.environment.PATH ?? '');
  if (found === undefined) return failure(`Failed to find executable ${program}: No such file or directory`);
  definition.execStart = [found, ...command.slice(1)];
  definition.description ||= command.join(' ');
  const name = (request.unit ?? `run-r${randomBytes(16).toString('hex')}`).replace(/\.(service|timer)$/, '');
  const [unit, timer] = [`${name}.service`, `${name}.timer`];
  const kind = request.onActive === null ? 'service' : 'timer';
  if (machine.services.has(unit) || machine.unitFileState(unit) !== '' || machine.timers.has(timer)) {
    return failure(`Failed to start transient ${kind} unit: Unit ${kind === 'service' ? unit : timer} was already loaded or has a fragment file.`);
  }
  if (request.onActive !== null) {
    machine.addTimer({ name: timer, unit, description: definition.description, elapses: Date.now() + request.onActive }, request.onActive, () => {
      void machine.addTransient(unit, definition, request.collect).start();
    });
    return said(request, `Running timer as unit: ${timer}\nWill run service as unit: ${unit}\n`);
  }
  const service = machine.addTransient(unit, definition, request.collect);
  const ended = new Promise<void>((resolve) => {
    const forget = service.onRest;
    service.onRest = () => {
      forget();
      resolve();
    };
  });
  const started = service.start();
  if (!request.noBlock && !await started) return failure(`Job for ${unit} failed.\nSee "systemctl status ${unit}" and "journalctl -xeu ${unit}" for details.`);
  if (request.wait) {
    await ended;
    return { ...said(request, `Running as unit: ${unit}\n`), exitCode: service.exitCode ?? 1 };
  }
  return said(request, `Running as unit: ${unit}\n`);
}

function failure(message: string): CommandResult {
  return { exitCode: 1, stdout: '', stderr: `${message}\n` };
}

function said(request: Request, message: string): CommandResult {
  return { exitCode: 0, stdout: '', stderr: request.quiet ? '' : message };
}

function parse(args: string[], caller: Caller): Request {
  const request: Request = { unit: null, collect: false, onActive: null, quiet: false, noBlock: false, wait: false, definition: newDefinition(), command: [] };
  let index = 0;
  for (; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (arg === '--') {
      index += 1;
      break;
    }
    if (!arg.startsWith('-')) break;
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const name = equals > 0 ? arg.slice(0, equals) : !arg.startsWith('--') && arg.length > 2 ? arg.slice(0, 2) : arg;
    if (values.has(name)) {
      const attached = equals > 0 ? arg.slice(equals + 1) : name.length < arg.length ? arg.slice(2) : undefined;
      const value = attached ?? args[index += 1];
      if (value === undefined) throw new Error(`systemd-run: option '${name}' requires an argument`);
      applyOption(request, name, value, caller);
    } else if (arg === '--collect' || arg === '-G') request.collect = true;
    else if (arg === '--quiet' || arg === '-q') request.quiet = true;
    else if (arg === '--no-block') request.noBlock = true;
    else if (arg === '--wait') request.wait = true;
    else if (arg === '--remain-after-exit' || arg === '-r') request.definition.remainAfterExit = true;
    else if (arg !== '--system' && arg !== '--no-ask-password') throw new Error(`systemd-run: unrecognized option '${arg}', or one that the sandbox's service manager does not support`);
  }
  request.command = args.slice(index);
  if (request.command.length === 0) throw new Error('Command line to execute required.');
  if (request.wait && (request.onActive !== null || request.noBlock)) throw new Error('--wait may not be combined with --no-block or timer operations.');
  return request;
}

function applyOption(request: Request, name: string, value: string, caller: Caller): void {
  switch (name) {
    case '--unit': case '-u': request.unit = value; return;
    case '--on-active': {
      const span = parseTimespan(value);
      if (span === undefined) throw new Error(`Failed to parse timer value: ${value}`);
      request.onActive = span;
      return;
    }
    case '--description': request.definition.description = value; return;
    case '--working-directory': applyDirective(request.definition, 'WorkingDirectory', value); return;
    case '--service-type': applyDirective(request.definition, 'Type', value); return;
    case '--uid': applyDirective(request.definition, 'User', value); return;
    case '--gid': return;
    case '--timer-property': if (!/^(AccuracySec|RandomizedDelaySec)=/.test(value)) throw new UnsupportedUnit(`The sandbox's service manager does not support ${value}`); return;
    case '--setenv': case '-E': {
      const at = value.indexOf('=');
      const variable = at < 0 ? value : value.slice(0, at);
      request.definition.environment[variable] = at < 0 ? caller.environment[variable] ?? '' : value.slice(at + 1);
      return;
    }
    default: {
      const at = value.indexOf('=');
      if (at < 0) throw new Error(`Not an assignment: ${value}`);
      applyDirective(request.definition, value.slice(0, at), value.slice(at + 1));
    }
  }
}

function findProgram(program: string, path: string): string | undefined {
  return (isAbsolute(program) ? [program] : path.split(delimiter).map((folder) => join(folder, program))).find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
