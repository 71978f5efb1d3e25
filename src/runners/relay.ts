import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { readLease } from '../journal/held-lease.ts';
import { readJournal } from '../journal/journal.ts';
import { parseRotationId } from '../journal/rotation-id.ts';
import { rotationSecrets } from '../journal/secrets.ts';
import { openStateFolder } from '../journal/state-folder.ts';
import { isEnded, openIntents } from '../journal/views.ts';
import type { Entry } from '../journal/contract.ts';
import type { Task } from '../octopus/contract.ts';
import { octopusServer } from '../server/command-line.ts';
import type { PhaseContext } from '../phases/context.ts';
import { finishingPhase, finishRotation, readyToFinish } from '../phases/finish-rotation.ts';
import { REPORT_HTML, REPORT_JSON, writeReport } from '../phases/write-report.ts';
import { carriesOver } from '../mailbox/carrier.ts';
import { nodeKey } from '../mailbox/message.ts';
import { dismissNodes } from '../phases/dismiss-nodes.ts';
import { carriersOf } from '../phases/node-mailbox.ts';
import { regenerateOwnCertificate } from '../phases/regenerate-own-certificate.ts';
import { relayName } from '../phases/relay-job.ts';
import { serveNode, type NodeJob } from '../phases/serve-node.ts';
import { enterRotation, type Rotation, type RotationAccess, type RotationSession } from '../phases/rotation.ts';
import { reopenTheWayForward, swapServerCertificate } from '../phases/swap-server-certificate.ts';
import { ACCEPTED, CHECKED, JOB, PROGRAM, relayUnit } from './relay-control.ts';

const RUN_LIMIT_MS = 24 * 3_600_000;
const ANSWER_MS = 15_000;
/** Nobody else waits while a relay does, and what it waits for is all that stands between the run and its next act. */
const RUN_PAUSE_MS = 1_000;

/** What a job does between two runs, and what it is called in the journal; a relay that is started again finds out from there where it is. */
interface Act { phase: string; run(context: PhaseContext, rotation: Rotation, job: RelayJob): Promise<void> }
const ACTS: Partial<Record<RelayJob['kind'], Act>> = {
  swap: { phase: 'swap-server-certificate', run: swapServerCertificate },
  'roll-back': { phase: 'swap-server-certificate-back', run: swapServerCertificate },
  'own-certificate': { phase: 'regenerate-own-certificate', run: regenerateOwnCertificate },
};

/**
 * The relay: a process apart from Tentacle and server that does what no run can outlive (DESIGN.md section 6). Started by systemd, again
 * on failure and at boot, until its job is done; every stage observes first.
 */
export async function runRelay(context: PhaseContext, job: RelayJob, ownProgram: Uint8Array): Promise<void> {
  const sha256 = createHash('sha256').update(ownProgram).digest('hex');
  if (sha256 !== job.relaySha256) throw new Error(`The relay's program is not the one of its job (SHA-256 ${sha256}).`);
  await put(context, join(job.folder, ACCEPTED), `${job.rotationId} ${job.kind}\n`);
  if (job.kind === 'check') {
    await put(context, join(job.folder, CHECKED), JSON.stringify(await check(context, job)));
    return;
  }
  if (job.node !== undefined) {
    await runNode(context, { ...job, node: job.node });
    return;
  }
  const relay = new Relay(context, job);
  await relay.run();
}

/** Beside the host: its trial once, whose answer the step reads, then whatever the leading relay asks for, then nothing remains. */
async function runNode(context: PhaseContext, job: NodeJob): Promise<void> {
  const checked = join(job.folder, CHECKED);
  if ((await context.files.facts(checked)) === null) {
    const result = await check(context, job);
    await put(context, checked, JSON.stringify(result));
    // The step that waits for it says so and removes everything.
    if (!result.ready) return;
  }
  await serveNode(context, job, octopusServer(context.processes, job.octopusServer, job.restartCommand ?? undefined));
  await retireRelay(context, job.folder);
}

/** The trial job: the certificate can be read, the service manager answers for this account, a file can be written and read back. */
async function check(context: PhaseContext, job: RelayJob): Promise<{ ready: true; thumbprint: string } | { ready: false; reason: string }> {
  try {
    const path = join(job.folder, 'trial');
    await put(context, path, job.rotationId);
    if (Buffer.from(await context.files.read(path)).toString('utf8') !== job.rotationId) return { ready: false, reason: 'a file that was written reads differently' };
    if (job.node !== undefined) await tryCarriers(context, { ...job, node: job.node });
    const manager = await context.processes.run({ file: 'systemctl', args: ['is-active', relayUnit(relayName(job))], timeoutMs: ANSWER_MS });
    if (manager.exitCode !== 0) return { ready: false, reason: `systemctl does not know its unit: ${manager.stdout.trim()} ${manager.stderr.trim()}` };
    const mayControl = context.files.account === 0 ? { exitCode: 0 } : await context.processes.run({ file: 'sudo', args: ['-n', '-v'], timeoutMs: ANSWER_MS });
    if (mayControl.exitCode !== 0) return { ready: false, reason: 'its account may not control services: it is not root, and sudo asks for a password' };
    return { ready: true, thumbprint: await octopusServer(context.processes, job.octopusServer).showThumbprint() };
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Each way that messages may go takes one and shows it again. */
async function tryCarriers(context: PhaseContext, job: NodeJob): Promise<void> {
  const key = nodeKey(job.node.id);
  const letter = { from: key, to: key, fence: job.node.fence, sequence: 1, text: `trial ${job.rotationId}` };
  for (const carrier of carriersOf(context, { ...job, sharedFolder: job.node.sharedFolder })) {
    if (!(await carriesOver(carrier, letter))) throw new Error(`a message that was left in ${carrier.name} reads differently`);
  }
}

class Relay {
  private readonly access: RotationAccess;
  private readonly finishing: string;

  constructor(private readonly context: PhaseContext, private readonly job: RelayJob) {
    this.access = { ServerUrl: job.serverUrl, ApiKey: job.apiKey, Secret: job.secret, StateFolder: job.stateFolder, SpaceId: job.spaceId, TaskId: null, RotationId: job.rotationId };
    this.finishing = finishingPhase(job.rotationId);
  }

  async run(): Promise<void> {
    if (!(await this.isOver())) await this.work();
    await retireRelay(this.context, this.job.folder);
  }

  /** Killed after it gave the lease back, or overtaken by a person who ended the rotation: nothing is left to do but to go. */
  private async isOver(): Promise<boolean> {
    if (!isEnded(await this.journal())) return false;
    try {
      const marker = await readLease(this.context.octopus(this.job.serverUrl, this.job.apiKey), this.job.spaceId);
      return marker?.rotationId !== this.job.rotationId;
    } catch {
      return false;
    }
  }

  private async work(): Promise<void> {
    let runId: string = this.job.taskId;
    const queued = queuedSince(await this.journal());
    const act = ACTS[this.job.kind];
    if (queued) runId = queued;
    else if (act !== undefined) {
      if (await this.answers()) await this.waitForRun(this.job.taskId);
      const session = await this.enter(act.phase);
      try {
        if (!isEnded(session.rotation.entries())) runId = await this.actAndQueue(session, act);
      } finally {
        await this.yield(session, runId === this.job.taskId ? null : runId);
      }
    }
    if (!isEnded(await this.finishAfter(runId))) this.context.voice.info('The rotation stays open; the run says why.');
  }

  /** Only read: a run that was queued before may hold the lease by now. */
  private async journal(): Promise<readonly Entry[]> {
    const rotationId = parseRotationId(this.job.rotationId);
    const folder = await openStateFolder(this.context.files, this.job.stateFolder);
    return readJournal({ files: this.context.files, folder, rotationId, key: rotationSecrets(this.job.secret).journalKey(rotationId) });
  }

  private async answers(): Promise<boolean> {
    const octopus = this.context.octopus(this.job.serverUrl, this.job.apiKey);
    const start = this.context.clock.monotonic();
    while (this.context.clock.monotonic() - start < ANSWER_MS) {
      try {
        await octopus.about();
        return true;
      } catch {
        await this.context.clock.sleep(1_000);
      }
    }
    return false;
  }

  private async waitForRun(taskId: string): Promise<void> {
    const octopus = this.context.octopus(this.job.serverUrl, this.job.apiKey);
    this.context.voice.info(`Waits for the run ${taskId} to end.`);
    await octopus.waitForTask(taskId, { timeoutMs: RUN_LIMIT_MS, longestPauseMs: RUN_PAUSE_MS });
  }

  /** With the server down the state folder alone must do: starting the server is the first act then. */
  private async enter(phase: string): Promise<RotationSession> {
    return enterRotation(this.context, this.access, phase, !(await this.answers()));
  }

  private async yield(session: RotationSession, runId: string | null): Promise<void> {
    await session.lease.yieldLease(runId).catch((error: unknown) => this.context.voice.warn(`The lease could not be yielded: ${error instanceof Error ? error.message : String(error)}`));
  }

  /** Does its act unless it was done or given up since the hand-over, then queues the run that goes on or tells why not. */
  private async actAndQueue({ rotation, journal }: RotationSession, { phase, run }: Act): Promise<string> {
    const isDecided = sinceHandedOver(rotation.entries()).some((entry) => entry.kind === 'phase-finished' && entry.runner === 'relay');
    if (!isDecided) {
      await journal.append({ kind: 'phase-started', subject: 'estate', data: { phase } });
      const finished = await this.act(rotation, run);
      await journal.append({ kind: 'phase-finished', subject: 'estate', data: { phase, outputs: {}, ...finished } });
    }
    return queuedSince(rotation.entries()) ?? this.queueRun(rotation);
  }

  private async act(rotation: Rotation, run: Act['run']): Promise<{ outcome: 'continue' | 'refused'; refusals: { code: string; message: string; next: string }[] }> {
    try {
      await run(this.context, rotation, this.job);
      return { outcome: 'continue', refusals: [] };
    } catch (error) {
      const refusals = refusalsOf(error);
      // Anything else, and a server that is not there to be told, is tried again by systemd starting us anew.
      if (refusals.length === 0 || refusals.some((one) => one.code.startsWith('OCTOPUS_') || one.code === 'SERVER_DID_NOT_COME_BACK' || one.code === 'LEASE_LOST') || !(await this.answers())) throw error;
      for (const one of refusals) this.context.voice.error(`${one.code}: ${one.message}`);
      await reopenTheWayForward(this.context, rotation, this.job);
      return { outcome: 'refused', refusals: refusals.map(({ code, message, next }) => ({ code, message, next })) };
    }
  }

  /** The same snapshot of the same runbook, with the same environment and prompted values. A run that a killed relay queued already is found, not doubled (D10). */
  private async queueRun(rotation: Rotation): Promise<string> {
    const isUnsure = openIntents(rotation.entries()).some((entry) => entry.data.effect === 'queue-run');
    const found = isUnsure ? await this.runQueuedAlready(rotation) : null;
    let taskId = found?.id ?? null;
    if (taskId === null) {
      await rotation.guard();
      await rotation.intend('queue-run', 'estate', { runbook: this.job.runbookName, snapshot: this.job.snapshotName });
      // The text that forced the rotation is prompted for by its own runbook only.
      const forced = this.job.kind === 'roll-back' ? null : rotation.opened.forced;
      taskId = (await rotation.octopus.runRunbook({ spaceId: this.job.spaceId, projectName: this.job.projectName, runbookName: this.job.runbookName, environmentName: this.job.environmentName, snapshotName: this.job.snapshotName, variables: forced ? { 'Rotation.Force': forced } : {} })).taskId;
    }
    await rotation.done('queue-run', 'estate', { taskId });
    await rotation.record({ kind: 'run-queued', subject: 'estate', data: { taskId, snapshot: this.job.snapshotName } });
    await rotation.stage('queued', `queued the run ${taskId}, which goes on`);
    return taskId;
  }

  private async runQueuedAlready(rotation: Rotation): Promise<Task | null> {
    const tasks = await rotation.octopus.tasks({ name: 'RunbookRun' });
    const number = (id: string) => Number(id.replace(/\D+/g, ''));
    return tasks.find((task) => number(task.id) > number(this.job.taskId) && task.description.includes(this.job.runbookName)) ?? null;
  }

  /** When that run has ended well, the host's own Tentacle is all that is left. */
  private async finishAfter(runId: string): Promise<readonly Entry[]> {
    await this.waitForRun(runId);
    const session = await this.enter(this.finishing);
    const { rotation, lease } = session;
    try {
      if (!isEnded(rotation.entries()) && readyToFinish(rotation)) await this.finish(rotation);
      if (isEnded(rotation.entries())) {
        await this.attachReport(rotation, runId);
        await dismissNodes(this.context, rotation, this.job);
        await lease.releaseLease();
        return rotation.entries();
      }
    } catch (error) {
      await this.yield(session, null);
      throw error;
    }
    await this.yield(session, null);
    return rotation.entries();
  }

  private async finish(rotation: Rotation): Promise<void> {
    try {
      await finishRotation(this.context, rotation);
    } catch (error) {
      const refusals = refusalsOf(error);
      if (refusals.length === 0 || refusals.some((one) => one.code.startsWith('OCTOPUS_') || one.code === 'LEASE_LOST')) throw error;
      for (const one of refusals) this.context.voice.error(`${one.code}: ${one.message}`);
      await rotation.record({ kind: 'phase-finished', subject: 'estate', data: { phase: this.finishing, outcome: 'refused', outputs: {}, refusals: refusals.map(({ code, message, next }) => ({ code, message, next })) } });
    }
  }

  /** The final report, attached to the run that ended well. */
  private async attachReport(rotation: Rotation, taskId: string): Promise<void> {
    const { json, html, repairs } = await writeReport(this.context, rotation);
    for (const { path, name } of [{ path: json, name: `rotation-final-${REPORT_JSON}` }, { path: html, name: `rotation-final-${REPORT_HTML}` }, ...repairs]) {
      await rotation.octopus.attach({ spaceId: this.job.spaceId, taskId, name, content: await this.context.files.read(path) });
    }
  }
}

/**
 * Its job done, the relay in `folder` removes its unit and everything that it was given, secrets first. A relay that is started again
 * without its job was killed in the middle of this, and only has to do it again.
 */
export async function retireRelay({ files, processes }: Pick<PhaseContext, 'files' | 'processes'>, folder: string): Promise<void> {
  await files.remove(join(folder, JOB));
  const program = files.account === 0 ? ['systemctl'] : ['sudo', '-n', 'systemctl'];
  await processes.run({ file: program[0]!, args: [...program.slice(1), 'disable', relayUnit(basename(folder))], timeoutMs: ANSWER_MS });
  // Without its program it could not be started again to do this.
  for (const name of (await files.list(folder)).filter((one) => one !== PROGRAM)) await files.remove(join(folder, name));
  await files.remove(folder);
}

/** What the journal holds since something was handed over last. */
function sinceHandedOver(entries: readonly Entry[]): readonly Entry[] {
  return entries.slice(entries.findLastIndex((entry) => entry.kind === 'handed-over') + 1);
}

/** The run that was queued since then, if any. */
function queuedSince(entries: readonly Entry[]): string | null {
  return sinceHandedOver(entries).findLast((entry): entry is Entry<'run-queued'> => entry.kind === 'run-queued')?.data.taskId ?? null;
}

/** Started again, it says the same again. */
async function put(context: PhaseContext, path: string, text: string): Promise<void> {
  await context.files.replace(path, text);
}
