import type { CommonInputs } from '../../steps/common-inputs.ts';
import { parseThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { leaseErrors } from '../errors/lease.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { refusalsOf } from '../errors/refusal.ts';
import type { Entry, EntryData, MachinesPlan, NewEntry, ProofClaim, ProofHow, RotationName } from '../journal/contract.ts';
import { openRotations, readLease, resumeLeaseHere, takeLease, type Lease, type LeaseOptions } from '../journal/held-lease.ts';
import { openJournal, readJournal, type OpenedJournal } from '../journal/journal.ts';
import { parseRotationId, rotationNameOf, type RotationId } from '../journal/rotation-id.ts';
import { rotationSecrets } from '../journal/secrets.ts';
import { openStateFolder } from '../journal/state-folder.ts';
import { takenOver } from '../journal/take-over.ts';
import { isEnded, machinesPlan, newCertificate, opened, plan, proofOf, rollingBack, tentaclesPlan } from '../journal/views.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import type { PhaseContext, PhaseResult } from './context.ts';
import { requireStoredPfx } from './pfx-files.ts';
import type { Identities } from './probing.ts';
import { withRelayFindings } from './relay-findings.ts';

type Detail = Record<string, string | number | boolean | null>;

/** How long a phase waits for the relay of the same rotation to yield, or for its own predecessor's lock. */
const LEASE_WAIT_MS = 90_000;
/** The fence is asked of Octopus before every effect; a server that is down must not hold up each of them. */
const GUARD_DEADLINE_MS = 2_000;

/** An open rotation in the hands of this process: lease taken, journal verified. */
export interface Rotation {
  readonly id: RotationId;
  readonly fence: number;
  readonly octopus: OctopusClient;
  readonly plan: EntryData['planned'];
  /** What the plan says of machines, whatever is rotated. */
  readonly scope: MachinesPlan;
  /** The plan of a rotation of Tentacle certificates, which has no `plan`. */
  readonly tentacles: EntryData['tentacles-planned'];
  /** NEW, once it is fixed. */
  readonly fresh: EntryData['new-certificate'] | null;
  readonly opened: EntryData['opened'];
  /** Folder of this rotation. */
  readonly folder: string;
  readonly stateFolder: string;
  entries(): readonly Entry[];
  record(entry: NewEntry): Promise<void>;
  /** Before every effect: throws when the lease is lost. */
  guard(): Promise<void>;
  intend(effect: string, subject: string, detail: Detail): Promise<void>;
  done(effect: string, subject: string, detail: Detail): Promise<void>;
  /** Guard, intent on disk, the effect, done on disk. */
  effect(effect: string, subject: string, detail: Detail, act: () => Promise<Detail>): Promise<void>;
  prove(subject: string, claim: ProofClaim, how: ProofHow, detail: Detail): Promise<void>;
  stage(stage: string, text: string): Promise<void>;
  pfxPath(thumbprint: Thumbprint): string;
  pfxPassword(which: 'old' | 'new'): string;
  /** Keys and certificates of OLD and NEW, for the probe. */
  identities(): Promise<Identities>;
}

/** What is needed to get at a rotation. */
export type RotationAccess = Pick<CommonInputs, 'ServerUrl' | 'ApiKey' | 'Secret' | 'StateFolder' | 'SpaceId'> & { TaskId: string | null; RotationId: string };

export interface RotationSession {
  rotation: Rotation;
  lease: Lease;
  journal: OpenedJournal;
}

async function leaseOptions(context: PhaseContext, access: Omit<RotationAccess, 'RotationId'>, rotationId: RotationId | null, opening: boolean, rotation: RotationName = rotationId === null ? 'server-certificate' : rotationNameOf(rotationId)): Promise<LeaseOptions> {
  return {
    octopus: context.octopus(access.ServerUrl, access.ApiKey),
    quickOctopus: context.octopus(access.ServerUrl, access.ApiKey, GUARD_DEADLINE_MS),
    spaceId: access.SpaceId,
    files: context.files,
    folder: await openStateFolder(context.files, access.StateFolder),
    processes: context.processes,
    clock: context.clock,
    random: context.random,
    secrets: rotationSecrets(access.Secret),
    rotation,
    runner: context.runner,
    taskId: access.TaskId,
    rotationId,
    opening,
    waitMs: LEASE_WAIT_MS,
    onWait: (why) => context.voice.progress(0, why),
  };
}

/** The rotation that is open now, or null. One that is open here and has lost its marker is refused (MARKER_MISSING). A marker whose rotation has ended is not open; its next opener takes it. */
export async function findOpenRotation(context: PhaseContext, access: Omit<RotationAccess, 'RotationId'>, octopus: OctopusClient): Promise<{ rotationId: RotationId } | null> {
  const options = await leaseOptions(context, access, null, true);
  let marker = await readLease(octopus, access.SpaceId);
  if (!marker) {
    const open = await openRotations(context.files, options.folder, options.secrets);
    if (open.length === 0) return null;
    // Opened between the two looks, it has its marker by now. Without one, "nothing is due" would hide it (rule 6).
    marker = await readLease(octopus, access.SpaceId);
    if (!marker) throw leaseErrors.MARKER_MISSING({ rotationIds: open, stateFolder: options.folder.path });
  }
  if (marker.host !== context.processes.host || marker.stateFolder !== options.folder.path) return { rotationId: parseRotationId(marker.rotationId) };
  const rotationId = parseRotationId(marker.rotationId);
  if (!(await options.folder.hasJournal(rotationId))) return { rotationId };
  const entries = await readJournal({ files: context.files, folder: options.folder, rotationId, key: options.secrets.journalKey(rotationId) });
  // Nothing was fixed yet, or all is over: it is planned anew.
  return isEnded(entries) || machinesPlan(entries) === null ? null : { rotationId };
}

/** As above, for a phase of one rotation: refused while another kind of rotation is open (rule 11: one lease for all). */
export async function findOpenRotationOf(name: RotationName, context: PhaseContext, access: Omit<RotationAccess, 'RotationId'>, octopus: OctopusClient): Promise<{ rotationId: RotationId } | null> {
  const open = await findOpenRotation(context, access, octopus);
  if (open && rotationNameOf(open.rotationId) !== name) throw leaseErrors.OTHER_ROTATION_OPEN({ rotationId: open.rotationId, open: rotationNameOf(open.rotationId), asked: name });
  return open;
}

/** What the journal of a rotation says, read without the lease: somebody else may be at work on it. Empty where it is kept on another host. */
export async function entriesOf(context: PhaseContext, access: Omit<RotationAccess, 'RotationId'>, rotationId: RotationId): Promise<readonly Entry[]> {
  const { files, folder, secrets } = await leaseOptions(context, access, rotationId, false);
  return (await folder.hasJournal(rotationId)) ? readJournal({ files, folder, rotationId, key: secrets.journalKey(rotationId) }) : [];
}

/** Opens a rotation: lease first, then what it fixed. A killed opener leaves an empty journal behind that the next one takes up. */
export async function openRotation(context: PhaseContext, access: Omit<RotationAccess, 'RotationId'>, octopus: OctopusClient, facts: EntryData['opened'], fixed: NewEntry<'planned' | 'tentacles-planned'>): Promise<RotationId> {
  const marker = await readLease(octopus, access.SpaceId);
  const options = await leaseOptions(context, access, null, true, facts.rotation);
  if (!marker) {
    const open = await openRotations(context.files, options.folder, options.secrets);
    if (open.length > 1) throw planErrors.PLAN_CHANGED({ what: 'number of open rotations', expected: '1', found: String(open.length) });
  }
  const lease = await takeLease(options);
  const journal = await journalOf(context, options, lease, facts.rotation === 'server-certificate' ? 'plan-server-certificate' : 'plan-tentacle-certificates', access.TaskId);
  if (!opened(journal.entries())) await journal.append({ kind: 'opened', subject: 'estate', data: facts });
  if (!machinesPlan(journal.entries())) await journal.append(fixed);
  await lease.yieldLease();
  return lease.rotationId;
}

/** The journals of every rotation in the state folder, whether it ended or not. */
export async function pastJournals(context: PhaseContext, access: Omit<RotationAccess, 'RotationId'>): Promise<(readonly Entry[])[]> {
  const { folder, secrets, files } = await leaseOptions(context, access, null, true);
  const journals: (readonly Entry[])[] = [];
  for (const rotationId of await folder.rotationIds()) {
    if (await folder.hasJournal(rotationId)) journals.push(await readJournal({ files, folder, rotationId, key: secrets.journalKey(rotationId) }));
  }
  return journals;
}

/** Ticket texts that earlier rotations of this kind were forced with; one that got no plan has not used up its text. */
export function pastForces(name: RotationName, journals: readonly (readonly Entry[])[]): string[] {
  return journals.flatMap((entries) => {
    const facts = opened(entries);
    // Killed between the two, nothing was fixed yet: the same text must still open it.
    return facts?.forced && facts.rotation === name && machinesPlan(entries) !== null ? [facts.forced] : [];
  });
}

/** Takes the lease of an open rotation and opens its journal. While Octopus does not answer, a relay goes on with the state folder alone. */
export async function enterRotation(context: PhaseContext, access: RotationAccess, phase: string, whileDown = false): Promise<RotationSession> {
  const rotationId = parseRotationId(access.RotationId);
  const options = await leaseOptions(context, access, rotationId, false);
  const lease = whileDown ? await resumeLeaseHere({ ...options, rotationId }) : await takeLease(options);
  try {
    const journal = await journalOf(context, options, lease, phase, access.TaskId);
    if (access.TaskId !== null && takenOver(journal.entries()).has(access.TaskId)) throw leaseErrors.RUN_TAKEN_OVER({ rotationId, taskId: access.TaskId });
    if (journal.tornBytes > 0) context.voice.verbose(`The journal's last line was torn (${journal.tornBytes} bytes); nothing was done on it, and it is cut off.`);
    return { lease, journal, rotation: await rotationOf(context, access, options, lease, journal) };
  } catch (error) {
    // Nothing was done: the run that is refused here holds up nobody.
    await lease.yieldLease(null).catch(() => undefined);
    throw error;
  }
}

function journalOf(context: PhaseContext, options: LeaseOptions, lease: Lease, phase: string, taskId: string | null): Promise<OpenedJournal> {
  return openJournal({
    files: context.files,
    folder: options.folder,
    rotationId: lease.rotationId,
    key: options.secrets.journalKey(lease.rotationId),
    clock: context.clock,
    runner: context.runner,
    taskId,
    phase,
    fence: () => lease.guardHere(),
    fenceNumber: lease.fence,
  });
}

async function rotationOf(context: PhaseContext, access: RotationAccess, options: LeaseOptions, lease: Lease, journal: OpenedJournal): Promise<Rotation> {
  const id = lease.rotationId;
  const password = (which: 'old' | 'new') => options.secrets.pfxPassword(id, which);
  context.voice.secret(password('old'));
  context.voice.secret(password('new'));
  let identities: Identities | null = null;
  const rotation: Rotation = {
    id,
    fence: lease.fence,
    octopus: options.octopus,
    folder: await options.folder.folderOf(id),
    stateFolder: options.folder.path,
    get plan() {
      return plan(journal.entries())!;
    },
    get scope() {
      return machinesPlan(journal.entries())!;
    },
    get tentacles() {
      return tentaclesPlan(journal.entries())!;
    },
    get fresh() {
      return newCertificate(journal.entries());
    },
    get opened() {
      return opened(journal.entries())!;
    },
    entries: () => journal.entries(),
    async record(entry) {
      await journal.append(entry);
    },
    guard: () => lease.guard(),
    async intend(effect, subject, detail) {
      await journal.append({ kind: 'intent', subject, data: { effect, detail } });
    },
    async done(effect, subject, detail) {
      await journal.append({ kind: 'done', subject, data: { effect, detail } });
    },
    async effect(effect, subject, detail, act) {
      await lease.guard();
      await rotation.intend(effect, subject, detail);
      await rotation.done(effect, subject, await act());
    },
    async prove(subject, claim, how, detail) {
      const standing = proofOf(journal.entries(), subject, claim);
      const isSameLook = standing !== null && standing.fence === lease.fence && standing.data.how === how && standing.data.detail['beforeImport'] === detail['beforeImport'];
      if (!isSameLook) await journal.append({ kind: 'proved', subject, data: { claim, how, detail } });
    },
    async stage(stage, text) {
      context.voice.highlight(text);
      await journal.append({ kind: 'relay-stage', subject: 'server', data: { stage, text } });
    },
    pfxPath: (thumbprint) => options.folder.pfxPath(id, thumbprint),
    pfxPassword: password,
    async identities() {
      identities ??= {
        old: (await requireStoredPfx(context, rotation, rotation.plan.old, 'old')).identity,
        fresh: (await requireStoredPfx(context, rotation, rotation.fresh!.thumbprint, 'new')).identity,
      };
      return identities;
    },
  };
  return rotation;
}

/** What a phase is told about the rotation; checked against what the journal fixed. */
export type GivenRotation = CommonInputs & { RotationId: string; PlanHash?: string; OldThumbprint?: string; NewThumbprint?: string };

export interface PhaseRules {
  /** Proofs that must stand in the journal before this phase may work (D19). */
  requires: { subject: string; claim: ProofClaim }[];
  /** Plan itself is not held to a plan hash that it is about to emit. */
  planning?: boolean;
}

/**
 * What every phase does around its own work: take the lease, verify the journal, check what it was told and its predecessors' proofs,
 * journal its start and its end, and yield.
 */
export async function withRotation(context: PhaseContext, phase: string, given: GivenRotation, rules: PhaseRules, work: (rotation: Rotation) => Promise<PhaseResult>): Promise<PhaseResult> {
  const session = await enterRotation(context, given, phase);
  const { rotation, lease, journal } = session;
  try {
    if (!rules.planning) checkGiven(rotation, given);
    const missing = rules.requires.find(({ subject, claim }) => !proofOf(rotation.entries(), subject, claim));
    if (missing) throw planErrors.PREDECESSOR_UNPROVED({ phase, missing: `the proof "${missing.claim}" about ${missing.subject} is not in the journal` });
    await journal.append({ kind: 'phase-started', subject: 'estate', data: { phase } });
    const result = await work(rotation);
    await journal.append({ kind: 'phase-finished', subject: 'estate', data: { phase, outcome: result.outcome, outputs: result.outputs, refusals: [] } });
    return result;
  } catch (failure) {
    const error = withRelayFindings(failure, rotation, given.TaskId);
    const refusals = refusalsOf(error).map(({ code, message, next }) => ({ code, message, next }));
    await journal.append({ kind: 'phase-finished', subject: 'estate', data: { phase, outcome: refusals.length > 0 ? 'refused' : 'failed', outputs: {}, refusals } }).catch(() => undefined);
    throw error;
  } finally {
    // Losing the lease, or the server, is no reason to hide how the phase ended.
    await lease.yieldLease().catch(() => undefined);
  }
}

function checkGiven(rotation: Rotation, given: GivenRotation): void {
  // Only the phases of the way forward are told a plan.
  if (given.PlanHash !== undefined && rollingBack(rotation.entries())) throw rollBackErrors.ROTATION_ROLLING_BACK({ rotationId: rotation.id });
  const differs = (what: string, expected: string, found: string) => {
    if (expected !== found) throw planErrors.PLAN_CHANGED({ what, expected, found });
  };
  if (given.PlanHash !== undefined) differs('plan', given.PlanHash, rotation.scope.planHash);
  if (given.OldThumbprint !== undefined) differs('old thumbprint', parseThumbprint(given.OldThumbprint), rotation.plan.old);
  if (given.NewThumbprint !== undefined) differs('new thumbprint', parseThumbprint(given.NewThumbprint), rotation.fresh?.thumbprint ?? 'none yet');
}
