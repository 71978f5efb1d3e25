import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { faultStrikes } from '../machines/faults.ts';
import { homeOf, machineLayout } from '../machines/layout.ts';
import { killAll, markedProcesses, signal } from '../machines/processes.ts';
import { recordEvent } from '../truth/events.ts';
import { scheduledStarts } from './scheduled-starts.ts';
import { now, Service, type Instant, type ServiceSurroundings } from './service.ts';
import { parseUnit, type UnitDefinition } from './unit-file.ts';

export type UnitFileState = 'enabled' | 'disabled' | 'masked' | 'static' | 'linked' | 'transient' | '';

/** A timer made by `systemd-run --on-active`; it is gone once it has elapsed. */
export interface Timer { name: string; unit: string; description: string; since: Instant; elapses: number; cancel(): void }

/** One machine of the sandbox as its service manager sees it. */
export class Machine {
  readonly name: string;
  readonly dir: string;
  readonly services = new Map<string, Service>();
  readonly transient = new Set<string>();
  readonly timers = new Map<string, Timer>();
  private readonly surroundings: ServiceSurroundings;
  /** On Windows: what watches the triggers of scheduled tasks, while it is on. */
  private scheduler: { stop(): void } | undefined;

  constructor(dir: string) {
    const layout = machineLayout(dir);
    this.name = basename(dir);
    this.dir = dir;
    this.surroundings = {
      environment: { PATH: [layout.bin, process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter), LANG: 'C.UTF-8', SANDBOX_MACHINE: dir, ...ownEnvironment(layout.about) },
      journal: layout.journal,
      rootHome: layout.root,
      startFails: (unit) => unit === 'Tentacle.service' && faultStrikes(dir, 'startFails'),
      record: (event, detail) => this.record(event, detail),
    };
  }

  get on(): boolean {
    return readText(machineLayout(this.dir).power) !== 'off';
  }

  get bootId(): string {
    return readText(machineLayout(this.dir).bootId);
  }

  /** The path of a unit's file or link; it need not exist. */
  unitPath(unit: string): string {
    return join(machineLayout(this.dir).units, unit);
  }

  wantPath(unit: string): string {
    return join(machineLayout(this.dir).wanted, unit);
  }

  /** All service units known by file or loaded, by name. */
  unitNames(): string[] {
    const files = readdirSync(machineLayout(this.dir).units).filter((name) => name.endsWith('.service'));
    return [...new Set([...files, ...this.services.keys()])].sort();
  }

  unitFileState(unit: string): UnitFileState {
    if (this.transient.has(unit)) return 'transient';
    const path = this.unitPath(unit);
    if (isMask(path)) return 'masked';
    if (!existsSync(path)) return '';
    if (existsSync(this.wantPath(unit))) return 'enabled';
    if (lstatSync(path).isSymbolicLink()) return 'linked';
    return /^\s*WantedBy\s*=\s*\S/m.test(readText(path)) ? 'disabled' : 'static';
  }

  /**
   * The service of that name, with its definition as the file has it now. Undefined when there is none.
   * @throws UnsupportedUnit
   */
  service(unit: string): Service | undefined {
    const known = this.services.get(unit);
    if (this.transient.has(unit)) return known;
    const path = this.unitPath(unit);
    if (isMask(path) || !existsSync(path)) return known;
    const definition = parseUnit(readText(path));
    if (known) {
      known.definition = definition;
      return known;
    }
    return this.addService(unit, definition);
  }

  /** Loads a unit that has no file; when it comes to rest it is forgotten, unless it failed and is not to be collected. */
  addTransient(unit: string, definition: UnitDefinition, collect: boolean): Service {
    const service = this.addService(unit, definition);
    this.transient.add(unit);
    service.onRest = () => {
      if (service.activeState === 'failed' && !collect) return;
      this.forget(unit);
    };
    return service;
  }

  forget(unit: string): void {
    this.services.delete(unit);
    this.transient.delete(unit);
  }

  addTimer(timer: Omit<Timer, 'cancel' | 'since'>, milliseconds: number, elapsed: () => void): void {
    const handle = setTimeout(() => {
      this.timers.delete(timer.name);
      elapsed();
    }, milliseconds);
    this.timers.set(timer.name, { ...timer, since: now(), cancel: () => { clearTimeout(handle); this.timers.delete(timer.name); } });
  }

  /** Switches the machine on: a new boot, the enabled units. */
  async powerOn(): Promise<void> {
    const layout = machineLayout(this.dir);
    writeFileSync(layout.power, 'on');
    writeFileSync(layout.bootId, randomUUID());
    this.record('machine-started', { bootId: this.bootId });
    mkdirSync(layout.wanted, { recursive: true });
    for (const unit of readdirSync(layout.wanted).sort()) {
      if (this.unitFileState(unit) === 'enabled') await this.service(unit)?.start();
    }
    if (isWindows(layout.about)) this.scheduler = scheduledStarts(this);
  }

  /** Switches it off as pulling the plug does: nothing of it runs afterwards. */
  async powerOff(): Promise<void> {
    writeFileSync(machineLayout(this.dir).power, 'off');
    await this.cut();
    this.record('machine-stopped');
  }

  async reboot(): Promise<void> {
    await this.cut();
    await this.powerOn();
  }

  /** SIGKILLs every process of the machine; the service manager stays, so `Restart=` applies. */
  killEverything(): void {
    this.record('machine-killed');
    for (const service of this.services.values()) service.crash();
    signal(this.processes(), 'SIGKILL');
  }

  /** Ends everything without changing whether the machine is on. */
  async cut(): Promise<void> {
    this.scheduler?.stop();
    this.scheduler = undefined;
    for (const timer of this.timers.values()) timer.cancel();
    await Promise.all([...this.services.values()].map((service) => service.cut()));
    await killAll(() => this.processes());
    this.services.clear();
    this.transient.clear();
  }

  /** SIGSTOPs or SIGCONTs its processes: all, those of a unit, or one. Returns how many. */
  signalProcesses(name: 'SIGSTOP' | 'SIGCONT', which: { unit?: Service; pid?: number } = {}): number {
    const all = which.unit ? which.unit.members() : this.processes();
    const meant = which.pid === undefined ? all : all.filter((pid) => pid === which.pid);
    signal(meant, name);
    this.record(name === 'SIGSTOP' ? 'processes-suspended' : 'processes-resumed', { pids: meant });
    return meant.length;
  }

  processes(): number[] {
    return markedProcesses((setting) => setting === `SANDBOX_MACHINE=${this.dir}`);
  }

  /** A trigger of a scheduled task struck. */
  recordTaskStart(task: string): void {
    this.record('task-triggered', { task });
  }

  private addService(unit: string, definition: UnitDefinition): Service {
    const service = new Service(unit, definition, this.surroundings);
    this.services.set(unit, service);
    return service;
  }

  private record(event: string, detail: Record<string, unknown> = {}): void {
    recordEvent(homeOf(this.dir), this.name, event, detail);
  }
}

/** Removes a link or file, saying whether there was one. */
export function removeIfThere(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
  rmSync(path);
  return true;
}

/** Puts a link in place of whatever is there. */
export function link(target: string, path: string): void {
  removeIfThere(path);
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(target, path);
}

export function isMask(path: string): boolean {
  try {
    return readlinkSync(path) === '/dev/null';
  } catch {
    return false;
  }
}

/** What a process of this machine has in its environment besides (machine.json); nothing for a machine that was made without. */
function ownEnvironment(about: string): Record<string, string> {
  return aboutOf(about).environment ?? {};
}

function isWindows(about: string): boolean {
  return aboutOf(about).windows !== undefined;
}

function aboutOf(path: string): { environment?: Record<string, string>; windows?: object } {
  const text = readText(path);
  return text === '' ? {} : JSON.parse(text) as ReturnType<typeof aboutOf>;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch {
    return '';
  }
}
