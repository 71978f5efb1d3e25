import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { constants } from 'node:os';
import { isMask, link, removeIfThere, type Machine } from './machine.ts';
import type { Instant, Service } from './service.ts';
import { UnsupportedUnit } from './unit-file.ts';

export interface CommandResult { exitCode: number; stdout: string; stderr: string }

interface Invocation { verb: string; units: string[]; options: Map<string, string[]> }

const flags = new Set(['--now', '--no-block', '--quiet', '-q', '--no-pager', '--plain', '--no-legend', '--all', '-a', '--full', '-l', '--force', '-f', '--system', '--value', '--wait', '--no-ask-password', '--no-reload', '--version']);
const valued: Record<string, string> = { '-p': '--property', '-P': '--property', '-s': '--signal', '-t': '--type', '-n': '--lines', '-o': '--output' };
const valuedLong = new Set(['--property', '--signal', '--kill-who', '--kill-whom', '--type', '--state', '--lines', '--output']);

const version = 'systemd 252 (embedded)\n';

/** `systemctl` on one machine, with the exit codes and messages of the real one for the supported subset; the rest is refused. */
export async function systemctl(machine: Machine, args: string[]): Promise<CommandResult> {
  const output = new Output();
  try {
    const invocation = parse(args);
    if (invocation.options.has('--version')) output.out(version);
    else output.exitCode = await perform(machine, invocation, output);
  } catch (error) {
    output.err(error instanceof Error ? error.message : String(error));
    output.exitCode = 1;
  }
  return output.result();
}

class Output {
  exitCode = 0;
  private stdout = '';
  private stderr = '';
  out(text: string): void { this.stdout += text.endsWith('\n') ? text : `${text}\n`; }
  err(text: string): void { this.stderr += `${text}\n`; }
  result(): CommandResult { return { exitCode: this.exitCode, stdout: this.stdout, stderr: this.stderr }; }
}

function parse(args: string[]): Invocation {
  const options = new Map<string, string[]>();
  const words: string[] = [];
  const add = (name: string, value: string) => options.set(name, [...(options.get(name) ?? []), value]);
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    const [name = '', value] = arg.startsWith('--') && arg.includes('=') ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg];
    if (flags.has(arg)) add(arg, '');
    else if (valuedLong.has(name)) add(name, value ?? args[index += 1] ?? '');
    else if (/^-[pPstno]/.test(arg) && !arg.startsWith('--')) {
      add(valued[arg.slice(0, 2)] as string, arg.length > 2 ? arg.slice(2) : args[index += 1] ?? '');
      if (arg.startsWith('-P')) add('--value', '');
    } else if (arg.startsWith('-')) throw new Error(arg.startsWith('--') ? `systemctl: unrecognized option '${arg}'` : `systemctl: invalid option -- '${arg.slice(1, 2)}'`);
    else words.push(arg);
  }
  const [verb = 'list-units', ...units] = words;
  return { verb, units, options };
}

function withSuffix(unit: string): string {
  return /\.(service|timer|target)$/.test(unit) ? unit : `${unit}.service`;
}

type PerUnit = (machine: Machine, unit: string, invocation: Invocation, output: Output) => number | Promise<number>;

const perUnit: Record<string, PerUnit> = {
  start: (machine, unit, invocation, output) => change(machine, unit, 'start', invocation, output),
  stop: (machine, unit, invocation, output) => change(machine, unit, 'stop', invocation, output),
  restart: (machine, unit, invocation, output) => change(machine, unit, 'restart', invocation, output),
  'try-restart': (machine, unit, invocation, output) => (isUp(machine.services.get(unit)) ? change(machine, unit, 'restart', invocation, output) : 0),
  enable, disable, mask, unmask, status, kill,
  'is-active': (machine, unit, { options }, output) => {
    const state = machine.timers.has(unit) ? 'active' : machine.services.get(unit)?.activeState ?? 'inactive';
    if (!isQuiet(options)) output.out(state);
    if (state === 'active') return 0;
    return machine.services.has(unit) || machine.unitFileState(unit) !== '' ? 3 : 4;
  },
  'is-failed': (machine, unit, { options }, output) => {
    const state = machine.services.get(unit)?.activeState ?? 'inactive';
    if (!isQuiet(options)) output.out(state);
    return state === 'failed' ? 0 : 1;
  },
  'is-enabled': (machine, unit, { options }, output) => {
    const state = machine.unitFileState(unit);
    if (state === '') output.err(`Failed to get unit file state for ${unit}: No such file or directory`);
    else if (!isQuiet(options)) output.out(state);
    return state === 'enabled' || state === 'static' ? 0 : 1;
  },
  'reset-failed': (machine, unit, _, output) => {
    const service = machine.services.get(unit);
    if (!service) {
      output.err(`Failed to reset failed state of unit ${unit}: Unit ${unit} not loaded.`);
      return 1;
    }
    resetFailed(machine, service);
    return 0;
  },
  cat: (machine, unit, _, output) => {
    const path = machine.unitPath(unit);
    if (!existsSync(path)) {
      output.err(`No files found for ${unit}.`);
      return 1;
    }
    output.out(`# ${path}\n${readFileSync(path, 'utf8')}`);
    return 0;
  },
};

async function perform(machine: Machine, invocation: Invocation, output: Output): Promise<number> {
  const { verb, units, options } = invocation;
  if (verb === 'daemon-reload' || verb === 'daemon-reexec') return 0;
  if (verb === 'is-system-running') {
    output.out('running');
    return 0;
  }
  if (verb === 'list-units' || verb === 'list-unit-files' || verb === 'list-timers') return list(machine, verb, units, output);
  if (verb === 'show') return show(machine, units, options, output);
  if (verb === 'reset-failed' && units.length === 0) {
    for (const service of [...machine.services.values()]) resetFailed(machine, service);
    return 0;
  }
  const work = Object.hasOwn(perUnit, verb) ? perUnit[verb] : undefined;
  if (!work) throw new Error(`Unknown command verb '${verb}', or one that the sandbox's service manager does not support.`);
  if (units.length === 0) throw new Error('Too few arguments.');
  let exitCode = verb === 'is-active' || verb === 'is-enabled' ? 1 : 0;
  for (const unit of units) {
    const code = await work(machine, isAbsolute(unit) ? unit : withSuffix(unit), invocation, output);
    // The questions are answered with success when any unit is, the orders when every one is.
    exitCode = verb === 'is-active' || verb === 'is-enabled' ? (exitCode === 0 ? 0 : code) : exitCode || code;
  }
  return exitCode;
}

function isQuiet(options: Map<string, string[]>): boolean {
  return options.has('--quiet') || options.has('-q');
}

function isUp(service: Service | undefined): boolean {
  return service !== undefined && service.activeState !== 'inactive' && service.activeState !== 'failed';
}

function resetFailed(machine: Machine, service: Service): void {
  const wasFailed = service.activeState === 'failed';
  service.resetFailed();
  if (wasFailed && machine.transient.has(service.name)) machine.forget(service.name);
}

async function change(machine: Machine, unit: string, verb: 'start' | 'stop' | 'restart', { options }: Invocation, output: Output): Promise<number> {
  const timer = machine.timers.get(unit);
  if (timer) {
    if (verb === 'stop') timer.cancel();
    return 0;
  }
  if (verb !== 'stop' && isMask(machine.unitPath(unit))) {
    output.err(`Failed to ${verb} ${unit}: Unit ${unit} is masked.`);
    return 1;
  }
  let service: Service | undefined;
  try {
    service = verb === 'stop' ? machine.services.get(unit) ?? machine.service(unit) : machine.service(unit);
  } catch (error) {
    if (!(error instanceof UnsupportedUnit)) throw error;
    output.err(`Failed to ${verb} ${unit}: Unit ${unit} has a bad unit file setting.\n${error.message}`);
    return 1;
  }
  if (!service) {
    output.err(`Failed to ${verb} ${unit}: Unit ${unit} not ${verb === 'stop' ? 'loaded' : 'found'}.`);
    return 5;
  }
  const job = service[verb]();
  if (options.has('--no-block')) return 0;
  if (await job) return 0;
  output.err(service.result === 'start-limit-hit'
    ? `Job for ${unit} failed.`
    : `Job for ${unit} failed because the control process exited with error code.`);
  output.err(`See "systemctl status ${unit}" and "journalctl -xeu ${unit}" for details.`);
  return 1;
}

async function enable(machine: Machine, given: string, invocation: Invocation, output: Output): Promise<number> {
  const unit = basename(given);
  const path = machine.unitPath(unit);
  if (isAbsolute(given)) {
    if (!existsSync(given)) {
      output.err(`Failed to enable unit: Unit file ${given} does not exist.`);
      return 1;
    }
    if (given !== path) {
      if (existsSync(path) && !lstatSync(path).isSymbolicLink()) {
        output.err(`Failed to enable unit: File ${path} already exists and is not a symlink to ${given}.`);
        return 1;
      }
      link(given, path);
      output.err(`Created symlink ${path} -> ${given}.`);
    }
  }
  if (isMask(path)) {
    output.err(`Failed to enable unit: Unit file ${path} is masked.`);
    return 1;
  }
  if (!existsSync(path)) {
    output.err(`Failed to enable unit: Unit file ${unit} does not exist.`);
    return 1;
  }
  if (machine.service(unit)?.definition.wantedBy.includes('multi-user.target')) {
    if (!existsSync(machine.wantPath(unit))) output.err(`Created symlink ${machine.wantPath(unit)} -> ${path}.`);
    link(path, machine.wantPath(unit));
  } else {
    output.err('The unit files have no installation config (WantedBy=, RequiredBy=, Also=,\nAlias= settings in the [Install] section, and DefaultInstance= for template\nunits). This means they are not meant to be enabled using systemctl.');
  }
  return invocation.options.has('--now') ? change(machine, unit, 'start', invocation, output) : 0;
}

async function disable(machine: Machine, unit: string, invocation: Invocation, output: Output): Promise<number> {
  const path = machine.unitPath(unit);
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && !isMask(path);
  if (!isLink && !existsSync(path) && !machine.services.has(unit)) {
    output.err(`Failed to disable unit: Unit file ${unit} does not exist.`);
    return 1;
  }
  // The unit is stopped first here, as its file may be the link that goes.
  if (invocation.options.has('--now')) await machine.services.get(unit)?.stop();
  if (removeIfThere(machine.wantPath(unit))) output.err(`Removed "${machine.wantPath(unit)}".`);
  if (isLink && removeIfThere(path)) output.err(`Removed "${path}".`);
  return 0;
}

async function mask(machine: Machine, unit: string, invocation: Invocation, output: Output): Promise<number> {
  const path = machine.unitPath(unit);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isSymbolicLink()) {
    output.err(`Failed to mask unit: File ${path} already exists.`);
    return 1;
  }
  if (!isMask(path)) {
    link('/dev/null', path);
    output.err(`Created symlink ${path} -> /dev/null.`);
  }
  if (invocation.options.has('--now')) await machine.services.get(unit)?.stop();
  return 0;
}

function unmask(machine: Machine, unit: string, _: Invocation, output: Output): number {
  const path = machine.unitPath(unit);
  if (isMask(path) && removeIfThere(path)) output.err(`Removed "${path}".`);
  return 0;
}

function kill(machine: Machine, unit: string, { options }: Invocation, output: Output): number {
  const service = machine.services.get(unit);
  if (!service) {
    output.err(`Failed to kill unit ${unit}: Unit ${unit} not loaded.`);
    return 1;
  }
  const asked = (options.get('--signal')?.at(-1) ?? 'SIGTERM').toUpperCase();
  const numbers = constants.signals as Record<string, number>;
  const name = Object.keys(numbers).find((known) => known === asked || known === `SIG${asked}` || String(numbers[known]) === asked);
  if (!name) {
    output.err(`Failed to parse signal string ${asked}.`);
    return 1;
  }
  const whom = options.get('--kill-who')?.at(-1) ?? options.get('--kill-whom')?.at(-1) ?? 'all';
  service.kill(name as NodeJS.Signals, whom === 'main' ? 'main' : 'all');
  return 0;
}

function status(machine: Machine, unit: string, _: Invocation, output: Output): number {
  const properties = describe(machine, unit);
  if (properties.LoadState === 'not-found') {
    output.err(`Unit ${unit} could not be found.`);
    return 4;
  }
  output.out([
    `* ${unit} - ${properties.Description}`,
    `     Loaded: ${properties.LoadState} (${properties.FragmentPath}; ${properties.UnitFileState})`,
    `     Active: ${properties.ActiveState} (${properties.SubState})`,
    ...(properties.MainPID === '0' ? [] : [`   Main PID: ${properties.MainPID}`]),
  ].join('\n'));
  return properties.ActiveState === 'active' ? 0 : 3;
}

function show(machine: Machine, units: string[], options: Map<string, string[]>, output: Output): number {
  const asked = (options.get('--property') ?? []).flatMap((list) => list.split(','));
  for (const [index, given] of units.entries()) {
    const properties = describe(machine, withSuffix(given));
    if (index > 0) output.out('');
    for (const name of asked.length > 0 ? Object.keys(properties).filter((known) => asked.includes(known)) : Object.keys(properties)) {
      output.out(options.has('--value') ? properties[name] ?? '' : `${name}=${properties[name]}`);
    }
  }
  return 0;
}

/** The properties of a unit, in systemd's order where it matters. */
export function describe(machine: Machine, unit: string): Record<string, string> {
  const timer = machine.timers.get(unit);
  if (timer) {
    return { Id: unit, Description: timer.description, LoadState: 'loaded', ActiveState: 'active', SubState: 'waiting', UnitFileState: 'transient', Unit: timer.unit, ActiveEnterTimestamp: date(timer.since), ActiveEnterTimestampMonotonic: String(timer.since.monotonic) };
  }
  const state = machine.unitFileState(unit);
  let service = machine.services.get(unit);
  let loadState = 'loaded';
  try {
    service = machine.service(unit) ?? service;
  } catch (error) {
    if (!(error instanceof UnsupportedUnit)) throw error;
    loadState = 'bad-setting';
  }
  if (state === 'masked') loadState = 'masked';
  else if (state === '') loadState = 'not-found';
  return {
    Type: service?.definition.type ?? '',
    Restart: service?.definition.restart ?? 'no',
    MainPID: String(service?.mainPid ?? 0),
    Result: service?.result ?? 'success',
    NRestarts: String(service?.restarts ?? 0),
    ExecMainStartTimestamp: date(service?.mainStarted),
    ExecMainStartTimestampMonotonic: String(service?.mainStarted?.monotonic ?? 0),
    ExecMainPID: String(service?.mainPid ?? 0),
    ExecMainStatus: String(service?.exitCode ?? 0),
    Id: unit,
    Description: service?.definition.description || unit,
    LoadState: loadState,
    ActiveState: service?.activeState ?? 'inactive',
    SubState: service?.subState ?? 'dead',
    FragmentPath: state === '' || state === 'transient' ? '' : machine.unitPath(unit),
    UnitFileState: state,
    ActiveEnterTimestamp: date(service?.activeEntered),
    ActiveEnterTimestampMonotonic: String(service?.activeEntered?.monotonic ?? 0),
    InactiveEnterTimestamp: date(service?.inactiveEntered),
    InactiveEnterTimestampMonotonic: String(service?.inactiveEntered?.monotonic ?? 0),
    InvocationID: service?.invocationId ?? '',
  };
}

function date(instant: Instant | undefined): string {
  if (!instant) return '';
  const at = new Date(instant.realtime / 1000);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at.getUTCDay()];
  return `${day} ${at.toISOString().slice(0, 10)} ${at.toISOString().slice(11, 19)} UTC`;
}

function list(machine: Machine, verb: string, patterns: string[], output: Output): number {
  const matches = (name: string) => patterns.length === 0 || patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name));
  if (verb === 'list-timers') {
    for (const timer of machine.timers.values()) if (matches(timer.name)) output.out(`${timer.name} ${timer.unit}`);
    return 0;
  }
  for (const unit of machine.unitNames().filter(matches)) {
    const { LoadState, ActiveState, SubState, Description, UnitFileState } = describe(machine, unit);
    if (verb === 'list-unit-files') output.out(`${unit} ${UnitFileState}`);
    else output.out(`  ${unit} ${LoadState} ${ActiveState} ${SubState} ${Description}`);
  }
  if (verb === 'list-units') for (const timer of machine.timers.values()) if (matches(timer.name)) output.out(`  ${timer.name} loaded active waiting ${timer.description}`);
  return 0;
}
