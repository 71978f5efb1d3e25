import type { Entry } from '../../src/journal/contract.ts';
import { plan } from '../../src/journal/views.ts';
import { openPfx } from '../../src/certificates/pfx.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import type { TrustEntry } from '../../src/tentacle/contract.ts';
import { checkInvariants, type Observed } from '../support/invariants.ts';
import { SECRET, STATE, type World } from './world/world.ts';

const STYLES = { None: 0, TentaclePassive: 1, TentacleActive: 2, KubernetesTentacle: 11 } as const;

type GroundTruth = Observed['truth'];

/** The world as the ground truth of a sandbox would tell it. */
export function groundTruth(world: World): GroundTruth {
  const list = (entries: readonly TrustEntry[] | null) => entries?.map((one) => ({ Thumbprint: one.thumbprint, CommunicationStyle: STYLES[one.style], Address: one.address, Squid: null, SubscriptionId: one.subscriptionId })) ?? null;
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
  private readonly first: GroundTruth;
  private readonly befores = new Map<string, GroundTruth>();
  private readonly journals = new Map<string, Known>();
  /** Rises when somebody puts an old state folder back: then the journal knows less than what happened. */
  epoch = 0;

  constructor(private readonly world: World) {
    this.first = this.snapshot();
  }

  private snapshot(): GroundTruth {
    const truth = groundTruth(this.world);
    return { ...truth, events: [...truth.events] };
  }

  /** Ids of the rotations that have a journal here, in the order in which they were seen. */
  get rotationIds(): string[] {
    const { disk } = this.world;
    const folder = `${STATE}/rotations`;
    const here = disk.facts(folder) === null ? [] : disk.list(folder).filter((id) => disk.facts(`${folder}/${id}/journal.jsonl`) !== null);
    for (const id of here) if (!this.befores.has(id)) this.befores.set(id, this.befores.size === 0 ? this.first : this.snapshot());
    return here;
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
  async problems(isSettled: boolean): Promise<string[]> {
    const { world } = this;
    const found = [...world.violations];
    const id = this.rotationIds.at(-1);
    if (id === undefined) return found;
    const entries = this.entries(id);
    if (plan(entries) === null) return found;
    const fencePath = `${STATE}/fence`;
    const fence = world.disk.facts(fencePath) === null ? 0 : Number(world.disk.read(fencePath).toString());
    const truth = groundTruth(world);
    const observed: Observed = { truth, before: this.befores.get(id)!, entries, settled: isSettled, fence, oldPfxOpens: await this.oldPfxOpens(id, plan(entries)!.old), unregistered: world.octopus.tentacles.filter((one) => one.registration === null || one.registration.isDisabled).map((one) => one.name) };
    const broken = checkInvariants(observed).filter(({ rule }) => this.epoch === 0 || !LOST_WITH_THE_JOURNAL.has(rule));
    found.push(...broken.map(({ rule, text }) => `${rule}: ${text}`));
    return found.map((text) => this.readable(text));
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
const LOST_WITH_THE_JOURNAL = new Set(['intentsFirst', 'importsWereProved', 'proofsWereTrue', 'wayBack', 'certificatesAreFixed', 'retiredOnlyWhatIsOut', 'endedIsClean']);
