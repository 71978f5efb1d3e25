import { endOf, plan } from '../../src/journal/views.ts';
import type { Tentacle } from './world/tentacle.ts';
import { certificates } from './world/certificates.ts';
import { ABANDON_RUNBOOK_NAME, ROLL_BACK_RUNBOOK_NAME, RUNBOOK_NAME, type RunbookName } from './world/runbooks.ts';
import { STATE, World, type RunEnd } from './world/world.ts';
import type { Host } from './world/host.ts';
import { Observer } from './truth.ts';

const HOUR_MS = 3_600_000;
/** How often a person follows what a refusal says before that counts as going round in circles. */
const ROUNDS = 8;
const HELD_MS = HOUR_MS / 4;
const SERVICE_RESTART_MS = 10_000;

/** Refusals that are a legal end once somebody did what they name: an administrator imported a third certificate, or put an old state folder back. */
const AFTER_FOREIGN = new Set(['CERTIFICATE_FOREIGN', 'IMPORT_NOT_EXPECTED', 'SWAP_UNKNOWN', 'NOT_THIS_SERVER']);
const AFTER_RESTORE = new Set(['STATE_FOLDER_OLDER', 'STATE_FOLDER_MISSING', 'MARKER_MISSING', 'JOURNAL_TAMPERED', 'JOURNAL_CHANGED', 'ROTATION_NOT_OPEN', 'CERTIFICATE_FOREIGN', 'PLAN_CHANGED', 'NOT_THIS_SERVER']);

export class Broken extends Error {}

/** A world, who looks at it, and what people do in it. */
export class Bench {
  readonly world: World;
  readonly observer: Observer;
  private backup: { files: ReadonlyMap<string, unknown>; stamps: Map<string, string[]> } | null = null;
  private isForeignInside = false;
  private joined = 0;
  private forces = 1;
  readonly commands: string[] = [];

  constructor(nodes = 1) {
    this.world = new World([{ name: 'web-01', route: 'listening' }, { name: 'poll-01', route: 'polling' }], nodes);
    this.observer = new Observer(this.world);
  }

  tell(text: string): void {
    this.commands.push(text);
    this.world.tell(`== ${text}`);
  }

  /** The rules that hold at every moment. */
  async hold(isSettled = false): Promise<void> {
    const problems = await this.observer.problems(isSettled, this.isForeignInside);
    if (problems.length > 0) this.fail(problems);
  }

  fail(problems: readonly string[]): never {
    throw new Broken([...new Set(problems)].map((one) => `- ${one}`).concat('', ...this.story()).join('\n'));
  }

  story(): string[] {
    return this.world.story.map((line) => this.observer.readable(line));
  }

  // What people do.

  queue(runbook: RunbookName, steps = Infinity, isForced = true): string {
    const { task } = this.world.octopus.queueRun(runbook, 'Snapshot 1', runbook === RUNBOOK_NAME && isForced ? { 'Rotation.Force': `INC-${this.forces}` } : {});
    this.world.stepLimits.set(task.id, steps);
    return task.id;
  }

  /** Until nothing goes on any more, or something has come to pass; three hours at most. */
  async rest(milliseconds = 3 * HOUR_MS, isDone = (): boolean => false): Promise<void> {
    const { world } = this;
    await world.time.pass(milliseconds, () => world.isQuiet || isDone());
  }

  crashServer({ node }: Host = this.world.machine): void {
    this.world.octopus.stop(node, false);
    this.world.time.after(SERVICE_RESTART_MS, () => node.isWanted && this.world.octopus.start(node));
  }

  /** An administrator imports a third certificate; a careful one lets every machine trust it before, and restarts the server. */
  importForeign(isCareful: boolean): void {
    const { world } = this;
    const { thumbprint } = certificates().foreign;
    this.isForeignInside = true;
    if (isCareful) for (const tentacle of world.octopus.tentacles) tentacle.alsoTrusts(thumbprint, world.octopus.nodes.map((node) => node.address));
    world.imported(thumbprint, 'administrator');
    if (!isCareful) return;
    for (const { node } of world.hosts.filter((host) => host.isOn)) {
      world.octopus.stop(node, false);
      world.octopus.start(node);
    }
  }

  backUpState(): void {
    this.backup = { files: this.world.disk.copyOf(STATE), stamps: new Map([...this.world.stamps].map(([path, stamps]) => [path, [...stamps]])) };
  }

  restoreState(): void {
    if (this.backup === null) return;
    this.world.disk.restore(STATE, this.backup.files);
    this.world.stamps = new Map([...this.backup.stamps].map(([path, stamps]) => [path, [...stamps]]));
    this.observer.epoch++;
  }

  get mayRestore(): boolean {
    return this.backup !== null;
  }

  join(route: 'listening' | 'polling'): void {
    this.world.join({ name: `${route === 'polling' ? 'poll' : 'web'}-1${this.joined++}`, route });
  }

  tentacle(index: number): Tentacle {
    const others = this.world.octopus.tentacles.filter((one) => !this.world.octopus.isNode(one));
    return others[index % others.length]!;
  }

  /** The machine of a server node that does not lead. */
  host(index: number): Host {
    const others = this.world.hosts.slice(1);
    return others[index % others.length]!;
  }

  // The end of every sequence.

  /** Everything is mended; then running the runbook again ends the rotation, or says what to do. */
  async live(): Promise<void> {
    const { world } = this;
    this.tell('everything is mended');
    world.traps.splice(0);
    for (const actor of world.actors) actor.wake();
    world.octopus.cutOff.clear();
    world.setting.graceHours = 0;
    for (const host of world.hosts) {
      host.share = 'there';
      world.boot(host);
      host.node.staysDown = false;
      world.octopus.connect(host.node, true);
      if (host.isOn) world.octopus.start(host.node);
    }
    for (const tentacle of world.octopus.tentacles) {
      tentacle.isCutOff = false;
      tentacle.failsToStart = false;
      if (tentacle.registration) tentacle.registration.isDisabled = false;
      if (!tentacle.isOn && !world.octopus.isNode(tentacle)) tentacle.powerOn();
      else tentacle.start();
    }
    await world.time.pass(60_000);
    await this.rest();
    await this.hold();
    if (!world.isQuiet) this.fail(['after everything was mended something goes on for more than three hours']);
    const ending = await this.person();
    await this.hold(ending === 'ended');
    if (ending !== 'ended') return;
    await this.nothingRemains();
    await this.secondRun();
  }

  /** A person who reads what the run says, and does it. */
  private async person(): Promise<'ended' | 'refused'> {
    const { world } = this;
    let runbook: RunbookName = RUNBOOK_NAME;
    const said: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      this.tell(`a person runs "${runbook}"`);
      const end = await this.run(runbook);
      await this.hold();
      // Nobody but a person at the machines can bring back what an administrator cut off.
      if (this.isForeignInside && world.octopus.nodes.some((node) => !world.isServed(node))) return 'refused';
      const id = this.observer.rotationIds.at(-1);
      const entries = id === undefined ? [] : this.observer.entries(id);
      if (world.marker === null && (plan(entries) === null || endOf(entries) !== null) && end.state === 'Success') return 'ended';
      if (end.defects.length > 0) this.fail(end.defects.map((one) => `a defect is told to the administrator: ${one}`));
      const codes = end.refusals.map((one) => one.code);
      // Told to wait until whoever is at work is done, he waits.
      if (codes.includes('LEASE_HELD')) await world.time.pass(HELD_MS);
      said.push(`${runbook}: ${codes.join() || end.state}`);
      if (end.refusals.some((one) => one.text.trim() === '')) this.fail(['a refusal says nothing']);
      if (this.isForeignInside && codes.some((one) => AFTER_FOREIGN.has(one))) return 'refused';
      if (this.observer.epoch > 0 && codes.some((one) => AFTER_RESTORE.has(one))) return 'refused';
      // Told that a machine does not trust what is in force, he runs its command on it.
      if (codes.some((code) => /^(TRUST|ROLL_BACK|HEALTH)_NOT_PROVED$/.test(code))) for (const tentacle of world.joinedInTheRow) tentacle.alsoTrusts(world.octopus.thumbprint, world.octopus.nodes.map((node) => node.address));
      // A roll back takes in no node that came since.
      if (codes.includes('NODES_CHANGED') && runbook === ROLL_BACK_RUNBOOK_NAME) for (const host of world.hosts.slice(3).filter(({ node }) => world.octopus.nodes.includes(node))) world.removeNode(host);
      if (codes.includes('ROTATION_ABANDONED')) runbook = ABANDON_RUNBOOK_NAME;
      else if (codes.includes('ROTATION_ROLLING_BACK')) runbook = ROLL_BACK_RUNBOOK_NAME;
      else if (codes.includes('NOTHING_TO_ABANDON') || codes.includes('NOTHING_TO_ROLL_BACK')) runbook = RUNBOOK_NAME;
    }
    return this.fail([`the rotation does not end: ${said.join(', then ')}`]);
  }

  /** Relays that nobody could dismiss find out by themselves that their rotation is over. */
  private async nothingRemains(): Promise<void> {
    const { world } = this;
    await world.time.pass(HELD_MS, () => world.hosts.every((host) => host.unitNames.length === 0));
    const left = world.hosts.flatMap((host) => host.unitNames.map((name) => `${name.replace(/-sc-.*/, '')} on ${host.name}`));
    if (left.length > 0) this.fail([`after the end there still is ${left.join(', ')}`]);
  }

  private async run(runbook: RunbookName): Promise<RunEnd> {
    const id = this.queue(runbook);
    await this.rest();
    const end = this.world.ends.get(id);
    if (end === undefined) return { state: 'never begun', refusals: [], defects: [] };
    // What the relay found is told by the run that it queued.
    const later = [...this.world.ends].filter(([task]) => Number(task.split('-')[1]) > Number(id.split('-')[1])).map(([, one]) => one);
    const last = later.at(-1) ?? end;
    return { state: last.state, refusals: [...end.refusals, ...later.flatMap((one) => one.refusals)], defects: [...end.defects, ...later.flatMap((one) => one.defects)] };
  }

  /** Nothing is due, and nothing is written. */
  private async secondRun(): Promise<void> {
    // Polling Tentacles that met another certificate pause before they come again (A18); another text may force what is not due.
    await this.world.time.pass(HELD_MS);
    const before = this.world.fingerprint;
    const events = this.world.events.length;
    const end = await this.run(RUNBOOK_NAME);
    if (end.state !== 'Success') this.fail([`a run when nothing is due ends as ${end.state}: ${end.refusals.map((one) => one.code).join()}`]);
    // A text that forced a rotation works once; one that never came to a plan still does.
    const isNew = this.world.events.length > events;
    if (isNew && this.world.fingerprint !== before && endOf(this.observer.entries(this.observer.rotationIds.at(-1)!)) === null) this.fail(['a run when nothing is due leaves a rotation open']);
  }

  nextForce(): void {
    this.forces++;
  }
}
