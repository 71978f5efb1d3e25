import { wavesOf } from '../../src/gates/waves.ts';
import type { Entry, EntryData, PlannedMachine } from '../../src/journal/contract.ts';
import { isEnded, leftBehind } from '../../src/journal/views.ts';
import { fencesRise, type Violation } from './invariants.ts';
import type { GroundTruth, TentacleTruth, TruthEvent } from './sandbox.ts';
import { isArmed, type Switch } from './switches.ts';

export interface ObservedTentacles {
  truth: GroundTruth;
  /** The ground truth before the rotation began. */
  before: GroundTruth;
  entries: readonly Entry[];
  /** By machine, read at the same time as the ground truth. */
  switches: ReadonlyMap<string, Switch>;
  /** Nothing goes on any more: no run, no relay, no switch that counts down. */
  settled: boolean;
  /** When the ground truth was read: what the journal says from then on is not held against it. Undefined: nothing was appended since. */
  at?: string;
  fence?: number;
}

/** How long an observation may be older than the entry that records it. */
const OBSERVED_WITHIN_MS = 10_000;
const JOB = 'octopus-rotation-certificate-';

/** Checks "All rotations" and "Tentacle certificates" of INVARIANTS.md on the ground truth. Empty when all hold. */
export function checkTentacleInvariants(observed: ObservedTentacles): Violation[] {
  return [fences, neverLost, appliedWithANet, disarmedIsProved, proofsWereTrue, withinTheWave, trustUntouched, intentsFirst, settledIsClean]
    .flatMap((check) => check(new View(observed)).map((text) => ({ rule: check.name, text })));
}

class View {
  readonly plan: EntryData['tentacles-planned'] | null;
  readonly events: readonly TruthEvent[];
  readonly entries: readonly Entry[];
  /** Those that are not newer than the ground truth. */
  readonly seen: readonly Entry[];
  readonly tentacles: readonly TentacleTruth[];

  constructor(readonly observed: ObservedTentacles) {
    this.entries = observed.entries;
    this.seen = observed.at === undefined ? observed.entries : observed.entries.filter((entry) => entry.at <= observed.at!);
    this.plan = observed.entries.findLast((entry): entry is Entry<'tentacles-planned'> => entry.kind === 'tentacles-planned')?.data ?? null;
    this.events = observed.truth.events.slice(observed.before.events.length);
    this.tentacles = observed.truth.tentacles;
  }

  /** The planned Tentacle on a machine: by its address, since clones have the same certificate and every one changes. */
  planned(machine: string): PlannedMachine | undefined {
    const uris = new Set([...this.observed.before.registrations, ...this.observed.truth.registrations].filter((one) => one.machine === machine).map((one) => one.uri?.toLowerCase()));
    return this.plan?.machines.find((one) => uris.has(one.uri.toLowerCase()));
  }

  machineOf(key: string): string | undefined {
    return this.tentacles.find(({ machine }) => this.planned(machine)?.key === key)?.machine;
  }

  /** The certificates that the journal named for a Tentacle before a time: OLD, and each NEW of it. */
  known(key: string, time = '9'): string[] {
    const own = this.plan?.machines.find((one) => one.key === key)?.own;
    return [...(own === undefined ? [] : [own]), ...this.entries.flatMap((entry) => (entry.kind === 'tentacle-certificate' && entry.subject === key && entry.at <= time ? [entry.data.old, entry.data.new] : []))];
  }

  started(machine: string): TruthEvent[] {
    return this.observed.truth.events.filter((one) => one.event === 'tentacle-started' && one.machine === machine);
  }

  /** The certificate that the Tentacle began with before the rotation. */
  original(machine: string): string | undefined {
    const before = this.observed.before.tentacles.find((one) => one.machine === machine);
    return before?.ownCertificate.presented?.thumbprint ?? before?.ownCertificate.nextStart?.thumbprint ?? before?.ownThumbprint ?? undefined;
  }

  /** Starts of a Tentacle with another certificate than at its start before. */
  changes(): { machine: string; at: string; from: string | undefined; to: string }[] {
    return this.tentacles.flatMap(({ machine }) => {
      let from = this.original(machine);
      return this.started(machine).filter((one) => this.events.includes(one)).flatMap((one) => {
        const [was, to] = [from, String(one['thumbprint'])];
        from = to;
        return was === to ? [] : [{ machine, at: one.at, from: was, to }];
      });
    });
  }

  /** Moments at which the job on a machine began anew: its unit, or its scheduled task. */
  armed(machine: string): TruthEvent[] {
    return this.events.filter((one) => one.machine === machine && one.event === 'unit-started' && new RegExp(`^(task-)?${JOB}`).test(String(one['unit'])));
  }

  registered(machine: string): string[] {
    return this.observed.truth.registrations.filter((one) => one.machine === machine).map((one) => one.thumbprint ?? '');
  }

  intended(key: string, effect: string, at: string, thumbprint?: string): boolean {
    return this.entries.some((entry) => entry.kind === 'intent' && entry.subject === key && entry.data.effect === effect && entry.at <= at && (thumbprint === undefined || entry.data.detail['thumbprint'] === thumbprint));
  }

  get byTask(): boolean {
    return this.plan?.options.method === 'task';
  }
}

const presentedBy = (tentacle: TentacleTruth): string | undefined => (tentacle.running ? tentacle.ownCertificate.presented : tentacle.ownCertificate.nextStart)?.thumbprint;

function fences(view: View): string[] {
  return fencesRise(view.entries, view.observed.fence);
}

/** The Tentacle's certificate equals every registration of it, or its switch is armed, or both are in the journal, so that one PUT reconnects it. */
function neverLost(view: View): string[] {
  const found: string[] = [];
  for (const tentacle of view.tentacles) {
    const presents = presentedBy(tentacle);
    const registered = view.registered(tentacle.machine);
    if (presents === undefined || registered.length === 0 || registered.every((one) => one === presents)) continue;
    const now = view.observed.switches.get(tentacle.machine);
    if (now !== undefined && isArmed(now)) continue;
    const machine = view.planned(tentacle.machine);
    const known = machine ? view.known(machine.key) : [];
    if ([presents, ...registered].every((one) => known.includes(one))) continue;
    // What was so before, and was left alone, is nobody's doing here.
    const before = view.observed.before.registrations.filter((one) => one.machine === tentacle.machine).map((one) => one.thumbprint ?? '');
    if (view.original(tentacle.machine) === presents && JSON.stringify(before) === JSON.stringify(registered)) continue;
    found.push(`${tentacle.machine} presents ${presents}, is registered with ${registered.join(' ')}, has no armed switch, and the journal knows ${known.join(' ') || 'nothing of it'}`);
  }
  return found;
}

/** A new certificate applied implies: it was named in the journal, the way back was verified and the switch armed before. */
function appliedWithANet(view: View): string[] {
  const found: string[] = [];
  for (const { machine, at, to } of view.changes()) {
    const planned = view.planned(machine);
    if (to === view.original(machine)) continue;
    const what = `${machine} started with ${to} at ${at}`;
    if (planned === undefined) found.push(`${what}, and is not in the plan`);
    else if (view.byTask) {
      if (!view.intended(planned.key, 'regenerate-by-task', at)) found.push(`${what} without an intent`);
    } else {
      if (!view.known(planned.key, at).includes(to)) found.push(`${what}, which the journal had not named`);
      if (!view.intended(planned.key, 'arm-certificate', at, to)) found.push(`${what} without an intent to arm it`);
      if (!view.armed(machine).some((one) => one.at <= at)) found.push(`${what} without a job that was armed before`);
    }
  }
  return found;
}

/** Disarmed implies: proved on a new connection; nothing reverts afterwards. */
function disarmedIsProved(view: View): string[] {
  const found: string[] = [];
  for (const entry of view.seen) {
    if (entry.kind !== 'proved' || entry.data.claim !== 'disarmed') continue;
    const machine = view.machineOf(entry.subject);
    if (machine === undefined) continue;
    const earlier = view.entries.slice(0, view.entries.indexOf(entry));
    const intent = earlier.findLast((one) => one.kind === 'intent' && one.subject === entry.subject && one.data.effect === (view.byTask ? 'regenerate-by-task' : 'arm-certificate'));
    const proof = earlier.findLast((one) => one.kind === 'proved' && one.subject === entry.subject && one.data.claim === 'presents-new');
    if (intent !== undefined && (proof === undefined || proof.sequence < intent.sequence)) found.push(`entry ${entry.sequence} says disarmed of ${machine}, with no proof of its new certificate before`);
    const start = view.started(machine).findLast((one) => one.at <= entry.at);
    const connected = view.observed.truth.events.some((one) => one.at >= (start?.at ?? '') && one.at <= entry.at && (one.event === 'tentacle-authenticated' ? one.machine === machine && one['own'] === start?.['thumbprint'] : one.event === 'polling-connected' && one['thumbprint'] === start?.['thumbprint']));
    if (intent !== undefined && !connected) found.push(`entry ${entry.sequence} says disarmed of ${machine}, which nobody had connected to since it started at ${start?.at ?? 'no time'}`);
    const change = view.changes().find((one) => one.machine === machine && one.at > entry.at && one.at < (view.entries.find((later) => later.sequence > entry.sequence && later.kind === 'intent' && later.subject === entry.subject && /^(arm|revert)-certificate$/.test(later.data.effect))?.at ?? '9'));
    if (change !== undefined) found.push(`${machine} was disarmed at ${entry.at} and went from ${String(change.from)} to ${change.to} at ${change.at}`);
  }
  return found;
}

/** Proved at time t implies: so it was at the observation. */
function proofsWereTrue(view: View): string[] {
  const found: string[] = [];
  for (const entry of view.seen) {
    if (entry.kind !== 'proved' || !['presents-new', 'registered-new', 'keeps-old'].includes(entry.data.claim)) continue;
    const machine = view.machineOf(entry.subject);
    if (machine === undefined) continue;
    const fresh = view.entries.findLast((one): one is Entry<'tentacle-certificate'> => one.kind === 'tentacle-certificate' && one.subject === entry.subject && one.sequence < entry.sequence)?.data.new;
    const old = view.plan?.machines.find((one) => one.key === entry.subject)?.own;
    const expected = entry.data.claim === 'keeps-old' ? old : fresh;
    const from = new Date(Date.parse(entry.at) - OBSERVED_WITHIN_MS).toISOString();
    if (entry.data.claim !== 'registered-new') {
      const starts = view.started(machine).filter((one) => one.at <= entry.at);
      const inForce = starts.filter((one, index) => one.at >= from || (starts[index + 1]?.at ?? '9') > from).map((one) => String(one['thumbprint']));
      if (inForce.length > 0 && !inForce.includes(expected ?? '')) found.push(`entry ${entry.sequence} says ${entry.data.claim} of ${machine}, but it presented ${inForce.join(', then ')}`);
    }
    if (entry.data.claim !== 'presents-new') {
      for (const one of view.observed.truth.registrations.filter((registration) => registration.machine === machine)) {
        const changed = view.observed.truth.events.filter((event) => event.event === 'registration-changed' && event['registration'] === one.id);
        const then = changed.findLast((event) => event.at <= entry.at)?.['to'] ?? changed[0]?.['from'] ?? one.thumbprint;
        if (then !== expected) found.push(`entry ${entry.sequence} says ${entry.data.claim} of ${machine}, but ${one.name} in ${one.space} was registered with ${String(then)}`);
      }
    }
  }
  return found;
}

/** Unconfirmed machines never exceed the wave; after the stop threshold no machine of a later wave starts. */
function withinTheWave(view: View): string[] {
  if (view.plan === null || view.byTask) return [];
  const found: string[] = [];
  const waves = wavesOf(view.plan.machines, view.plan.options.waves).map((wave) => wave.map((machine) => machine.key));
  const largest = Math.max(0, ...waves.map((wave) => wave.length));
  const waveOf = (key: string): number => waves.findIndex((wave) => wave.includes(key));
  const moments = [
    ...view.tentacles.flatMap(({ machine }) => view.armed(machine).map((one) => ({ at: one.at, key: view.planned(machine)?.key ?? machine, what: 'armed' as const }))),
    ...view.entries.flatMap((entry) => {
      if (entry.kind === 'proved' && (entry.data.claim === 'disarmed' || entry.data.claim === 'keeps-old')) return [{ at: entry.at, key: entry.subject, what: 'confirmed' as const }];
      return entry.kind === 'left-behind' ? [{ at: entry.at, key: entry.subject, what: ['failed', 'reverted', 'unknown-certificate'].includes(entry.data.reason) ? 'failed' as const : 'confirmed' as const }] : [];
    }),
  ].sort((one, other) => (one.at < other.at ? -1 : 1));
  const unconfirmed = new Set<string>();
  const failed = new Set<string>();
  let [last, stoppedAfter] = [-1, Number.POSITIVE_INFINITY];
  for (const { at, key, what } of moments) {
    if (what === 'armed') {
      if (waveOf(key) > stoppedAfter) found.push(`${key} was started at ${at}, in a wave after the one in which ${failed.size} machines had failed`);
      last = Math.max(last, waveOf(key));
      unconfirmed.add(key);
      if (unconfirmed.size > largest) found.push(`at ${at} there were ${unconfirmed.size} unconfirmed machines, more than a wave of ${largest}`);
    } else {
      unconfirmed.delete(key);
      if (what === 'failed') failed.add(key);
      if (failed.size > view.plan.options.waves.stopAfter) stoppedAfter = Math.min(stoppedAfter, last);
    }
  }
  return found;
}

/** Trust lists are byte-equal to what they were. */
function trustUntouched(view: View): string[] {
  return view.observed.before.tentacles.flatMap((before) => {
    const now = view.tentacles.find((one) => one.machine === before.machine);
    return (['stored', 'effective'] as const).flatMap((what) => {
      const [was, is] = [before[what], now?.[what] ?? null];
      return was === null || is === null || JSON.stringify(was) === JSON.stringify(is) ? [] : [`the trust list (${what}) of ${before.machine} was ${JSON.stringify(was)} and is ${JSON.stringify(is)}`];
    });
  });
}

/** A registration follows only to a certificate that the journal names for this Tentacle, with an intent on disk before. */
function intentsFirst(view: View): string[] {
  const found: string[] = [];
  const rows = [...view.observed.truth.registrations, ...view.observed.before.registrations];
  for (const event of view.events.filter((one) => one.event === 'registration-changed')) {
    const row = rows.find((one) => one.id === event['registration']);
    const machine = row?.machine ? view.planned(row.machine) : undefined;
    const what = `${String(event['name'])} was registered with ${String(event['to'])} at ${event.at}`;
    if (machine === undefined) found.push(`${what}, and is not in the plan`);
    else if (view.byTask) continue;
    else if (!view.known(machine.key, event.at).includes(String(event['to']))) found.push(`${what}, which the journal had not named`);
    else if (!view.intended(machine.key, 'register-certificate', event.at, String(event['to']))) found.push(`${what} without an intent`);
  }
  return found;
}

/** When nothing goes on, everything that is on runs, and what the rotation ended with is one certificate a machine, with nothing armed or staged, unless the machine is listed. */
function settledIsClean(view: View): string[] {
  if (!view.observed.settled) return [];
  const found: string[] = [];
  const behind = leftBehind(view.entries);
  for (const tentacle of view.tentacles) {
    if (tentacle.on && !tentacle.running) found.push(`the Tentacle on ${tentacle.machine} does not run`);
    const machine = view.planned(tentacle.machine);
    if (!isEnded(view.entries) || machine === undefined || behind.has(machine.key)) continue;
    const [presents, registered, now] = [presentedBy(tentacle), view.registered(tentacle.machine), view.observed.switches.get(tentacle.machine)];
    if (view.plan?.options.method !== 'repair' && presents === view.original(tentacle.machine)) found.push(`it ended, but ${tentacle.machine} has its old certificate still`);
    if (registered.some((one) => one !== presents)) found.push(`it ended, but ${tentacle.machine} presents ${String(presents)} and is registered with ${registered.join(' ')}`);
    if (now?.job === true) found.push(`it ended, but a job is left on ${tentacle.machine}`);
    if (now !== undefined && now.staged.length > 0) found.push(`it ended, but ${now.staged.join(' ')} is left on ${tentacle.machine}`);
  }
  return found;
}
