import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killAll, markedProcesses, signal, waitUntilGone } from '../machines/processes.ts';
import type { UnitDefinition } from './unit-file.ts';

export type ActiveState = 'active' | 'inactive' | 'failed' | 'activating' | 'deactivating';
export type Result = 'success' | 'exit-code' | 'signal' | 'start-limit-hit' | 'resources';

/** A point in time on both of systemd's clocks; microseconds. */
export interface Instant { realtime: number; monotonic: number }

export interface ServiceSurroundings {
  /** The machine's `bin` and what every process on it must have in its environment. */
  environment: Record<string, string>;
  journal: string;
  rootHome: string;
  /** Whether starting is told to fail. */
  startFails(unit: string): boolean;
  record(event: string, detail: Record<string, unknown>): void;
}

const cleanSignals = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);

export function now(): Instant {
  return { realtime: Date.now() * 1000, monotonic: Number(process.hrtime.bigint() / 1000n) };
}

/** One service: a process, all that it starts, and what systemd would do when it ends. */
export class Service {
  readonly name: string;
  definition: UnitDefinition;
  activeState: ActiveState = 'inactive';
  subState = 'dead';
  result: Result = 'success';
  mainPid = 0;
  invocationId = '';
  restarts = 0;
  exitCode: number | null = null;
  mainStarted: Instant | undefined;
  activeEntered: Instant | undefined;
  inactiveEntered: Instant | undefined;
  /** Called whenever it has come to rest without a restart to follow. */
  onRest: () => void = () => undefined;
  private readonly surroundings: ServiceSurroundings;
  private main: ChildProcess | undefined;
  private restartTimer: AbortController | undefined;
  private startTimes: number[] = [];
  private stopping = false;
  private discarded = false;
  private jobs: Promise<unknown> = Promise.resolve();
  private settled: Promise<void> = Promise.resolve();

  constructor(name: string, definition: UnitDefinition, surroundings: ServiceSurroundings) {
    this.name = name;
    this.definition = definition;
    this.surroundings = surroundings;
  }

  /** Jobs run one after the other, as systemd's do for one unit. Resolves with whether it worked. */
  start(): Promise<boolean> {
    return this.job(() => this.startNow());
  }

  stop(): Promise<boolean> {
    // A oneshot's start job would otherwise be waited for.
    if (this.subState === 'start') this.kill('SIGTERM');
    return this.job(() => this.stopNow());
  }

  restart(): Promise<boolean> {
    return this.job(async () => {
      await this.stopNow();
      return this.startNow();
    });
  }

  /** Sends a signal to every process; what follows from it follows as if it had come from outside. */
  kill(name: NodeJS.Signals, whom: 'all' | 'main' = 'all'): void {
    if (whom === 'main') signal(this.mainPid === 0 ? [] : [this.mainPid], name);
    else signal(this.members(), name);
  }

  /** Kills everything as a crash would. Unlike a real crash it does not use up the start limit, so that tests may crash often. */
  crash(): void {
    this.startTimes = [];
    this.kill('SIGKILL');
  }

  /** Clears a failure and the start counter. */
  resetFailed(): void {
    this.startTimes = [];
    if (this.activeState !== 'failed') return;
    this.enter('inactive', 'dead');
    this.result = 'success';
  }

  /** Power is cut: nothing is asked, nothing is restarted, and jobs that still wait start nothing. The service is not used again. */
  async cut(): Promise<void> {
    this.discarded = true;
    this.stopping = true;
    this.restartTimer?.abort();
    await killAll(() => this.members());
    await this.settled;
    this.enter('inactive', 'dead');
  }

  /** Every process that this run of the service started: `setsid` and double forks do not escape the mark. */
  members(): number[] {
    return this.invocationId === '' ? [] : markedProcesses((setting) => setting === `INVOCATION_ID=${this.invocationId}`);
  }

  private job<T>(work: () => Promise<T>): Promise<T> {
    const done = this.jobs.catch(() => undefined).then(work);
    this.jobs = done;
    return done;
  }

  private async startNow(): Promise<boolean> {
    if (this.activeState === 'active') return true;
    this.restartTimer?.abort();
    this.restarts = 0;
    return this.launch();
  }

  private async launch(): Promise<boolean> {
    if (this.discarded) return false;
    const { definition, surroundings } = this;
    const since = Date.now() - definition.startLimitIntervalSec;
    this.startTimes = this.startTimes.filter((time) => time > since);
    if (definition.startLimitIntervalSec > 0 && this.startTimes.length >= definition.startLimitBurst) {
      this.fail('start-limit-hit');
      return false;
    }
    this.startTimes.push(Date.now());
    if (surroundings.startFails(this.name)) {
      this.exitCode = 1;
      this.fail('exit-code');
      return false;
    }
    this.invocationId = randomBytes(16).toString('hex');
    this.result = 'success';
    this.exitCode = null;
    const ended = this.spawn();
    if (!ended) {
      this.fail('resources');
      return definition.type === 'simple';
    }
    surroundings.record('unit-started', { unit: this.name, pid: this.mainPid });
    if (definition.type !== 'oneshot') {
      this.enter('active', 'running');
      return true;
    }
    this.enter('activating', 'start');
    await ended;
    return this.result === 'success';
  }

  /** Starts the main process. Undefined when there is nothing to start. */
  private spawn(): Promise<void> | undefined {
    const { definition, surroundings } = this;
    const [file = '', ...args] = definition.execStart;
    mkdirSync(surroundings.journal, { recursive: true });
    const log = openSync(join(surroundings.journal, `${this.name}.log`), 'a', 0o600);
    const user: Record<string, string> = definition.user ? { HOME: surroundings.rootHome, USER: definition.user, LOGNAME: definition.user, SHELL: '/bin/sh' } : {};
    const main = spawn(file, args, {
      cwd: definition.workingDirectory, detached: true, stdio: ['ignore', log, log],
      env: { ...surroundings.environment, ...user, ...definition.environment, INVOCATION_ID: this.invocationId },
    });
    closeSync(log);
    main.once('error', () => undefined);
    if (main.pid === undefined) return undefined;
    this.main = main;
    this.mainPid = main.pid;
    this.mainStarted = now();
    this.settled = new Promise((resolve) => {
      main.once('exit', (code, killedBy) => {
        void this.mainEnded(code, killedBy).then(resolve);
      });
    });
    return this.settled;
  }

  /** The main process ended: the rest of the control group is ended too, then the restart policy decides. */
  private async mainEnded(code: number | null, killedBy: NodeJS.Signals | null): Promise<void> {
    this.main = undefined;
    this.mainPid = 0;
    this.exitCode = code;
    const clean = code === 0 || (killedBy !== null && cleanSignals.has(killedBy));
    this.result = clean ? 'success' : killedBy === null ? 'exit-code' : 'signal';
    if (this.stopping) return;
    this.enter('deactivating', 'stop-sigterm');
    await this.endGroup();
    if (this.stopping) return;
    this.surroundings.record('unit-stopped', { unit: this.name, result: this.result, exitCode: code, signal: killedBy });
    if (this.wantsRestart()) return this.scheduleRestart();
    if (!clean) return this.fail(this.result);
    if (this.definition.remainAfterExit) this.enter('active', 'exited');
    else this.enter('inactive', 'dead');
    this.onRest();
  }

  private wantsRestart(): boolean {
    switch (this.definition.restart) {
      case 'always': return true;
      case 'on-success': return this.result === 'success';
      case 'on-failure': return this.result !== 'success';
      case 'on-abnormal': case 'on-abort': return this.result === 'signal';
      case 'no': return false;
    }
  }

  private scheduleRestart(): void {
    this.enter('activating', 'auto-restart');
    const timer = new AbortController();
    this.restartTimer = timer;
    void delay(this.definition.restartSec, undefined, { signal: timer.signal }).then(() => this.job(async () => {
      if (timer.signal.aborted || this.activeState !== 'activating') return;
      this.restarts += 1;
      await this.launch();
    }), () => undefined);
  }

  private async stopNow(): Promise<boolean> {
    this.restartTimer?.abort();
    if (this.activeState === 'inactive' || this.activeState === 'failed') return true;
    const wasRunning = this.main !== undefined;
    this.stopping = true;
    this.enter('deactivating', 'stop-sigterm');
    await this.endGroup();
    await this.settled;
    this.stopping = false;
    // A main process that had to be killed is a failure, one that ended on SIGTERM is not.
    this.enter('inactive', 'dead');
    if (wasRunning) this.surroundings.record('unit-stopped', { unit: this.name, result: this.result, requested: true });
    this.result = 'success';
    this.onRest();
    return true;
  }

  private async endGroup(): Promise<void> {
    const { killMode, timeoutStopSec } = this.definition;
    if (killMode === 'none') return;
    const others = () => this.members();
    const main = () => (this.main === undefined ? [] : [this.mainPid]);
    signal(killMode === 'control-group' ? others() : main(), 'SIGTERM');
    const awaited = killMode === 'control-group' ? others : main;
    if (!await waitUntilGone(awaited, Math.min(timeoutStopSec, 2 ** 31 - 1))) await killAll(awaited);
    if (killMode === 'mixed') await killAll(others);
  }

  private fail(result: Result): void {
    this.result = result;
    this.enter('failed', 'failed');
    this.surroundings.record('unit-failed', { unit: this.name, result });
    this.onRest();
  }

  private enter(state: ActiveState, subState: string): void {
    if (state === 'active' && this.activeState !== 'active') this.activeEntered = now();
    if ((state === 'inactive' || state === 'failed') && this.activeState !== state) this.inactiveEntered = now();
    this.activeState = state;
    this.subState = subState;
  }
}
