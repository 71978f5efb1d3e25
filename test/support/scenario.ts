import { expect } from 'vitest';
import type { Entry } from '../../src/journal/contract.ts';
import { newCertificate, plan } from '../../src/journal/views.ts';
import type { Task } from '../../src/octopus/contract.ts';
import { InstalledOctopus } from './installed-octopus.ts';
import { checkInvariants } from './invariants.ts';
import { install, pfxOpens, readJournal, runRunbook, taskLog, waitForRotationEnd, waitForRun, waitUntilQuiet, type InstallOptions } from './rotation.ts';
import { startSandbox, until, type GroundTruth, type TentacleTruth } from './sandbox.ts';

/** What one run of the runbook came to. */
export interface Run { task: Task; log: string; refusals: string[] }

/** One embedded Octopus through several stories: runs as a person starts them, what they came to, and the invariants after each. */
export class Scenario extends InstalledOctopus {
  private before: GroundTruth | null = null;
  /** Places in the ground truth's events that a test caused by playing somebody else. */
  private readonly meddled = new Set<number>();

  static async start(estate: string, options: InstallOptions = {}): Promise<Scenario> {
    const sandbox = await startSandbox({ estate });
    return new Scenario(sandbox, await install(sandbox, options));
  }

  /** Installs anew with other settings; the secret stays. */
  async set(...settings: string[]): Promise<void> {
    this.installed = await install(this.sandbox, { settings, secret: this.installed.secret });
  }

  get old(): string {
    return plan(this.journal())!.old;
  }

  get fresh(): string {
    return newCertificate(this.journal())!.thumbprint;
  }

  async tentacle(machine: string): Promise<TentacleTruth> {
    return (await this.sandbox.truth()).tentacles.find((one) => one.machine === machine)!;
  }

  /** From here on events belong to the next rotation. */
  async begin(): Promise<void> {
    this.before = await this.sandbox.truth();
  }

  /** Starts a run as a person does, without waiting for it. */
  start(force: string): Promise<string> {
    return runRunbook(this.installed, { force });
  }

  /** A run as a person starts it, to its end. */
  async run(force: string, limitMs?: number): Promise<Run> {
    return this.ended(await this.start(force), limitMs);
  }

  /** Waits for a run and reads what it said. */
  async ended(taskId: string, limitMs?: number): Promise<Run> {
    const task = await waitForRun(this.installed, taskId, limitMs);
    const log = await taskLog(this.installed, taskId);
    return { task, log, refusals: [...log.matchAll(/\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): /g)].map((match) => match[1]!) };
  }

  /** Waits for an entry that was written after the first `after` ones. */
  entry(what: string, matches: (entry: Entry) => boolean, after = 0, limitMs = 90_000): Promise<Entry> {
    return until(what, limitMs, () => Promise.resolve(this.journal().slice(after).find(matches)), 20);
  }

  /** The run that the relay queued after the first `after` entries, to its end. */
  async queuedRun(after: number): Promise<Run> {
    const entry = await this.entry('the relay queues the runbook again', (one) => one.kind === 'run-queued', after);
    return this.ended((entry as Entry<'run-queued'>).data.taskId);
  }

  /** Runs the runbook again, and it completes. */
  async completes(force: string, save?: RegExp): Promise<void> {
    const run = await this.run(force);
    expect(run.task.state, run.log.slice(-3000)).toBe('Success');
    await this.ends(save);
  }

  /** Waits for the last entry of the rotation; what it was is held by the invariants. */
  async ends(save?: RegExp): Promise<void> {
    await waitForRotationEnd(this.installed);
    await waitUntilQuiet(this.installed);
    await this.holds(save);
    expect((await this.sandbox.truth()).server.database.thumbprint).toBe(this.fresh);
  }

  /** What somebody else does meanwhile: its events are not held against the rotation. */
  async meddle<T>(act: () => Promise<T>): Promise<T> {
    const from = (await this.sandbox.truth()).events.length;
    const done = await act();
    for (let at = from; at < (await this.sandbox.truth()).events.length; at += 1) this.meddled.add(at);
    return done;
  }

  /** INVARIANTS.md, against the ground truth, when nothing goes on. `save`: what the test itself brought about. */
  async holds(save?: RegExp): Promise<void> {
    await waitUntilQuiet(this.installed);
    const entries = await readJournal(this.installed, this.rotationId);
    const oldPfxOpens = plan(entries) === null ? null : await pfxOpens(this.installed, this.rotationId, plan(entries)!.old, 'old');
    const truth = await this.sandbox.truth();
    const events = truth.events.filter((_, at) => !this.meddled.has(at));
    const violations = checkInvariants({ truth: { ...truth, events }, before: this.before!, entries, settled: true, oldPfxOpens });
    expect(violations.filter((one) => !(save?.test(one.text) ?? false))).toEqual([]);
  }

  /** A deployment that somebody else runs on a machine meanwhile: it ends when `finish` is called. */
  async longTask(machine: string, marker: string): Promise<{ task: Task; finish: () => Promise<void> }> {
    const found = (await this.client.registrations(this.installed.spaceId)).find((one) => one.name === machine)!;
    const task = await this.client.runScript({ description: 'Somebody else\'s deployment', syntax: 'Bash', body: `for try in $(seq 1 1200); do test -e '${marker}' && exit 0; sleep 0.1; done; exit 1`, spaceId: this.installed.spaceId, targets: { kind: 'target', ids: [found.id] } });
    await until('the other deployment runs', 30_000, async () => (await this.client.task(task.id)).state === 'Executing');
    return {
      task,
      finish: async () => {
        const { writeFile } = await import('node:fs/promises');
        await writeFile(marker, '');
        await waitForRun(this.installed, task.id);
      },
    };
  }

  /** Whether some node takes no tasks. */
  async isDrained(): Promise<boolean> {
    return (await this.client.nodes()).some((node) => node.isDraining);
  }

  stop(): Promise<void> {
    return this.sandbox.stop();
  }
}
