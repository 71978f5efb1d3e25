import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '../../../src/journal/contract.ts';
import { isEnded } from '../../../src/journal/views.ts';
import type { Violation } from '../invariants.ts';
import { install, journalLines, lease, latestReport, readJournal, rotationIds, runRunbook, taskLog, waitForRun, waitUntilQuiet, type Installed } from '../rotation.ts';
import { startSandbox, until, type GroundTruth, type TestSandbox } from '../sandbox.ts';
import { PLAN_FILE, pointOf, POINTS_FILE, STRUCK_FILE, type KillPlan, type Moment, type Target } from './plan.ts';

/** One row: at which entry, when, and who is killed; `node`: on which other node's machine. */
export interface Row { point: string; occurrence: number; moment: Moment; delayMs: number; target: Target; node: string | null }

export const rowName = (row: Row): string => `${row.target}${row.node === null ? '' : ` ${row.node}`} killed ${row.moment}${row.moment === 'later' ? ` (${row.delayMs} ms)` : ''} "${row.point}"${row.occurrence === 1 ? '' : ` number ${row.occurrence}`}`;

export interface RowResult { row: Row; struck: boolean; runs: number; seconds: number; problems: string[] }

const TARGETS = ['self', 'server', 'tentacle', 'other', 'polling', 'host'] as const satisfies readonly Target[];
const NODE_TARGETS = ['node', 'node-relay', 'node-machine'] as const satisfies readonly Target[];

/** Whom to kill on this estate: with several server nodes also each of the others, with its relay. */
const targetsOn = (nodes: readonly string[]): { target: Target; node: string | null }[] => [
  ...TARGETS.map((target) => ({ target, node: null })), ...nodes.flatMap((node) => NODE_TARGETS.map((target) => ({ target, node }))),
];
const RUN_MS = 180_000;
const QUIET_MS = 240_000;
/** How often a person runs the runbook again. */
const AGAIN = 3;

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** All rows that the points of an undisturbed rotation allow: each kind of entry of each phase and each change of a file, before and after hand-over. `nodes`: machines of the other server nodes. */
export function rowsOf(points: readonly string[], nodes: readonly string[]): Row[] {
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  const rows: Row[] = [];
  let resumed = false;
  for (const point of points) {
    const occurrence = (counts.get(point) ?? 0) + 1;
    counts.set(point, occurrence);
    const key = `${point} ${resumed}`;
    if (point.includes(' run-queued')) resumed = true;
    if (seen.has(key)) continue;
    seen.add(key);
    const isEntry = !point.startsWith('file ');
    for (const moment of ['before', 'after'] as const) {
      for (const whom of targetsOn(nodes)) if (isEntry || whom.target === 'self' || whom.target === 'host') rows.push({ point, occurrence, moment, delayMs: 0, ...whom });
    }
    if (isEntry) rows.push({ point, occurrence, moment: 'torn', delayMs: 0, target: 'self', node: null });
  }
  return rows;
}

/** A random time after a random point, and a random target. */
export function randomRow(points: readonly string[], nodes: readonly string[], random: () => number): Row {
  const targets = targetsOn(nodes);
  const at = Math.floor(random() * points.length);
  const point = points[at]!;
  const occurrence = points.slice(0, at + 1).filter((one) => one === point).length;
  return { point, occurrence, moment: 'later', delayMs: Math.floor(random() * 2_000), ...targets[Math.floor(random() * targets.length)]! };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items.map((item) => [random(), item] as const).sort(([one], [other]) => one - other).map(([, item]) => item);
}

/** The package that can be killed at every entry; made once. */
export function buildKillable(): string {
  const folder = mkdtempSync(join(tmpdir(), 'killable-'));
  execFileSync(process.execPath, ['test/support/killing/build.mjs', folder], { stdio: 'inherit' });
  return folder;
}

/** Which rotation is killed, and what must hold of it. */
export interface KilledRotation {
  runbook: string;
  /** Further options of `octopus-rotation install`. */
  settings: readonly string[];
  isPlanned(entries: readonly Entry[]): boolean;
  /** The rules of INVARIANTS.md that are broken now. `at`: when the ground truth was read; the entries are newer. */
  check(seen: { installed: Installed; truth: GroundTruth; before: GroundTruth; id: string | undefined; entries: readonly Entry[]; settled: boolean; at: string; fence?: number }): Promise<Violation[]> | Violation[];
  /** What else is wrong once it is over. */
  end(seen: { installed: Installed; id: string; entries: readonly Entry[] }): Promise<string[]> | string[];
}

/** One sandbox with the killable package in it, in which rotation follows rotation. */
export class KillBench {
  private constructor(private readonly rotation: KilledRotation, private readonly sandbox: TestSandbox, readonly installed: Installed, private readonly machines: Pick<KillPlan, 'host' | 'other' | 'polling'>, readonly nodes: readonly string[]) {}

  static async start(rotation: KilledRotation, estate: string, killable: string): Promise<KillBench> {
    const sandbox = await startSandbox({ estate });
    try {
      const installed = await install(sandbox, { from: killable, settings: [...rotation.settings] });
      const host = sandbox.line.serverMachine;
      const rest = sandbox.line.tentacles.filter((one) => one.name !== host);
      const polling = rest.find((one) => one.address.startsWith('poll:'));
      const nodes = sandbox.line.nodes.map((one) => one.machine).filter((one) => one !== host);
      const other = rest.find((one) => one !== polling && !nodes.includes(one.name))!;
      return new KillBench(rotation, sandbox, installed, { host, other: other.name, polling: (polling ?? other).name }, nodes);
    } catch (error) {
      await sandbox.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.sandbox.stop();
  }

  /** A rotation that nobody disturbs; what it passes are the points to kill at, in order. */
  async undisturbed(): Promise<{ points: string[]; problems: string[] }> {
    const path = join(this.installed.stateFolder, POINTS_FILE);
    mkdirSync(this.installed.stateFolder, { recursive: true, mode: 0o700 });
    writeFileSync(path, '');
    const before = await this.sandbox.truth();
    const known = new Set(rotationIds(this.installed.stateFolder));
    await this.run('nobody disturbs this one');
    await waitUntilQuiet(this.installed, QUIET_MS);
    const problems = [...await this.check(before, known, true, 'at the end'), ...await this.end(known)];
    const points = readFileSync(path, 'utf8').split('\n').filter((line) => line !== '');
    rmSync(path);
    return { points, problems };
  }

  /** Kills once, does what a person would do, and says everything that was not as it must be. */
  async runRow(row: Row, force: string): Promise<RowResult> {
    const begun = performance.now();
    const { stateFolder } = this.installed;
    const struckPath = join(stateFolder, STRUCK_FILE);
    const before = await this.sandbox.truth();
    const known = new Set(rotationIds(stateFolder));
    const problems: string[] = [];
    let runs = 0;
    let struck = false;
    try {
      this.lay(row);
      runs++;
      const first = await runRunbook(this.installed, { force, runbook: this.rotation.runbook });
      let over = false;
      const end = waitForRun(this.installed, first, RUN_MS).then(() => waitUntilQuiet(this.installed, QUIET_MS)).then(() => { over = true; });
      end.catch(() => { over = true; });
      await until('the kill strikes, or the rotation is over', RUN_MS + QUIET_MS, () => Promise.resolve(over || existsSync(struckPath)));
      struck = existsSync(struckPath);
      if (!struck) rmSync(join(stateFolder, PLAN_FILE), { force: true });
      if (row.moment === 'later') await new Promise((resolve) => setTimeout(resolve, row.delayMs));
      problems.push(...await this.check(before, known, false, 'after the kill'));
      await this.revive();
      await end;
      problems.push(...await this.check(before, known, true, 'when nothing went on any more'));
      while (!this.isCompleted(known) && runs <= AGAIN) {
        runs++;
        await this.run(force);
        problems.push(...await this.check(before, known, false, `after run ${runs}`));
        await waitUntilQuiet(this.installed, QUIET_MS);
        problems.push(...await this.check(before, known, true, `at the end of run ${runs}`));
      }
      problems.push(...await this.end(known));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    } finally {
      rmSync(struckPath, { force: true });
      rmSync(join(stateFolder, PLAN_FILE), { force: true });
    }
    return { row, struck, runs, seconds: Math.round((performance.now() - begun) / 100) / 10, problems: [...new Set(problems)] };
  }

  /** What is worth knowing about a row that failed. */
  async evidence(): Promise<string> {
    const { stateFolder } = this.installed;
    const id = rotationIds(stateFolder).at(-1);
    const entries = id === undefined ? [] : journalLines(stateFolder, id);
    const lines = entries.slice(-25).map((entry) => `  ${entry.sequence} ${entry.at.slice(11)} ${entry.fence} ${pointOf(entry)} ${JSON.stringify(entry.data).slice(0, 160)}`);
    const relayLog = id === undefined ? '' : join(stateFolder, 'rotations', id, 'relay.log');
    const tail = (text: string, count: number): string => text.trimEnd().split('\n').slice(-count).map((line) => `  ${line}`).join('\n');
    const last = entries.findLast((entry) => entry.taskId !== null)?.taskId;
    const truth = await this.sandbox.truth().catch(() => null);
    return [
      `journal of ${id ?? 'nothing'}:`, ...lines,
      'relay.log:', existsSync(relayLog) ? tail(readFileSync(relayLog, 'utf8'), 12) : '  none',
      `log of ${last ?? 'no task'}:`, last ? tail(await taskLog(this.installed, last).catch(String), 15) : '',
      'units:', ...(await this.sandbox.machines().catch(() => [])).flatMap((one) => one.units.map((unit) => `  ${one.name} ${unit.name} ${unit.activeState}/${unit.subState} restarts ${unit.restarts}`)),
      'events:', ...(truth?.events.slice(-20).map((event) => `  ${JSON.stringify(event).slice(0, 220)}`) ?? []),
    ].join('\n');
  }

  /** Writes the plan under another name first, so that it is never read half. */
  private lay(row: Row): void {
    const { stateFolder } = this.installed;
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    const { controlUrl, controlToken } = this.sandbox.line;
    const path = join(stateFolder, PLAN_FILE);
    writeFileSync(`${path}.new`, JSON.stringify({ ...row, controlUrl, controlToken, ...this.machines } satisfies KillPlan));
    renameSync(`${path}.new`, path);
  }

  private async run(force: string): Promise<void> {
    await waitForRun(this.installed, await runRunbook(this.installed, { force, runbook: this.rotation.runbook }), RUN_MS);
  }

  /** Starts what a person finds down: machines first, then what the service manager did not start again. */
  private async revive(): Promise<void> {
    await until('server and Tentacles run again', 60_000, async () => {
      for (const machine of await this.sandbox.machines()) {
        if (!machine.on) await this.sandbox.power(machine.name, 'start');
        else for (const unit of machine.units) if (/^(Tentacle|octopusserver)\.service$/i.test(unit.name) && ['inactive', 'failed'].includes(unit.activeState)) await this.sandbox.unit(machine.name, unit.name, 'start');
      }
      const { server, tentacles } = await this.sandbox.truth();
      return server.nodes.every((node) => node.running) && tentacles.every((one) => one.running) && (await fetch(`${this.sandbox.line.url}/api`)).ok;
    });
  }

  private newRotations(known: ReadonlySet<string>): string[] {
    return rotationIds(this.installed.stateFolder).filter((id) => !known.has(id) && this.rotation.isPlanned(journalLines(this.installed.stateFolder, id)));
  }

  private isCompleted(known: ReadonlySet<string>): boolean {
    const made = this.newRotations(known);
    return made.length > 0 && made.every((id) => isEnded(journalLines(this.installed.stateFolder, id)));
  }

  private async check(before: GroundTruth, known: ReadonlySet<string>, settled: boolean, when: string): Promise<string[]> {
    const { stateFolder } = this.installed;
    const ids = this.newRotations(known);
    const problems = ids.length > 1 ? [`${when}: several rotations were planned: ${ids.join(', ')}`] : [];
    // The truth is looked at before the journal, which only grows: an effect without its intent is then none that came in between.
    const at = new Date().toISOString();
    const truth = await this.sandbox.truth();
    const id = ids.at(-1);
    const entries = id === undefined ? [] : journalLines(stateFolder, id);
    const violations = await this.rotation.check({
      installed: this.installed, truth, before, id, entries, settled, at,
      ...(settled && existsSync(join(stateFolder, 'fence')) ? { fence: Number(readFileSync(join(stateFolder, 'fence'), 'utf8')) } : {}),
    });
    return [...problems, ...violations.map((one) => `${when}: ${one.rule}: ${one.text}`)];
  }

  /** What must be so once a rotation is over. */
  private async end(known: ReadonlySet<string>): Promise<string[]> {
    const { stateFolder } = this.installed;
    const ids = this.newRotations(known);
    if (ids.length !== 1) return [`${ids.length} rotations were planned instead of one`];
    const id = ids[0]!;
    const entries = await readJournal(this.installed, id);
    const problems: string[] = [];
    const last = entries.at(-1);
    if (last?.kind !== 'ended' || last.data.outcome !== 'completed') problems.push(`the rotation did not complete; its last entry is ${last === undefined ? 'none' : pointOf(last)}`);
    else {
      if ((await lease(this.installed)) !== null) problems.push('the lease is still there after the end');
      const relays = existsSync(join(stateFolder, 'relay')) ? readdirSync(join(stateFolder, 'relay')).filter((name) => name.startsWith(id)) : [];
      if (relays.length > 0) problems.push(`${relays.join(' and ')} of the relays are still there after the end`);
      const report = latestReport(this.installed, id);
      if (report?.outcome !== 'completed') problems.push(`the report says ${String(report?.outcome)}`);
    }
    return [...problems, ...await this.rotation.end({ installed: this.installed, id, entries })];
  }
}
