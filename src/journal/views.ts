/** What the entries of a journal say, as pure functions. Nothing else is remembered anywhere. */
import type { Entry, EntryData, EntryKind, MachinesPlan, ProofClaim } from './contract.ts';

/** The effect word of removing trust in OLD from a machine. The first such intent closes roll back (rule 4). */
export const RETIRE_EFFECT = 'retire-trust';

export function opened(entries: readonly Entry[]): EntryData['opened'] | null {
  return firstOf(entries, 'opened')?.data ?? null;
}

/** The plan in force: the latest, since machines that came or went before the swap are taken in (A28). OLD is the same in each. */
export function plan(entries: readonly Entry[]): EntryData['planned'] | null {
  return indexOf(entries).plan;
}

/** The same of a rotation of Tentacle certificates: the latest. */
export function tentaclesPlan(entries: readonly Entry[]): EntryData['tentacles-planned'] | null {
  return indexOf(entries).tentacles;
}

/** What the plan says of machines, whatever is rotated; null while nothing was fixed yet. */
export function machinesPlan(entries: readonly Entry[]): MachinesPlan | null {
  return plan(entries) ?? tentaclesPlan(entries);
}

/** NEW, as fixed when its PFX was linted. */
export function newCertificate(entries: readonly Entry[]): EntryData['new-certificate'] | null {
  return firstOf(entries, 'new-certificate')?.data ?? null;
}

/** The proofs that stand, by subject and claim. A later `unproved` about the same takes one away; a later `proved` brings it back. */
export function proofs(entries: readonly Entry[]): Map<string, Map<ProofClaim, Entry<'proved'>>> {
  const standing: Standing = new Map();
  for (const entry of entries) note(standing, entry);
  return standing;
}

/** One proof that stands, or null. Asked for each of many machines: of a journal that only grew, only what is new is read again. */
export function proofOf(entries: readonly Entry[], subject: string, claim: ProofClaim): Entry<'proved'> | null {
  return indexOf(entries).standing.get(subject)?.get(claim) ?? null;
}

function indexOf(entries: readonly Entry[]): Index {
  let index = indexes.get(entries);
  if (index === undefined || index.last !== entries[index.read - 1]) indexes.set(entries, (index = { read: 0, last: undefined, standing: new Map(), plan: null, tentacles: null }));
  for (; index.read < entries.length; index.read++) {
    const entry = entries[index.read]!;
    note(index.standing, entry);
    if (entry.kind === 'planned') index.plan = entry.data;
    else if (entry.kind === 'tentacles-planned') index.tentacles = entry.data;
  }
  index.last = entries[index.read - 1];
  return index;
}

type Standing = Map<string, Map<ProofClaim, Entry<'proved'>>>;
interface Index { read: number; last: Entry | undefined; standing: Standing; plan: EntryData['planned'] | null; tentacles: EntryData['tentacles-planned'] | null }
const indexes = new WeakMap<readonly Entry[], Index>();

function note(standing: Standing, entry: Entry): void {
  if (entry.kind === 'proved') {
    let ofSubject = standing.get(entry.subject);
    if (ofSubject === undefined) standing.set(entry.subject, (ofSubject = new Map()));
    // A claim proved again counts as of now, also in the order of the map.
    ofSubject.delete(entry.data.claim);
    ofSubject.set(entry.data.claim, entry);
  } else if (entry.kind === 'unproved') {
    const ofSubject = standing.get(entry.subject);
    ofSubject?.delete(entry.data.claim);
    if (ofSubject?.size === 0) standing.delete(entry.subject);
  }
}

/** Machines that go on without proof, by key, with the latest reason. Those caught up with since are not among them. */
export function leftBehind(entries: readonly Entry[]): Map<string, Entry<'left-behind'>> {
  const behind = new Map<string, Entry<'left-behind'>>();
  for (const entry of entries) {
    if (entry.kind === 'left-behind') behind.set(entry.subject, entry);
    else if (entry.kind === 'caught-up') behind.delete(entry.subject);
  }
  return behind;
}

/** Intents without a later `done` of the same effect on the same subject: the effect may or may not have happened (D17). */
export function openIntents(entries: readonly Entry[]): Entry<'intent'>[] {
  const open = new Map<string, Entry<'intent'>>();
  for (const entry of entries) {
    if (entry.kind !== 'intent' && entry.kind !== 'done') continue;
    const what = JSON.stringify([entry.data.effect, entry.subject]);
    open.delete(what);
    if (entry.kind === 'intent') open.set(what, entry);
  }
  return [...open.values()];
}

/** How the latest attempt at a phase ended; null while it never did, or was started again since. */
export function phaseOutcome(entries: readonly Entry[], phase: string): EntryData['phase-finished'] | null {
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at]!;
    if (entry.kind === 'phase-finished' && entry.data.phase === phase) return entry.data;
    if (entry.kind === 'phase-started' && entry.data.phase === phase) return null;
  }
  return null;
}

/** The effect word of adding trust in NEW to a machine. */
export const ADD_EFFECT = 'add-trust';

/** The effect word of giving a rotation up before the swap. Its intent closes the way to NEW. */
export const ABANDON_EFFECT = 'abandon';

/** True once somebody decided to give the rotation up; nothing leads back from there. */
export function abandoning(entries: readonly Entry[]): boolean {
  return entries.some((entry) => entry.kind === 'intent' && entry.data.effect === ABANDON_EFFECT);
}

/** The effect word of rolling back, on `estate`. Its intent closes the way forward; its `done` opens it again, since NEW stayed in force. */
export const ROLL_BACK_EFFECT = 'roll-back';

/** The effect word of undoing a swap by rule 10, on `server`; its intent holds the numbers that decided it. */
export const UNDO_EFFECT = 'undo';

/** True from the decision to roll back on, unless the roll back was given up with NEW in force. */
export function rollingBack(entries: readonly Entry[]): boolean {
  return entries.findLast((entry) => (entry.kind === 'intent' || entry.kind === 'done') && entry.data.effect === ROLL_BACK_EFFECT)?.kind === 'intent';
}

/** What the relay was last handed, or null when it never was handed anything. */
export function lastHandOver(entries: readonly Entry[]): Entry<'handed-over'> | null {
  return entries.findLast((entry): entry is Entry<'handed-over'> => entry.kind === 'handed-over') ?? null;
}

/** True once the swap was handed over: from there on NEW may be in force, and the way back is to roll back. */
export function swapHandedOver(entries: readonly Entry[]): boolean {
  return entries.some((entry) => entry.kind === 'handed-over' && entry.data.job === 'swap');
}

/** Nodes that this rotation meant to drain and did not undrain since, by id. */
export function drainedNodes(entries: readonly Entry[]): string[] {
  const drained = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'intent' && entry.data.effect === 'drain') drained.add(entry.subject);
    else if (entry.kind === 'done' && entry.data.effect === 'undrain') drained.delete(entry.subject);
  }
  return [...drained];
}

/** The outcome of a rotation that has ended, else null. */
export function endOf(entries: readonly Entry[]): EntryData['ended']['outcome'] | null {
  return firstOf(entries, 'ended')?.data.outcome ?? null;
}

export function isEnded(entries: readonly Entry[]): boolean {
  return endOf(entries) !== null;
}

/** The entry that closed roll back (rule 4), or null while it is open. */
export function firstRetireIntent(entries: readonly Entry[]): Entry<'intent'> | null {
  return entries.find((entry): entry is Entry<'intent'> => entry.kind === 'intent' && entry.data.effect === RETIRE_EFFECT) ?? null;
}

/** True when database and node were last seen with NEW: both proofs about `server` stand, and none about OLD is later. */
export function swapDone(entries: readonly Entry[]): boolean {
  const server = proofs(entries).get('server');
  const isNewer = (now: ProofClaim, before: ProofClaim): boolean => (server?.get(now)?.sequence ?? -1) > (server?.get(before)?.sequence ?? -1);
  return isNewer('database-shows-new', 'database-shows-old') && isNewer('node-presents-new', 'node-presents-old');
}

function firstOf<K extends EntryKind>(entries: readonly Entry[], kind: K): Entry<K> | null {
  return (entries.find((entry) => entry.kind === kind) as Entry<K> | undefined) ?? null;
}
