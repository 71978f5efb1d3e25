import { refusalsOf } from '../../../src/errors/refusal.ts';
import type { Entry, PlannedMachine, Waiver } from '../../../src/journal/contract.ts';
import { readJournal } from '../../../src/journal/journal.ts';
import { parseRotationId } from '../../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../../src/journal/secrets.ts';
import { openStateFolder } from '../../../src/journal/state-folder.ts';
import { leftBehind, plan, proofs } from '../../../src/journal/views.ts';
import { phase as abandon } from '../../../src/phases/abandon-server-certificate.ts';
import { phase as backUp } from '../../../src/phases/back-up-server-certificate.ts';
import { phase as checkHealth } from '../../../src/phases/check-health.ts';
import type { Phase, PhaseContext } from '../../../src/phases/context.ts';
import { finishServerCertificate } from '../../../src/phases/finish-server-certificate.ts';
import { phase as generate } from '../../../src/phases/generate-server-certificate.ts';
import { phase as planPhase } from '../../../src/phases/plan-server-certificate.ts';
import { phase as prove } from '../../../src/phases/prove-server-certificate-trust.ts';
import { phase as replace } from '../../../src/phases/replace-server-certificate.ts';
import { phase as retire } from '../../../src/phases/retire-server-certificate.ts';
import { enterRotation, type Rotation } from '../../../src/phases/rotation.ts';
import { swapServerCertificate } from '../../../src/phases/swap-server-certificate.ts';
import { phase as trust } from '../../../src/phases/trust-server-certificate.ts';
import { phase as verify } from '../../../src/phases/verify-server-certificate.ts';
import type { Files } from '../../../src/ports/files.ts';
import { generateCertificate, type CertificateWithKey } from '../../../src/sandbox/server/certificate.ts';
import type { RelayJob } from '../../../schemas/types/relay-job.ts';
import { Fleet, TENTACLE } from './fleet.ts';
import { memoryFiles } from './memory-files.ts';
import type { Seeded } from './seeded.ts';
import { VirtualClock } from './virtual-clock.ts';

const SECRET = 'the secret of a fleet that exists only here';
let certificates: { old: CertificateWithKey; fresh: CertificateWithKey } | null = null;

/** As inputs of Plan say it. */
export interface Settings { offlineMachines: 'refuse' | 'leave-behind'; enableDisabled: boolean; waveBy: 'size' | 'environment'; waveSize: number; canaries: number; atOnce: number; stopAfter: number; waivers: Waiver[] }

export const SETTINGS: Settings = { offlineMachines: 'refuse', enableDisabled: false, waveBy: 'size', waveSize: 50, canaries: 1, atOnce: 10, stopAfter: 1000, waivers: [] };

export type Told = { ok: true; outcome: string; outputs: Record<string, string> } | { ok: false; codes: string[]; text: string };

function processorTime(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}

/** Plays a rotation over a scripted fleet: the very phases, the real journal and lease, and what the relay does between the runs. */
export class Play {
  readonly clock = new VirtualClock();
  readonly fleet: Fleet;
  settings: Settings = { ...SETTINGS, waivers: [] };
  /** Warnings of the phase that ran last. */
  warnings: string[] = [];
  /** Processor time by phase, in milliseconds: the machine that runs this has other work, too. */
  readonly spent = new Map<string, number>();
  rotationId = '';
  protected runId = '';
  private outputs: Record<string, string> = {};

  constructor(readonly random: Seeded, readonly files: Files = memoryFiles(), readonly stateFolder = '/state') {
    certificates ??= { old: generateCertificate('Octopus Portal'), fresh: generateCertificate('Octopus Portal') };
    this.fleet = new Fleet(this.clock, random, certificates.old, certificates.fresh, files);
  }

  get old(): string {
    return this.fleet.old.thumbprint;
  }

  get fresh(): string {
    return this.fleet.fresh.thumbprint;
  }

  startRun(): void {
    if (this.runId) this.fleet.endRun(this.runId);
    this.runId = this.fleet.newRun();
  }

  protected context(runner: 'runbook' | 'relay'): PhaseContext {
    const quiet = () => undefined;
    return {
      runner, clock: this.clock, random: this.random, files: this.files, network: this.fleet.network, processes: this.fleet.processes,
      voice: { info: quiet, verbose: quiet, highlight: quiet, warn: (text) => this.warnings.push(text), error: quiet, progress: quiet, secret: quiet },
      relay: {
        start: async (_job, announce) => announce({ unit: 'octopus-rotation-relay.service', relaySha256: 'a'.repeat(64) }),
        stands: () => Promise.resolve(false),
        alive: async () => false,
        checkResult: async () => ({ ready: true, thumbprint: this.old }),
        remove: async () => undefined,
      },
      localTentacle: { executable: TENTACLE, instance: 'Tentacle', home: '/etc/octopus' },
      scriptEnvironment: { PATH: '/usr/bin' },
      octopus: (_url, _key, deadlineMs) => this.fleet.octopus(deadlineMs),
      artifact: async () => undefined,
    };
  }

  protected get common() {
    return { ServerUrl: 'https://octopus.test', ApiKey: 'API-KEY', Secret: SECRET, StateFolder: this.stateFolder, TaskId: this.runId, SpaceId: 'Spaces-1', ProjectName: 'Octopus Rotation', RunbookName: 'Rotate server certificate', EnvironmentName: 'Octopus', SnapshotName: 'Snapshot 1' };
  }

  private async told<Result extends { outcome: string; outputs: Record<string, string> }>(name: string, work: Promise<Result>): Promise<Told> {
    const begun = process.cpuUsage();
    this.warnings = [];
    this.fleet.begun = [];
    this.fleet.tried = [];
    this.fleet.meanwhile.clear();
    this.fleet.mostAtOnce = 0;
    try {
      const { outcome, outputs } = await this.clock.run(work);
      Object.assign(this.outputs, outputs);
      if (outputs['RotationId']) this.rotationId = outputs['RotationId'];
      return { ok: true, outcome, outputs };
    } catch (error) {
      const refusals = refusalsOf(error);
      if (refusals.length === 0) throw error;
      return { ok: false, codes: refusals.map((one) => one.code), text: refusals.map((one) => `${one.message} ${one.next}`).join('\n') };
    } finally {
      this.spent.set(name, (this.spent.get(name) ?? 0) + processorTime(begun));
    }
  }

  private phase<Inputs>(phase: Phase<Inputs>, more: object = {}): Promise<Told> {
    const { RotationId, PlanHash, OldThumbprint, NewThumbprint } = this.outputs;
    return this.told(phase.name, phase.run(this.context('runbook'), { ...this.common, RotationId, PlanHash, OldThumbprint, ...(NewThumbprint ? { NewThumbprint } : {}), ...more } as Inputs));
  }

  plan(): Promise<Told> {
    const { offlineMachines, enableDisabled, waveBy, waveSize, canaries, atOnce, stopAfter, waivers } = this.settings;
    this.outputs = {};
    return this.phase(planPhase, {
      OfflineMachines: offlineMachines, EnableDisabled: enableDisabled, PollingRoute: 'twin', WaveBy: waveBy, WaveSize: waveSize, Canaries: canaries, AtOnce: atOnce, StopAfterFailures: stopAfter, MaximumAgeDays: 365, ExpiresWithinDays: 90, Force: 'INC-1', Waivers: JSON.stringify(waivers), DrainLimitMinutes: 30, RestartWatchSeconds: 60,
    });
  }

  backUp = () => this.phase(backUp);
  generate = () => this.phase(generate, { CertificateMaker: 'octopus-server', KeyBits: '2048', LifetimeYears: 100 });
  trust = () => this.phase(trust);
  prove = () => this.phase(prove);
  replace = () => this.phase(replace);
  healthAfterSwap = () => this.phase(checkHealth, { After: 'swap' });
  retire = () => this.phase(retire);
  healthAfterRetire = () => this.phase(checkHealth, { After: 'retire' });
  verify = () => this.phase(verify);
  abandon = () => this.phase(abandon);

  /** What the relay does when the run that handed over has ended; its next run is begun. */
  swap(): Promise<Told> {
    return this.relay('swap-server-certificate', (context, rotation) => swapServerCertificate(context, rotation, { octopusServer: '/opt/octopus/octopusserver/Octopus.Server', restartCommand: null } as RelayJob));
  }

  finish(): Promise<Told> {
    return this.relay('finish-server-certificate', finishServerCertificate);
  }

  protected relay(name: string, work: (context: PhaseContext, rotation: Rotation) => Promise<void>): Promise<Told> {
    this.fleet.endRun(this.runId);
    this.runId = this.fleet.newRun();
    const context = this.context('relay');
    return this.told(name, (async () => {
      const session = await enterRotation(context, { ...this.common, TaskId: null, RotationId: this.rotationId }, name);
      try {
        await work(context, session.rotation);
        return { outcome: 'continue', outputs: {} };
      } finally {
        await session.lease.yieldLease(this.runId).catch(() => undefined);
      }
    })());
  }

  async entries(): Promise<readonly Entry[]> {
    const rotationId = parseRotationId(this.rotationId);
    return readJournal({ files: this.files, folder: await openStateFolder(this.files, this.stateFolder), rotationId, key: rotationSecrets(SECRET).journalKey(rotationId) });
  }

  async planned(): Promise<PlannedMachine[]> {
    return plan(await this.entries())?.machines ?? [];
  }

  /** What is claimed in the journal and is not so on the machines, or is done and never may be. */
  async lies(): Promise<string[]> {
    const { fleet } = this;
    const lies = [...fleet.violations];
    if (!this.rotationId) return lies;
    const entries = await this.entries();
    const behind = leftBehind(entries);
    const standing = proofs(entries);
    const withdrawn = new Set(entries.filter((entry) => entry.kind === 'intent' && entry.data.effect === 'withdraw-trust').map((entry) => entry.subject));
    for (const machine of fleet.machines) {
      const claims = standing.get(machine.key);
      const has = (claim: Parameters<NonNullable<typeof claims>['get']>[0]) => claims?.has(claim) === true;
      if (has('trusts-new') && !withdrawn.has(machine.key) && !machine.accepts(this.fresh)) lies.push(`${machine.name} is proved and does not accept NEW`);
      if (has('distrusts-old') && machine.accepts(this.old)) lies.push(`${machine.name} is said to refuse OLD and accepts it`);
      if (has('distrusts-new') && machine.accepts(this.fresh)) lies.push(`${machine.name} is said to refuse NEW and accepts it`);
      if (fleet.presented === this.fresh && !machine.accepts(this.fresh) && !behind.has(machine.key)) lies.push(`A1: ${machine.name} is cut off by the swap, and nobody was told`);
    }
    return lies;
  }
}
