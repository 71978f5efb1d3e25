import type { Entry, PlannedMachine } from '../../src/journal/contract.ts';
import { firstRetireIntent, isEnded, endOf, leftBehind, newCertificate, plan } from '../../src/journal/views.ts';
import type { GroundTruth, TentacleTruth, TruthEvent } from './sandbox.ts';

/** One broken rule of INVARIANTS.md, with the values that show it. */
export interface Violation { rule: string; text: string }

export interface Observed {
  /** The sandbox's ground truth now. */
  truth: GroundTruth;
  /** The ground truth before the rotation began: foreign entries, and where the events of this rotation begin. */
  before: GroundTruth;
  /** The journal of the rotation. */
  entries: readonly Entry[];
  /** Nothing goes on any more: what is on is expected to run, and no restart is under way. */
  settled: boolean;
  /** Whether OLD's PFX in the state folder opens; null when there is none, undefined when nobody looked. */
  oldPfxOpens?: boolean | null;
  /** Number in the state folder's `fence`; undefined when nobody looked. */
  fence?: number;
  /** Machines with a Tentacle that no registration names. */
  unregistered?: readonly string[];
}

/** How long an observation may be older than the entry that records it. */
const OBSERVED_WITHIN_MS = 10_000;

/** Checks "All rotations" and "Server certificate" of INVARIANTS.md, as far as the ground truth of a sandbox can tell. Empty when all hold. */
export function checkInvariants(observed: Observed): Violation[] {
  return [fences, intentsFirst, proofsWereTrue, nodesAreTrusted, certificatesAreFixed, importsWereProved, retiredOnlyWhatIsOut, wayBack, foreignKept, endedIsClean, settledRuns]
    .flatMap((check) => check(new View(observed)).map((text) => ({ rule: check.name, text })));
}

/** What the checks ask of the observation. */
class View {
  readonly old: string | null;
  readonly fresh: string | null;
  readonly machines: readonly PlannedMachine[];
  readonly events: readonly TruthEvent[];
  readonly behind: ReadonlySet<string>;

  constructor(readonly observed: Observed) {
    const planned = plan(observed.entries);
    this.old = planned?.old ?? null;
    this.machines = planned?.machines ?? [];
    this.fresh = newCertificate(observed.entries)?.thumbprint ?? null;
    this.events = observed.truth.events.slice(observed.before.events.length);
    this.behind = new Set(leftBehind(observed.entries).keys());
  }

  get entries(): readonly Entry[] {
    return this.observed.entries;
  }

  /** The Tentacle of a planned machine, by its own thumbprint. */
  tentacle(machine: PlannedMachine): TentacleTruth | undefined {
    return this.observed.truth.tentacles.find((one) => one.ownThumbprint === machine.own);
  }

  planned(machineName: string): PlannedMachine | undefined {
    const own = this.observed.truth.tentacles.find((one) => one.machine === machineName)?.ownThumbprint;
    return this.machines.find((one) => one.own === own);
  }

  /** As `planned`, or as an earlier plan had it: its registration may have gone since. */
  everPlanned(machineName: string): PlannedMachine | undefined {
    const own = this.observed.truth.tentacles.find((one) => one.machine === machineName)?.ownThumbprint;
    return this.planned(machineName) ?? this.entries.flatMap((entry) => (entry.kind === 'planned' ? entry.data.machines : [])).find((one) => one.own === own);
  }

  /** The last event of a kind on a machine before a time, counting those before the rotation. */
  latest(event: string, before: string, machine?: string): TruthEvent | undefined {
    return this.observed.truth.events.findLast((one) => one.event === event && one.at <= before && (machine === undefined || one.machine === machine));
  }

  /** What the database held at a time. */
  databaseAt(time: string): string | null {
    const imported = this.observed.truth.events.findLast((one) => one.event === 'certificate-imported' && one.at <= time);
    const next = this.observed.truth.events.find((one) => one.event === 'certificate-imported' && one.at > time);
    return (imported?.['to'] ?? next?.['from'] ?? this.observed.truth.server.database.thumbprint) as string | null;
  }

  /** What each node had taken from the database at its last start before a time; of one node only when `subject` is its id. One that joined later is not among them. */
  presentedAt(time: string, subject = 'server'): { name: string; presented: unknown }[] {
    const started = (one: TruthEvent, machine: string): boolean => one.event === 'server-started' && one.machine === machine;
    const nodes = this.observed.truth.server.nodes.filter(({ machine }) => (this.observed.truth.events.find((one) => started(one, machine))?.at ?? '') <= time);
    const one = nodes.filter((node) => subject.toLowerCase() === `octopusservernodes-${node.name}`.toLowerCase());
    return (one.length > 0 ? one : nodes).map((node) => ({ name: node.name, presented: this.latest('server-started', time, node.machine)?.['thumbprint'] }));
  }

  isAbout(thumbprint: unknown): boolean {
    return thumbprint === this.old || (this.fresh !== null && thumbprint === this.fresh);
  }
}

const thumbprints = (entries: readonly { Thumbprint: string }[]): string[] => entries.map((one) => one.Thumbprint);

function fences({ entries, observed }: View): string[] {
  return fencesRise(entries, observed.fence);
}

/** Fences only rise, and what is in force (`fence`, when somebody looked) is what the last entry carries. */
export function fencesRise(entries: readonly Entry[], fence?: number): string[] {
  const found: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && entry.fence < before.fence) found.push(`entry ${entry.sequence} carries the fence ${entry.fence} after ${before.fence}`);
    if (entry.sequence !== index) found.push(`entry ${index} has the sequence ${entry.sequence}`);
  }
  const last = entries.at(-1)?.fence ?? 0;
  if (fence !== undefined && fence < last) found.push(`the state folder has the fence ${fence}, the journal ${last}`);
  return found;
}

/** Each effect that is ours has an intent that was on disk before it. */
function intentsFirst(view: View): string[] {
  const found: string[] = [];
  const lists = new Map(view.observed.before.tentacles.map((one) => [one.machine, thumbprints(one.stored ?? [])]));
  const intended = (at: string, effects: readonly string[], subject?: string, thumbprint?: string): boolean => view.entries.some((entry) => entry.kind === 'intent' && entry.at <= at && effects.includes(entry.data.effect)
    && (subject === undefined || entry.subject === subject) && (thumbprint === undefined || entry.data.detail['thumbprint'] === thumbprint));
  const count = (event: string, effect: string, matches: (event: TruthEvent, entry: Entry<'intent'>) => boolean): void => {
    const happened = view.events.filter((one) => one.event === event);
    for (const one of happened) {
      const intents = view.entries.filter((entry): entry is Entry<'intent'> => entry.kind === 'intent' && entry.data.effect === effect && entry.at <= one.at && matches(one, entry)).length;
      const effects = happened.filter((other) => other.at <= one.at && other['to'] === one['to'] && other['drained'] === one['drained']).length;
      if (effects > intents) found.push(`${event} on ${one.machine} at ${one.at} is number ${effects}, with ${intents} intent(s) "${effect}" before it`);
    }
  };
  count('certificate-imported', 'import-certificate', (event, entry) => entry.data.detail['thumbprint'] === event['to']);
  for (const drained of [true, false]) {
    for (const event of view.events.filter((one) => one.event === 'drain-changed' && one['drained'] === drained)) {
      if (!intended(event.at, [drained ? 'drain' : 'undrain'])) found.push(`the node was ${drained ? 'drained' : 'undrained'} at ${event.at} without an intent`);
    }
  }
  found.push(...oneNodeAtATime(view));
  for (const event of view.events) {
    const machine = view.everPlanned(event.machine);
    if (event.event === 'tentacle-config-written') {
      const before = lists.get(event.machine) ?? [];
      const now = event['trusted'] as string[];
      lists.set(event.machine, now);
      const [added, removed] = [now.filter((one) => !before.includes(one)), before.filter((one) => !now.includes(one))];
      for (const thumbprint of [...added, ...removed]) {
        if (!view.isAbout(thumbprint)) continue;
        // The net may put a list back, so the other way round it is the same intent.
        const effects = ['add-trust', 'update-trust', 'retire-trust', 'withdraw-trust'];
        if (machine === undefined || !intended(event.at, effects, machine.key, thumbprint)) found.push(`trust in ${thumbprint} changed on ${event.machine} at ${event.at} without an intent`);
      }
    }
    if (event.event === 'unit-stopped' && event['requested'] === true) {
      if (event['unit'] === 'octopusserver.service' && !intended(event.at, ['restart-server'])) found.push(`the server was stopped at ${event.at} without an intent`);
      if (event['unit'] === 'Tentacle.service' && machine !== undefined && !intended(event.at, ['add-trust', 'update-trust', 'retire-trust', 'withdraw-trust', 'restart-own-tentacle'], machine.key)) found.push(`the Tentacle on ${event.machine} was stopped at ${event.at} without an intent`);
    }
  }
  return found;
}

/** Proved at time t implies: an agent that ran at the observation had it in force. */
function proofsWereTrue(view: View): string[] {
  const found: string[] = [];
  for (const entry of view.entries) {
    if (entry.kind !== 'proved' || entry.data.how !== 'wire') continue;
    const { claim } = entry.data;
    const machine = view.machines.find((one) => one.key === entry.subject);
    const tentacle = machine && view.tentacle(machine);
    if (tentacle && (claim === 'trusts-new' || claim === 'trusts-old' || claim === 'distrusts-old' || claim === 'distrusts-new')) {
      const thumbprint = claim.endsWith('-new') ? view.fresh : view.old;
      const lists = inForce(view, tentacle, entry.at);
      if (!lists.some((list) => list.includes(thumbprint!) === claim.startsWith('trusts-'))) found.push(`entry ${entry.sequence} says ${claim} of ${tentacle.machine}, but in force was ${lists.map((list) => `[${list.join(' ')}]`).join(' and ') || 'nothing'}`);
    }
    if (claim === 'node-presents-new' || claim === 'node-presents-old') {
      const expected = claim === 'node-presents-new' ? view.fresh : view.old;
      // About a node by its id, it is about that one; about the server, it is about each.
      for (const { name, presented } of view.presentedAt(entry.at, entry.subject)) if (presented !== expected) found.push(`entry ${entry.sequence} says ${claim}, but node ${name} presented ${String(presented)}`);
    }
  }
  return found;
}

/** Of several nodes none is stopped by this rotation while another one that it stopped is not back, and only drained ones are, unless the swap is being undone. */
function oneNodeAtATime(view: View): string[] {
  const { nodes } = view.observed.truth.server;
  if (nodes.length < 2) return [];
  const found: string[] = [];
  const away = new Set<string>();
  const drained = new Map<string, boolean>();
  for (const event of view.events) {
    const node = nodes.find((one) => one.machine === event.machine);
    if (event.event === 'drain-changed') drained.set(String(event['node']), event['drained'] === true);
    if (event.event === 'server-started' && node) away.delete(node.name);
    if (event.event !== 'unit-stopped' || event['unit'] !== 'octopusserver.service' || event['requested'] !== true || !node) continue;
    const isUndone = view.entries.some((entry) => entry.kind === 'intent' && entry.data.effect === 'undo' && entry.at <= event.at);
    if (away.size > 0) found.push(`node ${node.name} was stopped at ${event.at} while ${[...away].join()} was not back`);
    if (!isUndone && drained.get(node.name) !== true) found.push(`node ${node.name} was stopped at ${event.at} and was not drained`);
    away.add(node.name);
  }
  return found;
}

/** Trust lists of the agents that ran at a time or shortly before. */
function inForce(view: View, tentacle: TentacleTruth, time: string): string[][] {
  const starts = view.observed.truth.events.filter((one) => one.event === 'tentacle-started' && one.machine === tentacle.machine && one.at <= time);
  const from = new Date(Date.parse(time) - OBSERVED_WITHIN_MS).toISOString();
  const within = starts.filter((one, index) => one.at >= from || (starts[index + 1]?.at ?? '9') > from);
  return within.map((one) => one['effective'] as string[]);
}

/** The certificate that a running node presents is in the effective trust of each planned Tentacle that runs and is not left behind. */
function nodesAreTrusted(view: View): string[] {
  const found: string[] = [];
  for (const node of view.observed.truth.server.nodes) {
    if (!node.running || node.presents === null) continue;
    for (const machine of view.machines) {
      const tentacle = view.tentacle(machine);
      if (view.behind.has(machine.key) || !tentacle?.running || tentacle.effective === null) continue;
      // What a polling Tentacle listens with is not what it polls with (A2).
      const list = machine.route === 'polling' ? tentacle.effective.filter((one) => one.CommunicationStyle === 2) : tentacle.effective;
      if (!thumbprints(list).includes(node.presents)) found.push(`node ${node.name} presents ${node.presents}, which is not in force on ${tentacle.machine}: ${thumbprints(tentacle.effective).join(' ') || 'nothing'}`);
    }
  }
  return found;
}

/** OLD and NEW are constant, and the database shows one of them; with a foreign third nothing is imported or retired any more. */
function certificatesAreFixed(view: View): string[] {
  const found: string[] = [];
  const several = (what: string, values: readonly string[]): void => {
    const different = [...new Set(values)];
    if (different.length > 1) found.push(`${what} was ${different.join(', then ')}`);
  };
  several('OLD', view.entries.flatMap((entry) => (entry.kind === 'planned' ? [entry.data.old] : [])));
  several('NEW', view.entries.flatMap((entry) => (entry.kind === 'new-certificate' ? [entry.data.thumbprint] : [])));
  if (view.old === null) return found;
  const { thumbprint } = view.observed.truth.server.database;
  for (const event of view.events.filter((one) => one.event === 'certificate-imported')) {
    if (!view.isAbout(event['to'])) continue;
    if (!view.isAbout(event['from'])) found.push(`${String(event['to'])} was imported over the foreign ${String(event['from'])}`);
  }
  const foreign = view.events.some((one) => one.event === 'certificate-imported' && !view.isAbout(one['to']));
  if (!view.isAbout(thumbprint) && !foreign) found.push(`the database shows ${String(thumbprint)}, neither OLD nor NEW`);
  return found;
}

/** Import of NEW by the swap, or of OLD by rolling back, implies: drained, and every machine of the estate proved since the drain, or left behind. Undoing either is by rule 10. */
function importsWereProved(view: View): string[] {
  const found: string[] = [];
  for (const event of view.events.filter((one) => one.event === 'certificate-imported')) {
    const intent = view.entries.findLast((entry) => entry.kind === 'intent' && entry.data.effect === 'import-certificate' && entry.at <= event.at);
    const job = view.entries.findLast((entry): entry is Entry<'handed-over'> => entry.kind === 'handed-over' && entry.at <= event.at)?.data.job;
    const [name, claim, goal] = job === 'roll-back' ? (['OLD', 'trusts-old', view.old] as const) : (['NEW', 'trusts-new', view.fresh] as const);
    if (event['to'] !== goal) continue;
    const drain = view.latest('drain-changed', event.at);
    if (drain?.['drained'] !== true) {
      found.push(`${name} was imported at ${event.at} on a node that was not drained`);
      continue;
    }
    const before = view.entries.filter((entry) => entry.sequence < (intent?.sequence ?? 0));
    const behind = leftBehind(before);
    for (const tentacle of view.observed.truth.tentacles) {
      if (view.observed.unregistered?.includes(tentacle.machine)) continue;
      const machine = view.planned(tentacle.machine);
      if (machine === undefined) found.push(`${name} was imported, but ${tentacle.machine} is not in the plan`);
      else if (!behind.has(machine.key)) {
        const proof = before.findLast((entry) => (entry.kind === 'proved' || entry.kind === 'unproved') && entry.subject === machine.key && entry.data.claim === claim);
        // Where only a task can tell, the last one before the drain counts: a drained node runs none.
        const counts = proof?.kind === 'proved' && (proof.data.how === 'wire' ? proof.at >= drain.at : machine.viaProxy || machine.route === 'polling');
        // One that goes over by update-trust was turned by the last task before the drain, and turns back by itself.
        const isTurned = name === 'NEW' && before.some((entry) => entry.kind === 'done' && entry.subject === machine.key && entry.data.effect === 'update-trust');
        if (!counts && !isTurned) found.push(`${name} was imported, but ${tentacle.machine} was not proved since the drain at ${drain.at}`);
      }
    }
  }
  return found;
}

/** Removing X implies: database and every node show the other one, and that is in force on the Tentacle. */
function retiredOnlyWhatIsOut(view: View): string[] {
  const found: string[] = [];
  const lists = new Map(view.observed.before.tentacles.map((one) => [one.machine, thumbprints(one.stored ?? [])]));
  for (const event of view.events) {
    if (event.event !== 'tentacle-config-written') continue;
    const before = lists.get(event.machine) ?? [];
    const now = event['trusted'] as string[];
    lists.set(event.machine, now);
    for (const thumbprint of before.filter((one) => !now.includes(one) && view.isAbout(one))) {
      const what = `${thumbprint === view.old ? 'OLD' : 'NEW'} was removed from ${event.machine} at ${event.at}`;
      const other = thumbprint === view.old ? view.fresh : view.old;
      const database = view.databaseAt(event.at);
      const effective = (view.latest('tentacle-started', event.at, event.machine)?.['effective'] ?? []) as string[];
      if (database !== other) found.push(`${what} while the database showed ${String(database)}`);
      for (const { name, presented } of view.presentedAt(event.at)) if (presented !== other) found.push(`${what} while node ${name} presented ${String(presented)}`);
      if (!effective.includes(other!)) found.push(`${what} while only ${effective.join(' ') || 'nothing'} was in force there`);
    }
  }
  return found;
}

/** While roll back is open: OLD's PFX opens, and OLD is in force on each planned machine that is not left behind. */
function wayBack(view: View): string[] {
  if (view.old === null || firstRetireIntent(view.entries) !== null || isEnded(view.entries)) return [];
  const found: string[] = [];
  const backedUp = view.entries.some((entry) => entry.kind === 'proved' && entry.data.claim === 'old-backed-up');
  if (backedUp && view.observed.oldPfxOpens !== undefined && view.observed.oldPfxOpens !== true) found.push(`OLD is backed up, but its PFX ${view.observed.oldPfxOpens === null ? 'is not there' : 'does not open'}`);
  for (const machine of view.machines) {
    const tentacle = view.tentacle(machine);
    if (view.behind.has(machine.key) || tentacle === undefined) continue;
    const list = tentacle.effective ?? tentacle.stored;
    if (list !== null && !thumbprints(list).includes(view.old)) found.push(`roll back is open, but OLD is not trusted on ${tentacle.machine}`);
  }
  return found;
}

/** Entries of other Octopus Servers are byte-equal to what they were. */
function foreignKept(view: View): string[] {
  const found: string[] = [];
  const foreign = (list: readonly { Thumbprint: string }[] | null): string | null => (list === null ? null : JSON.stringify(list.filter((one) => !view.isAbout(one.Thumbprint))));
  for (const before of view.observed.before.tentacles) {
    const now = view.observed.truth.tentacles.find((one) => one.machine === before.machine);
    const was = foreign(before.stored);
    for (const [what, list] of [['stored', now?.stored ?? null], ['effective', now?.effective ?? null]] as const) {
      const is = foreign(list);
      if (was !== null && is !== null && was !== is) found.push(`foreign entries of ${before.machine} (${what}) were ${was} and are ${is}`);
    }
  }
  return found;
}

/** Ended implies: the winner is in the database and presented, and the loser is trusted nowhere that is not listed. */
function endedIsClean(view: View): string[] {
  const outcome = endOf(view.entries);
  if (outcome === null) return [];
  const [winner, loser] = outcome === 'completed' ? [view.fresh, view.old] : [view.old, view.fresh];
  const found: string[] = [];
  const { server, tentacles } = view.observed.truth;
  if (server.database.thumbprint !== winner) found.push(`it ended as ${outcome}, but the database shows ${String(server.database.thumbprint)}`);
  for (const node of server.nodes) if (node.running && node.presents !== winner) found.push(`it ended as ${outcome}, but node ${node.name} presents ${String(node.presents)}`);
  for (const tentacle of tentacles) {
    const machine = view.planned(tentacle.machine);
    if (machine === undefined || view.behind.has(machine.key)) continue;
    for (const [what, list] of [['written', tentacle.stored], ['in force', tentacle.effective]] as const) {
      if (list !== null && loser !== null && thumbprints(list).includes(loser)) found.push(`it ended as ${outcome}, but trust in ${loser} is ${what} on ${tentacle.machine}`);
      if (list !== null && winner !== null && !thumbprints(list).includes(winner)) found.push(`it ended as ${outcome}, but trust in ${winner} is not ${what} on ${tentacle.machine}`);
    }
  }
  return found;
}

/** When nothing goes on, everything that is on runs, no node is left drained, and no machine waits for a restart but the host's own Tentacle. */
function settledRuns(view: View): string[] {
  if (!view.observed.settled) return [];
  const found: string[] = [];
  for (const tentacle of view.observed.truth.tentacles) if (tentacle.on && !tentacle.running) found.push(`the Tentacle on ${tentacle.machine} does not run`);
  for (const node of view.observed.truth.server.nodes) {
    const machine = view.observed.truth.tentacles.find((one) => one.machine === node.machine);
    if (machine?.on === true && !node.running) found.push(`node ${node.name} does not run`);
  }
  const left = new Set(view.observed.truth.server.nodes.filter((node) => view.observed.truth.events.findLast((one) => one.event === 'drain-changed' && (one['node'] === undefined || one['node'] === node.name))?.['drained'] === true).map((node) => node.name));
  for (const name of left) found.push(`node ${name} is left drained`);
  return found;
}
