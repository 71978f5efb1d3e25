import type { Entry } from '../../src/journal/contract.ts';
import { leftBehind, plan } from '../../src/journal/views.ts';
import { openPfx } from '../../src/certificates/pfx.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import type { TrustEntry } from '../../src/tentacle/contract.ts';
import { checkInvariants, type Observed } from '../support/invariants.ts';
import { certificates } from './world/certificates.ts';
import { SECRET, STATE, type World } from './world/world.ts';

const STYLES = { None: 0, TentaclePassive: 1, TentacleActive: 2, KubernetesTentacle: 11 } as const;

type GroundTruth = Observed['truth'];

/** The world as the ground truth of a sandbox would tell it. */
export function groundTruth(world: World, old: string | null = null): GroundTruth {
  // What an administrator added is not the product's affair.
  const { foreign } = certificates();
  const list = (entries: readonly TrustEntry[] | null) => entries?.filter((one) => one.thumbprint !== foreign.thumbprint || old === foreign.thumbprint).map((one) => ({ Thumbprint: one.thumbprint, CommunicationStyle: STYLES[one.style], Address: one.address, Squid: null, SubscriptionId: one.subscriptionId })) ?? null;
  return {
    server: {
      database: { thumbprint: world.octopus.thumbprint },
      nodes: world.octopus.nodes.map((node) => ({ name: node.name, machine: node.machine, running: node.presents !== null, pid: null, presents: node.presents, starts: 0, drained: node.isDraining, lastSeen: null, version: null, webPort: null, commsPort: null })),
      loadBalancer: null,
      share: null,
    },
    tentacles: world.octopus.tentacles.map((one) => ({ machine: one.name, on: one.isOn, running: one.isRunning, pid: null, starts: 0, ownThumbprint: one.thumbprint, stored: list(one.stored), effective: list(one.loaded), port: 10933, config: '' })),
    events: world.events as unknown as GroundTruth['events'],
  } as GroundTruth;
}

interface Known { length: number; epoch: number; entries: Entry[] }

/** Looks at a world after each command, with what it remembers of the looks before. */
export class Observer {
  private readonly befores = new Map<string, GroundTruth>();
  private readonly journals = new Map<string, Known>();
  /** How many events there were when imports were judged last. */
  private judged = 0;
  /** Rises when somebody puts an old state folder back: then the journal knows less than what happened. */
  epoch = 0;

  constructor(private readonly world: World) {
    world.onJournal = (id) => this.befores.set(id, this.snapshot());
    // What it comes with is no change.
    world.onJoin = ({ name }) => {
      const joined = this.snapshot().tentacles.find((one) => one.machine === name)!;
      for (const before of this.befores.values()) before.tentacles.push(joined);
    };
  }

  private snapshot(): GroundTruth {
    const truth = groundTruth(this.world, certificates().foreign.thumbprint);
    return { ...truth, events: [...truth.events] };
  }

  /** Ids of the rotations that have a journal here, in the order in which they were seen. */
  get rotationIds(): string[] {
    const { disk } = this.world;
    const folder = `${STATE}/rotations`;
    const here = disk.facts(folder) === null ? [] : disk.list(folder).filter((id) => disk.facts(`${folder}/${id}/journal.jsonl`) !== null);
    return [...this.befores.keys()].filter((id) => here.includes(id));
  }

  /** The newest rotation's journal, each entry at the true time. */
  entries(id: string): readonly Entry[] {
    const path = `${STATE}/rotations/${id}/journal.jsonl`;
    const content = this.world.disk.read(path);
    let known = this.journals.get(path);
    if (known === undefined || known.epoch !== this.epoch || known.length > content.length) this.journals.set(path, (known = { length: 0, epoch: this.epoch, entries: [] }));
    const stamps = this.world.stamps.get(path) ?? [];
    for (let end = content.indexOf(0x0a, known.length); end !== -1; end = content.indexOf(0x0a, known.length)) {
      const entry = JSON.parse(content.toString('utf8', known.length, end)) as Entry;
      known.entries.push({ ...entry, at: stamps[known.entries.length] ?? entry.at } as Entry);
      known.length = end + 1;
    }
    return known.entries;
  }

  /** Every broken rule. `isSettled`: nothing goes on any more, and everything that is on is expected to run. */
  async problems(isSettled: boolean, isForeignInside = false): Promise<string[]> {
    const { world } = this;
    const found = [...world.violations];
    const id = this.rotationIds.at(-1);
    if (id === undefined) return found;
    const entries = this.entries(id);
    if (plan(entries) === null) return found;
    const fencePath = `${STATE}/fence`;
    const fence = world.disk.facts(fencePath) === null ? 0 : Number(world.disk.read(fencePath).toString());
    const truth = groundTruth(world, plan(entries)!.old);
    const observed: Observed = { truth, before: this.before(id, plan(entries)!.old), entries, settled: isSettled, fence, oldPfxOpens: await this.oldPfxOpens(id, plan(entries)!.old), unregistered: world.octopus.tentacles.filter((one) => one.registration === null).map((one) => one.name) };
    const broken = [...checkInvariants(observed).filter(({ rule }) => rule !== 'importsWereProved'), ...this.newImports(observed)].filter(({ rule }) => this.epoch === 0 || !LOST_WITH_THE_JOURNAL.has(rule)).filter(({ rule, text }) => !this.isExcused(rule, text, isForeignInside, entries));
    found.push(...broken.map(({ rule, text }) => `${rule}: ${text}`));
    if (this.epoch === 0) found.push(...this.untold(entries));
    if (!isForeignInside) found.push(...this.unpolled(entries));
    return found.map((text) => this.readable(text));
  }

  /** What each node presents is in force on each planned polling Tentacle in the entry of that node's own address. */
  private unpolled(entries: readonly Entry[]): string[] {
    const behind = leftBehind(entries);
    const polling = plan(entries)!.machines.filter((machine) => machine.route === 'polling' && !behind.has(machine.key));
    return this.world.octopus.nodes.filter((node) => node.presents !== null).flatMap((node) => polling.flatMap((machine) => {
      const tentacle = this.world.octopus.tentacles.find((one) => one.thumbprint === machine.own)!;
      return tentacle.isRunning && !tentacle.trusts(node.presents!, node.address) ? [`unpolled: ${node.name} presents ${node.presents!}, and ${tentacle.name} does not poll it with that`] : [];
    }));
  }

  /** What made a relay give up is told by the run that it queued for that, unless that run did not get so far as to hear of it. */
  private untold(entries: readonly Entry[]): string[] {
    return entries.flatMap((entry, index) => {
      if (entry.kind !== 'run-queued') return [];
      const given = entries.slice(0, index).findLast((one): one is Entry<'phase-finished'> => one.kind === 'phase-finished' && one.runner === 'relay');
      const end = this.world.ends.get(entry.data.taskId);
      if (!given || given.data.refusals.length === 0 || end === undefined || end.state === 'Executing') return [];
      const told = end.refusals.map((one) => one.code);
      const isDeaf = end.state === 'Failed' && told.every((code) => /^(LEASE|OCTOPUS|STATE_FOLDER|JOURNAL)_/.test(code));
      return isDeaf || given.data.refusals.every((one) => told.includes(one.code)) ? [] : [`untold: the relay gave up with ${given.data.refusals.map((one) => one.code).join()}, and ${entry.data.taskId}, which it queued to say so, ended as ${end.state}: ${told.join() || 'it says nothing'}`];
    });
  }

  /** An import is judged by the machines that were registered then, so at the first look after it. */
  private newImports(observed: Observed): ReturnType<typeof checkInvariants> {
    const { events } = observed.truth;
    const from = this.judged;
    this.judged = events.length;
    if (!events.slice(from).some((one) => one.event === 'certificate-imported')) return [];
    return checkInvariants({ ...observed, before: { ...observed.before, events: events.slice(0, Math.max(from, observed.before.events.length)) } }).filter(({ rule }) => rule === 'importsWereProved');
  }

  private before(id: string, old: string): GroundTruth {
    const known = this.befores.get(id)!;
    // Lists are compared without what an administrator adds, unless that is what is to be rotated.
    return old === certificates().foreign.thumbprint ? known : { ...known, tentacles: known.tentacles.map((one) => ({ ...one, stored: one.stored?.filter((entry) => entry.Thumbprint !== certificates().foreign.thumbprint) ?? null, effective: one.effective?.filter((entry) => entry.Thumbprint !== certificates().foreign.thumbprint) ?? null })) };
  }

  /** What people did is nobody's fault. */
  private isExcused(rule: string, text: string, isForeignInside: boolean, entries: readonly Entry[]): boolean {
    // Whoever goes back without a node that is away chose so: it must not keep the others from going back.
    if (rule === 'intentsFirst' && text.endsWith('was not back') && entries.some((entry) => entry.kind === 'handed-over' && entry.data.job === 'roll-back')) return true;
    if (isForeignInside && (rule === 'nodesAreTrusted' || rule === 'endedIsClean')) return true;
    if (rule === 'intentsFirst' && text.includes('on administrator')) return true;
    // What was imported without care is trusted nowhere, and a rotation of it cannot lead back to it.
    if (isForeignInside && rule === 'wayBack' && plan(entries)?.old === certificates().foreign.thumbprint) return true;
    // Set up while NEW was imported and not every node had taken it: named by Check health, and taken in by the next plan.
    if (rule === 'nodesAreTrusted' && this.world.joinedInTheRow.some(({ name }) => text.includes(`not in force on ${name}:`))) return true;
    // Set up while the server presented NEW: OLD is added by rolling back, not before.
    return rule === 'wayBack' && this.world.joinedLater.some((name) => text.endsWith(`on ${name}`));
  }

  private async oldPfxOpens(id: string, old: string): Promise<boolean | null> {
    const path = `${STATE}/rotations/${id}/${old}.pfx`;
    if (this.world.disk.facts(path) === null) return null;
    const opened = await openPfx(this.world.disk.read(path), rotationSecrets(SECRET).pfxPassword(parseRotationId(id), 'old'), path).catch(() => null);
    return opened?.facts.thumbprint === old;
  }

  readable(text: string): string {
    return text.replace(/\b[0-9A-F]{40}\b/g, (thumbprint) => this.world.called(thumbprint));
  }
}

/** Rules that compare what happened with what was on record before it: a state folder from a backup does not know. */
const LOST_WITH_THE_JOURNAL = new Set(['intentsFirst', 'importsWereProved', 'proofsWereTrue', 'wayBack', 'certificatesAreFixed', 'retiredOnlyWhatIsOut', 'endedIsClean', 'foreignKept']);
