import { expect } from 'vitest';
import type { Entry, EntryData } from '../../src/journal/contract.ts';
import type { Task } from '../../src/octopus/contract.ts';
import type { Report } from '../../schemas/types/report.ts';
import { InstalledOctopus } from './installed-octopus.ts';
import type { Violation } from './invariants.ts';
import { install, journalLines, latestReport, rotationIds, runRunbook, taskLog, waitForRotationEnd, waitForRun, waitUntilQuiet, type InstallOptions, type Installed } from './rotation.ts';
import { startSandbox, until, type GroundTruth, type TentacleTruth, type TestSandbox } from './sandbox.ts';
import { readSwitches } from './switches.ts';
import { checkTentacleInvariants } from './tentacle-invariants.ts';

export const ROTATE_TENTACLES = 'Rotate Tentacle certificates';
export const REPAIR_TENTACLES = 'Repair Tentacle certificates';

/** What is not wrong with a sandbox in the middle of a rotation of Tentacle certificates, or at its end. */
export async function tentacleViolations(sandbox: TestSandbox, { stateFolder }: Installed, before: GroundTruth, id: string, settled: boolean): Promise<Violation[]> {
  const at = new Date().toISOString();
  const truth = await sandbox.truth();
  const switches = readSwitches(sandbox.line.home);
  // The journal last: it only grows, and what it intended was there before what the ground truth shows.
  return checkTentacleInvariants({ truth, before, entries: journalLines(stateFolder, id), switches, settled, at });
}

/** One embedded Octopus whose Tentacles get new certificates: runs as a person starts them, and the invariants meanwhile and afterwards. */
export class TentacleScenario extends InstalledOctopus {
  private before!: GroundTruth;
  private watch: { stop(): Promise<Violation[]> } | null = null;

  static async start(estate: string, options: InstallOptions & { home?: string } = {}): Promise<TentacleScenario> {
    const sandbox = await startSandbox({ estate, ...(options.home === undefined ? {} : { home: options.home }) });
    const scenario = new TentacleScenario(sandbox, await install(sandbox, options));
    await scenario.begin();
    return scenario;
  }

  /** From here on events belong to the next rotation, and the invariants are watched until it `ends`. */
  async begin(): Promise<void> {
    this.before = await this.sandbox.truth();
    const known = rotationIds(this.installed.stateFolder);
    const found: Violation[] = [];
    let going = true;
    const watching = (async () => {
      while (going) {
        const id = rotationIds(this.installed.stateFolder).find((one) => !known.includes(one));
        if (id !== undefined) found.push(...await tentacleViolations(this.sandbox, this.installed, this.before, id, false).catch(() => []));
        // A sample by the clock on purpose: what holds between two events is to be seen as well, and nothing waits for it.
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    })();
    this.watch = { stop: async () => ((going = false), await watching, found) };
  }

  get plan(): EntryData['tentacles-planned'] {
    return this.journal().findLast((entry): entry is Entry<'tentacles-planned'> => entry.kind === 'tentacles-planned')!.data;
  }

  /** The key of a machine in the plan, by the name of one of its registrations. */
  keyOf(name: string): string {
    return this.plan.machines.find((one) => one.name === name || one.registrations.some((registration) => registration.name === name))!.key;
  }

  get report(): Report {
    return latestReport(this.installed, this.rotationId)!;
  }

  async tentacle(machine: string): Promise<TentacleTruth> {
    return (await this.sandbox.truth()).tentacles.find((one) => one.machine === machine)!;
  }

  /** What it shows, and what each of its registrations holds. */
  async certificates(machine: string): Promise<{ presents: string | undefined; registered: (string | null)[] }> {
    const truth = await this.sandbox.truth();
    return { presents: truth.tentacles.find((one) => one.machine === machine)?.ownCertificate.presented?.thumbprint, registered: truth.registrations.filter((one) => one.machine === machine).map((one) => one.thumbprint) };
  }

  start(variables: Record<string, string>, runbook = ROTATE_TENTACLES): Promise<string> {
    return runRunbook(this.installed, { runbook, variables });
  }

  /** A run as a person starts it, to its end; `log` is what its steps said. */
  async run(variables: Record<string, string>, runbook = ROTATE_TENTACLES, limitMs?: number): Promise<{ task: Task; log: string }> {
    return this.ended(await this.start(variables, runbook), limitMs);
  }

  async ended(taskId: string, limitMs?: number): Promise<{ task: Task; log: string }> {
    return { task: await waitForRun(this.installed, taskId, limitMs), log: await taskLog(this.installed, taskId) };
  }

  /** Waits for an entry of the rotation opened last. */
  entry(what: string, matches: (entry: Entry) => boolean, limitMs = 120_000): Promise<Entry> {
    return until(what, limitMs, () => Promise.resolve(this.journal().find(matches)), 20);
  }

  /** The rotation ends, nothing of it is left, and the invariants held all the time. `save`: what the test itself brought about. */
  async ends({ limitMs = 240_000, save }: { limitMs?: number; save?: RegExp } = {}): Promise<void> {
    await waitForRotationEnd(this.installed, limitMs);
    await this.holds({ limitMs, ...(save ? { save } : {}) });
  }

  /** The invariants, when nothing goes on any more. */
  async holds({ limitMs = 240_000, save }: { limitMs?: number; save?: RegExp } = {}): Promise<void> {
    await waitUntilQuiet(this.installed, limitMs);
    const found = [...(await this.watch?.stop() ?? []), ...await tentacleViolations(this.sandbox, this.installed, this.before, this.rotationId, true)];
    this.watch = null;
    expect([...new Set(found.map((one) => `${one.rule}: ${one.text}`))].filter((text) => !(save?.test(text) ?? false))).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.watch?.stop();
    await this.sandbox.stop();
  }
}
