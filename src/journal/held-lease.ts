import { leaseErrors } from '../errors/lease.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { ProcessIdentity, Processes } from '../ports/processes.ts';
import type { Random } from '../ports/random.ts';
import type { LeaseMarker, RotationName, RunnerName } from './contract.ts';
import { readJournal } from './journal.ts';
import { decideLease, holderText, isSameProcess, type LeaseDecision } from './lease.ts';
import { leaseStore, type LeaseStore, type SeenLease } from './lease-store.ts';
import { lockHost, type HostLock } from './lock.ts';
import { newRotationId, parseRotationId, rotationNameOf, type RotationId } from './rotation-id.ts';
import type { RotationSecrets } from './secrets.ts';
import type { StateFolder } from './state-folder.ts';
import { isEnded } from './views.ts';

export interface LeaseOptions {
  octopus: OctopusClient;
  /** Asked before every effect; give it a short deadline, so that a stopped server costs little. Default: `octopus`. */
  quickOctopus?: OctopusClient;
  spaceId: string;
  files: Files;
  folder: StateFolder;
  processes: Processes;
  clock: Clock;
  random: Random;
  secrets: RotationSecrets;
  rotation: RotationName;
  runner: RunnerName;
  taskId: string | null;
  /** The rotation to go on with; null for whichever is open. */
  rotationId: RotationId | null;
  /** May a rotation be opened where none is? */
  opening: boolean;
  /** How long to wait for the other one of relay and run, in milliseconds. */
  waitMs: number;
  onWait?: (why: string) => void;
  /** A person takes over from the holder of this name (`holderName`), also from another host whose state folder was put back here. */
  takeOver?: string;
}

/** The right to change things, until it is yielded, released or lost. */
export interface Lease {
  readonly rotationId: RotationId;
  readonly fence: number;
  /** `resumed`: taken up again from the state folder while Octopus did not answer. */
  readonly taken: 'new' | 'over' | 'again' | 'resumed';
  /** Before every effect: the state folder's fence is mine and, when Octopus answers, its marker names my rotation and fence. Else LEASE_LOST. */
  guard(): Promise<void>;
  /** The state folder's part of `guard`, for journal entries and while the server is known to be down. */
  guardHere(): Promise<void>;
  /** Nobody works any more; only the run named by `taskId` may go on until it is completed (default: my own run; null: whoever comes). */
  yieldLease(taskId?: string | null): Promise<void>;
  /** The rotation has ended: takes the marker away. */
  releaseLease(): Promise<void>;
}

const ATTEMPTS = 8;
const POLL_MS = 500;
const LINE_END = 0x0a;
/** A holder that has just yielded removes its lock a moment later. */
const LOCK_WAIT_MS = 1500;
const NOT_ANSWERING = new Set(['OCTOPUS_UNREACHABLE', 'OCTOPUS_STARTING', 'OCTOPUS_FAILED', 'OCTOPUS_NOT_JSON', 'OCTOPUS_LIMITED']);

/**
 * Takes the lease: looks at marker, holder and state folder, decides (`decideLease`), locks this host, swaps the marker and writes the
 * fence. Somebody else's write in between means deciding again, a bounded number of times (LEASE_CONTENDED). Besides the refusals of the decision:
 * STATE_FOLDER_MISSING for a marker whose journal is not here, STATE_FOLDER_OLDER for a journal that had more entries, MARKER_MISSING for an open journal that no marker names,
 * LEASE_LOCKED for another process in this state folder.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { folder, clock, processes } = options;
  const store = leaseStore(options.octopus, options.spaceId);
  const deadline = clock.monotonic() + options.waitMs;
  const newId = options.rotationId ?? newRotationId(options.rotation, clock.now(), options.random);
  let lock: HostLock | null = null;
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; ) {
      const seen = await store.read();
      const decision = await decide(options, seen);
      if ('refuse' in decision) throw decision.refuse;
      if ('wait' in decision) {
        if (clock.monotonic() >= deadline) throw leaseErrors.LEASE_HELD(holderText(seen.marker!));
        options.onWait?.(decision.wait);
        // Waiting with the lock in hand would keep the other one from its work.
        await lock?.release();
        lock = null;
        await clock.sleep(POLL_MS);
        continue;
      }
      lock ??= await patientLock(options, deadline, options.takeOver === undefined ? null : seen.marker!.holder.process);
      const rotationId = decision.take === 'new' ? newId : parseRotationId(seen.marker!.rotationId);
      // The journal is there before the marker points to it, so that a missing one always means loss.
      if (decision.take === 'new') await prepareNew(options, rotationId);
      const now = clock.now().toISOString();
      const marker: LeaseMarker = {
        format: 1,
        rotation: rotationNameOf(rotationId),
        rotationId,
        host: processes.host,
        stateFolder: folder.path,
        fence: decision.fence,
        entries: await entriesIn(options, rotationId),
        holder: { runner: options.runner, taskId: options.taskId, process: processes.self },
        openedAt: decision.take === 'new' ? now : seen.marker!.openedAt,
        heldSince: now,
      };
      if (await store.swap(seen, marker)) {
        await folder.writeFence(decision.fence);
        return held(options, store, lock, { rotationId, fence: decision.fence, taken: decision.take });
      }
      attempt++;
    }
    throw leaseErrors.LEASE_CONTENDED({ attempts: ATTEMPTS });
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/**
 * For a relay that is started again while Octopus does not answer: goes on with the fence of the state folder. The lock proves that its former
 * process is dead. Once Octopus answers, `takeLease` puts the new process into the marker.
 */
export async function resumeLeaseHere(options: LeaseOptions & { rotationId: RotationId }): Promise<Lease> {
  const { folder, rotationId, clock } = options;
  const lock = await patientLock(options, clock.monotonic() + options.waitMs);
  try {
    // Refuses with JOURNAL_MISSING, and when the journal is not authentic.
    const entries = await readJournal({ files: options.files, folder, rotationId, key: options.secrets.journalKey(rotationId) });
    const fence = await folder.readFence();
    if (fence === 0 || entries.length === 0 || isEnded(entries)) throw leaseErrors.ROTATION_NOT_OPEN({ asked: rotationId });
    return held(options, leaseStore(options.octopus, options.spaceId), lock, { rotationId, fence, taken: 'resumed' });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What Octopus says about the lease now, for status. */
export async function readLease(octopus: OctopusClient, spaceId: string): Promise<LeaseMarker | null> {
  return (await leaseStore(octopus, spaceId).read()).marker;
}

/** Rotations whose journal has begun and not ended. Refuses when one of the journals is not authentic: unknown is not ended. */
export async function openRotations(files: Files, folder: StateFolder, secrets: RotationSecrets): Promise<RotationId[]> {
  const open: RotationId[] = [];
  for (const rotationId of await folder.rotationIds()) {
    // Opened is written after the marker: a folder without it was prepared, and nothing was done.
    if (!(await folder.hasJournal(rotationId))) continue;
    const entries = await readJournal({ files, folder, rotationId, key: secrets.journalKey(rotationId) });
    if (entries.length > 0 && !isEnded(entries)) open.push(rotationId);
  }
  return open;
}

/** Whole lines of the journal; 0 where it is not there. They are verified when it is opened. */
async function entriesIn({ files, folder }: LeaseOptions, rotationId: RotationId): Promise<number> {
  if (!(await folder.hasJournal(rotationId))) return 0;
  const content = await files.read(folder.journalPath(rotationId));
  let lines = 0;
  for (let at = content.indexOf(LINE_END); at !== -1; at = content.indexOf(LINE_END, at + 1)) lines++;
  return lines;
}

/** An id whose journal has begun is not opened a second time. */
async function prepareNew({ files, folder, secrets }: LeaseOptions, rotationId: RotationId): Promise<void> {
  await folder.prepare(rotationId);
  const entries = await readJournal({ files, folder, rotationId, key: secrets.journalKey(rotationId) });
  if (entries.length > 0) throw leaseErrors.ROTATION_NOT_OPEN({ asked: rotationId });
}

async function decide(options: LeaseOptions, { marker }: SeenLease): Promise<LeaseDecision> {
  const { files, folder, processes, secrets, runner, taskId, rotationId, opening, takeOver = null } = options;
  const isHere = marker !== null && marker.host === processes.host && marker.stateFolder === folder.path;
  let ended = false;
  if (marker === null) {
    const open = await openRotations(files, folder, secrets);
    if (open.length > 0) throw leaseErrors.MARKER_MISSING({ rotationIds: open, stateFolder: folder.path });
  } else if (isHere || takeOver !== null) {
    const id = parseRotationId(marker.rotationId);
    if (!(await folder.hasJournal(id))) throw isHere ? leaseErrors.STATE_FOLDER_MISSING({ ...holderText(marker), path: folder.journalPath(id) }) : leaseErrors.LEASE_ELSEWHERE({ ...holderText(marker), here: processes.host, hereFolder: folder.path });
    const found = await entriesIn(options, id);
    if (takeOver === null && found < marker.entries) throw leaseErrors.STATE_FOLDER_OLDER({ ...holderText(marker), path: folder.journalPath(id), found, expected: marker.entries });
    if (opening) ended = isEnded(await readJournal({ files, folder, rotationId: id, key: secrets.journalKey(id) }));
  }
  return decideLease({
    marker,
    me: { runner, taskId, process: processes.self, host: processes.host, stateFolder: folder.path, rotationId },
    opening,
    ended,
    lastFence: await folder.readFence(),
    takeOver,
    holder: isHere ? await lookAtHolder(options, marker) : { processAlive: 'unknown', taskCompleted: 'unknown' },
  });
}

async function lookAtHolder({ octopus, processes, taskId }: LeaseOptions, { holder }: LeaseMarker): Promise<{ processAlive: 'alive' | 'dead' | 'unknown' | 'none'; taskCompleted: boolean | 'unknown' }> {
  const processAlive = holder.process === null ? 'none' : isSameProcess(holder.process, processes.self) ? 'alive' : await processes.alive(holder.process);
  if (holder.taskId === null || holder.taskId === taskId) return { processAlive, taskCompleted: 'unknown' };
  try {
    return { processAlive, taskCompleted: (await octopus.task(holder.taskId)).isCompleted };
  } catch (error) {
    const code = (error as { code?: string }).code;
    // Retention deletes only tasks that are completed, and the key that reads this task reads its space.
    return { processAlive, taskCompleted: code === 'OCTOPUS_NOT_FOUND' ? true : 'unknown' };
  }
}

async function patientLock({ files, folder, processes, clock, random }: LeaseOptions, deadline: number, stopped: ProcessIdentity | null = null): Promise<HostLock> {
  const until = Math.max(deadline, clock.monotonic() + LOCK_WAIT_MS);
  for (;;) {
    try {
      return await lockHost(files, folder, processes, stopped);
    } catch (error) {
      if ((error as { code?: string }).code !== 'LEASE_LOCKED' || clock.monotonic() >= until) throw error;
      // Of two that refuse each other one must come first.
      await clock.sleep(100 + random.bytes(1)[0]!);
    }
  }
}

function held(options: LeaseOptions, store: LeaseStore, lock: HostLock, mine: Pick<Lease, 'rotationId' | 'fence' | 'taken'>): Lease {
  const { folder, clock, spaceId } = options;
  const { rotationId, fence } = mine;
  const quick = options.quickOctopus === undefined ? store : leaseStore(options.quickOctopus, spaceId);
  let gone: string | null = null;
  const lost = (found: string): Error => leaseErrors.LEASE_LOST({ rotationId, mine: fence, found });

  const guardHere = async (): Promise<void> => {
    if (gone !== null) throw lost(gone);
    const found = await folder.readFence();
    if (found !== fence) throw lost(`the state folder has the fence ${found}`);
  };
  const isMarkerMine = (marker: LeaseMarker | null): boolean => marker !== null && marker.rotationId === rotationId && marker.fence === fence;
  const notMine = (marker: LeaseMarker | null): Error => lost(marker === null ? 'the marker in Octopus is not there' : `Octopus names rotation ${marker.rotationId} with the fence ${marker.fence}`);

  /** Compare-and-swap as long as the marker is still mine. */
  const change = async (next: (marker: LeaseMarker) => LeaseMarker | null, isDone: (marker: LeaseMarker | null) => boolean): Promise<void> => {
    await guardHere();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const seen = await store.read();
      if (attempt > 1 && isDone(seen.marker)) return;
      if (!isMarkerMine(seen.marker)) throw notMine(seen.marker);
      if (await store.swap(seen, next(seen.marker!))) return;
    }
    throw leaseErrors.LEASE_CONTENDED({ attempts: ATTEMPTS });
  };

  return {
    ...mine,
    guardHere,
    async guard() {
      await guardHere();
      let marker: LeaseMarker | null;
      try {
        marker = (await quick.read()).marker;
      } catch (error) {
        if (NOT_ANSWERING.has((error as { code?: string }).code ?? '')) return;
        throw error;
      }
      if (!isMarkerMine(marker)) throw notMine(marker);
    },
    async yieldLease(taskId = options.taskId) {
      const runner = taskId !== null && taskId !== options.taskId ? 'runbook' : options.runner;
      const holder: LeaseMarker['holder'] = { runner, taskId, process: null };
      const heldSince = clock.now().toISOString();
      const entries = await entriesIn(options, rotationId);
      await change((marker) => ({ ...marker, entries, holder, heldSince }), (marker) => isMarkerMine(marker) && marker!.holder.process === null);
      gone = 'it was yielded by this process';
      await lock.release();
    },
    async releaseLease() {
      await change(() => null, (marker) => marker === null);
      gone = 'it was released by this process';
      await lock.release();
    },
  };
}
