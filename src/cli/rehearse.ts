import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { cliErrors } from '../errors/cli.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { PROJECT_NAME, RUNBOOK_OF } from '../install/names.ts';
import type { RotationName } from '../journal/contract.ts';
import { isPassing } from '../octopus/failure.ts';
import { systemClock } from '../runners/ports/clock.ts';
import { refusalText } from './refusal-text.ts';
import type { Io, RunCommand } from './io.ts';
import { readOptions } from './options.ts';
import { readEstate, type RehearsedEstate } from './rehearsal/estate.ts';
import type { Emit, RehearsalEvent } from './rehearsal/event.ts';
import { JournalTail, namesIn } from './rehearsal/journal-tail.ts';
import { findPrograms, openHome, type Home } from './rehearsal/places.ts';
import { jsonPresenter, plainPresenter, terminalPresenter, type Presenter } from './rehearsal/presenter.ts';
import { fetchReport, saveTaskLog, type SavedReport } from './rehearsal/results.ts';
import { RotationWatch } from './rehearsal/rotation-watch.ts';
import { startSandbox, type RunningSandbox } from './rehearsal/sandbox-process.ts';
import { followRun } from './runs/follow-run.ts';
import { serverAccess, type ServerAccess } from './runs/server-access.ts';
import { summaryOf, summaryText } from './rehearsal/summary.ts';

/** Prompted variable of the runbook: rotate although it is not due. */
const FORCE_VARIABLE = 'Rotation.Force';
const API_KEY_VARIABLE = 'OCTOPUS_REHEARSAL_API_KEY';
const RELAY_POLL_MS = 100;
/** How long the relay may take to remove its job after the rotation has ended. */
const RELAY_END_MS = 10_000;
/** After a run that handed over, how long the journal may be silent while the server answers. */
const SILENCE_MS = 180_000;
/** The same once the relay said that it gave up: it still undrains and queues the run that tells why. */
const SILENCE_AFTER_GIVING_UP_MS = 30_000;

/** `rehearse`: a whole rotation on the embedded Octopus. Exit code 0 when it completed; nothing that it started stays. */
export const runRehearse: RunCommand = async (args, io) => {
  const options = readOptions('rehearse', args, {
    estate: { type: 'string' }, home: { type: 'string' }, keep: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, rotation: { type: 'string', default: 'server-certificate' },
  });
  const { rotation } = options;
  if (!isRotation(rotation)) throw cliErrors.CLI_BAD_OPTION({ command: 'rehearse', problem: `"${rotation}" is no rotation; there are ${Object.keys(RUNBOOK_OF).join(' and ')}.` });
  const programs = findPrograms();
  const estateFile = options.estate === undefined ? programs.estate : resolve(io.folder, options.estate);
  const estate = await readEstate(estateFile);
  const home = await openHome(options.home, io.folder);
  const presenter = options.json ? jsonPresenter(io) : io.isTerminal ? terminalPresenter(io, { now: systemClock.monotonic }) : plainPresenter(io);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(cliErrors.CLI_INTERRUPTED(undefined));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const rehearsal = new Rehearsal({ rotation, io, presenter, estate, estateFile, home, start: programs.start, keep: options.keep, signal: interruption.signal });
    return await rehearsal.run();
  } finally {
    presenter.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await home.clean();
  }
};

function isRotation(name: string): name is RotationName {
  return Object.hasOwn(RUNBOOK_OF, name);
}

interface Setting { rotation: RotationName; io: Io; presenter: Presenter; estate: RehearsedEstate; estateFile: string; home: Home; start: string; keep: boolean; signal: AbortSignal }

class Rehearsal {
  private readonly begun = systemClock.monotonic();
  private readonly emit: Emit = (event) => this.setting.presenter.show({ ...event, elapsed: this.elapsed() } as RehearsalEvent);
  private sandbox: RunningSandbox | null = null;
  private access: ServerAccess | null = null;
  private watch: RotationWatch | null = null;
  private spaceId = '';
  /** The embedded Octopus is being stopped by us, so that its end is no news. */
  private stopping = false;
  /** Aborted by Ctrl-C, or by us when there is nothing more to follow. */
  private readonly halt = new AbortController();

  constructor(private readonly setting: Setting) {
    void aborted(setting.signal).then(() => this.halt.abort(setting.signal.reason));
  }

  private get runbook(): string {
    return RUNBOOK_OF[this.setting.rotation];
  }

  private elapsed(): number {
    return Math.round((systemClock.monotonic() - this.begun) / 100) / 10;
  }

  async run(): Promise<number> {
    try {
      return await this.rehearse();
    } finally {
      await this.stop();
    }
  }

  private async rehearse(): Promise<number> {
    const { setting } = this;
    const { presenter } = setting;
    let failure: unknown = null;
    let saved: SavedReport | null = null;
    try {
      await this.rotate();
    } catch (error) {
      failure = error;
      this.halt.abort(error);
    }
    try {
      if (!(failure !== null && setting.signal.aborted)) saved = await this.collect();
    } catch (error) {
      failure ??= error;
    }
    const report = saved?.report ?? null;
    const path = saved === null ? null : shown(setting.io.folder, saved.html);
    const summary = summaryOf(report, (systemClock.monotonic() - this.begun) / 1000, path);
    const completed = failure === null && summary.outcome === 'completed';
    const keeps = setting.keep && this.sandbox !== null && !setting.signal.aborted;

    if (failure !== null) this.tellFailure(failure);
    if (!keeps) {
      presenter.busy('Stopping the embedded Octopus');
      await this.stop();
      await setting.home.clean();
    }
    presenter.close();
    presenter.say(summaryText(report, summary, { shells: this.shells(), running: this.whatStays(keeps) }));
    presenter.show(summary);
    if (keeps) {
      await Promise.race([aborted(setting.signal), this.sandbox!.ended]);
      await this.stop();
    }
    return completed ? 0 : setting.signal.aborted && !keeps ? 130 : 1;
  }

  /** Everything up to the end of the rotation. */
  private async rotate(): Promise<void> {
    const { estate, home, presenter } = this.setting;
    const { signal } = this.halt;
    this.emit({ event: 'started', estate: estate.name, machines: estate.machines, home: home.folder });
    presenter.busy('Starting the embedded Octopus');
    this.sandbox = await startSandbox(this.setting.start, { estate: this.setting.estateFile, home: home.folder }, signal);
    const { line } = this.sandbox;
    this.shellsOf = new Map(line.tentacles.map((one) => [one.name, one.shell]));
    this.emit({ event: 'sandbox-ready', url: line.url, thumbprint: line.serverThumbprint, machines: line.tentacles.map((one) => ({ name: one.name, state: one.state })), notRehearsed: line.notRehearsed, pollingPauseFactor: line.tentacles.some((one) => one.mode === 'polling') ? line.pollingPauseFactor : 1 });
    const gone = this.sandbox.ended.then((reason) => {
      if (!this.stopping) throw cliErrors.CLI_SANDBOX_ENDED({ reason });
    });
    gone.catch(() => undefined);
    const followed = this.follow(line.url, line.apiKey);
    followed.catch(() => undefined);
    await Promise.race([followed, gone.then(() => followed), aborted(signal).then(() => Promise.reject(signal.reason as Error))]);
  }

  private async follow(url: string, apiKey: string): Promise<void> {
    const { estate, home } = this.setting;
    this.access = serverAccess(url, apiKey);
    const watch = new RotationWatch(new JournalTail(home.state), url, this.emit, systemClock.monotonic);
    this.watch = watch;
    await watch.look();
    let next = await this.awaitRelayAtWork(watch);
    this.spaceId = await this.access.spaceId(estate.host.space);
    if (watch.ended !== null) return;
    if (next === null) {
      await this.install(url, apiKey);
      const snapshotName = await this.access.publishedSnapshot(this.spaceId, estate.host.space, PROJECT_NAME, this.runbook);
      const variables = { [FORCE_VARIABLE]: `Rehearsal of ${systemClock.now().toISOString()}` };
      next = (await this.access.client.runRunbook({ spaceId: this.spaceId, projectName: PROJECT_NAME, runbookName: this.runbook, environmentName: estate.host.environment, snapshotName, variables })).taskId;
    }
    while (next !== null) {
      await this.followRun(next, watch);
      next = await this.awaitNext(next, watch);
    }
  }

  /**
   * A relay that was at work when the home was left goes on by itself as soon as its machine runs, and a run beside it would be refused:
   * answers with the run that it queues, or null when it is through (or there is none) and nothing is at work.
   */
  private async awaitRelayAtWork(watch: RotationWatch): Promise<string | null> {
    const relays = join(this.setting.home.state, 'relay');
    const atWork = (await namesIn(relays)).find((id) => existsSync(join(relays, id, 'job.json')));
    if (atWork === undefined) return null;
    this.setting.presenter.busy('The relay of the open rotation goes on where it stopped');
    watch.takeUp(atWork);
    while (existsSync(join(relays, atWork, 'job.json'))) {
      this.halt.signal.throwIfAborted();
      await watch.look();
      await watch.lookAtServer();
      if (systemClock.monotonic() - watch.lastHeard > SILENCE_MS) break;
      const next = watch.nextRun();
      if (next !== null && !(await this.isCompleted(next))) return next;
      await systemClock.sleep(RELAY_POLL_MS, this.halt.signal);
    }
    await watch.look();
    return null;
  }

  /** While the server does not answer nothing is completed. */
  private async isCompleted(task: string): Promise<boolean> {
    try {
      return (await this.access!.client.task(task)).isCompleted;
    } catch (error) {
      if (!isPassing(error)) throw error;
      return false;
    }
  }

  /** Installs as a user would, and shows nothing of it but its refusals: the installer shows a secret once. */
  private async install(url: string, apiKey: string): Promise<void> {
    const { estate, home, io, presenter } = this.setting;
    presenter.busy('Installing Octopus Rotation into it, over REST');
    const begun = systemClock.monotonic();
    const { runInstall } = await import('./install.ts');
    const quiet: Io = { ...io, out: () => undefined, write: () => undefined, error: (text) => this.emit({ event: 'line', source: 'install', level: 'error', text }), environment: { ...io.environment, [API_KEY_VARIABLE]: apiKey } };
    const exitCode = await runInstall([
      '--server', url, '--api-key-env', API_KEY_VARIABLE, '--space', estate.host.space, '--environment', estate.host.environment, '--host-tentacle', estate.host.tentacle, '--state-folder', home.state, '--offline-machines', 'leave-behind', ...(this.setting.rotation === 'tentacle-certificates' ? ['--other-servers', 'accept'] : []),
    ], quiet);
    if (exitCode !== 0) throw cliErrors.CLI_INSTALL_FAILED({ exitCode });
    this.emit({ event: 'installed', seconds: Math.round((systemClock.monotonic() - begun) / 100) / 10 });
  }

  /** Follows one run to its end; one that does not succeed is CLI_RUN_FAILED, with the whole log saved. */
  private async followRun(task: string, watch: RotationWatch): Promise<void> {
    const access = this.access!;
    this.emit({ event: 'run-started', task, runbook: this.runbook, by: watch.isQueuedByRelay(task) ? 'relay' : 'rehearsal' });
    watch.tasks.add(task);
    const { state, failedStep } = await followRun({
      client: access.client, task, signal: this.halt.signal,
      tell: (told) => {
        if (told.kind === 'phase') this.emit({ event: 'phase', task, phase: told.phase, state: told.state, percent: told.percent, text: told.text, seconds: told.seconds });
        else this.emit({ event: 'line', source: told.phase, level: told.level, text: told.text });
      },
      looked: () => watch.look(),
    });
    this.emit({ event: 'run-ended', task, state });
    if (state === 'Success') return;
    const log = await saveTaskLog(access, task, join(this.setting.home.reports, 'logs'));
    if (log !== null) this.emit({ event: 'saved', what: 'log', path: shown(this.setting.io.folder, log) });
    throw cliErrors.CLI_RUN_FAILED({ task, state, step: failedStep, log });
  }

  /** After a run that succeeded: the run that the relay queues, or null when the rotation has ended. */
  private async awaitNext(last: string, watch: RotationWatch): Promise<string | null> {
    const since = systemClock.monotonic();
    for (;;) {
      this.halt.signal.throwIfAborted();
      await watch.look();
      await watch.lookAtServer();
      if (watch.ended !== null) return null;
      const next = watch.nextRun();
      if (next !== null) return next;
      if (watch.rotation === null) throw cliErrors.CLI_NOTHING_ROTATED({ task: last });
      const limit = watch.relayGaveUp ? SILENCE_AFTER_GIVING_UP_MS : SILENCE_MS;
      if (systemClock.monotonic() - Math.max(watch.lastHeard, since) > limit) throw cliErrors.CLI_NOTHING_FOLLOWED({ task: last, seconds: limit / 1000 });
      await systemClock.sleep(RELAY_POLL_MS, this.halt.signal);
    }
  }

  /** The report, when a rotation was opened at all. */
  private async collect(): Promise<SavedReport | null> {
    const rotation = this.watch?.rotation ?? null;
    if (rotation === null || this.access === null || rotation.entries.length === 0) return null;
    this.setting.presenter.busy('Fetching the report');
    const saved = await fetchReport(this.access, {
      spaceId: this.spaceId, tasks: this.watch!.runs, ended: this.watch!.ended !== null, rotation, folder: this.setting.home.reports,
      sleep: (milliseconds) => systemClock.sleep(milliseconds), monotonic: systemClock.monotonic, now: systemClock.now,
    });
    this.emit({ event: 'saved', what: 'report', path: shown(this.setting.io.folder, saved.html) });
    // The relay still gives the lease back and removes its job; a second rotation must find neither.
    const until = systemClock.monotonic() + RELAY_END_MS;
    while (this.watch!.ended !== null && existsSync(join(this.setting.home.state, 'relay', rotation.rotationId)) && systemClock.monotonic() < until) await systemClock.sleep(100);
    return saved;
  }

  private tellFailure(failure: unknown): void {
    const refusals = refusalsOf(failure);
    if (refusals.length === 0) throw failure;
    for (const refusal of refusals) {
      this.emit({ event: 'refused', code: refusal.code, message: refusal.message, safe: refusal.safe, next: refusal.next });
      this.setting.io.error(refusalText(refusal));
    }
  }

  private async stop(): Promise<void> {
    this.stopping = true;
    await this.sandbox?.stop();
    this.sandbox = null;
  }

  private shellsOf: ReadonlyMap<string, string> = new Map();
  private shells(): ReadonlyMap<string, string> {
    return this.sandbox || this.setting.home.kept ? this.shellsOf : new Map();
  }

  private whatStays(keeps: boolean): string {
    const { home } = this.setting;
    if (keeps) return `The embedded Octopus keeps running at ${this.sandbox!.line.url}; its API key is in ${join(home.folder, 'sandbox.json')}. Ctrl-C stops it${home.kept ? '' : ' and removes its folder'}.`;
    return home.kept ? `The embedded Octopus was stopped; everything it wrote is in ${home.folder}. Start it again for a look: octopus-rotation sandbox --estate ${shown(this.setting.io.folder, this.setting.estateFile)} --home ${home.folder}` : 'The embedded Octopus was stopped and its folder removed.';
  }
}

/** A path as people would type it: relative below the current folder, else whole. */
function shown(folder: string, path: string): string {
  const below = relative(folder, path);
  return below.startsWith('..') || below === '' ? path : below;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })));
}
