import { expect } from 'vitest';
import { leftBehind } from '../../../src/journal/views.ts';
import { addAnother, populate, trouble } from './estate.ts';
import type { Machine } from './machine.ts';
import { Play, type Told } from './play.ts';
import { Seeded } from './seeded.ts';

export const AFTER_TROUBLE: Record<string, RegExp> = {
  'wrong-peer': /another certificate answers/,
  'list-broken': /list-broken/,
  'configure-fails': /configure-failed/,
  'restart-fails': /its restart did not go well/,
  'scripts-run-long': /its restart was put off/,
};

/** Refusals after which the same phase is just run again: the world stood in the way, not a machine. */
const PASSING = /^(OCTOPUS_STARTING|OCTOPUS_TASK_UNKNOWN|LEASE_CONTENDED|LEASE_HOLDER_UNKNOWN|HEALTH_UNKNOWN|LEASE_HELD)/;

/** A seeded rotation with everything that may go wrong, and the person who mends it. Holds the fleet to its rules after every phase. */
export class Journey {
  readonly play: Play;
  readonly log: string[] = [];
  private readonly disabledAtFirst = new Map<string, boolean>();

  constructor(seed: number, count: number) {
    const random = new Seeded(seed);
    this.play = new Play(random);
    const { fleet } = this.play;
    populate(fleet, count);
    trouble(fleet, 0.12);
    fleet.weather = { cancelled: random.pick([0, 0.05]), away: random.pick([0, 0.002]), stale: random.pick([0, 0.05]) };
    fleet.taskTypes = random.chance(0.3) ? [...fleet.taskTypes, 'TentacleAddTrust', 'TentacleRemoveTrust'] : fleet.taskTypes;
    this.play.settings = {
      ...this.play.settings, offlineMachines: random.pick(['refuse', 'leave-behind']), enableDisabled: random.chance(0.5), waveBy: random.pick(['size', 'environment']), waveSize: random.between(10, 60), canaries: random.between(1, 3), atOnce: random.between(5, 25),
    };
    this.noteDisabled();
    this.play.startRun();
  }

  private noteDisabled(): void {
    for (const machine of this.play.fleet.machines) for (const one of machine.registrations) this.disabledAtFirst.set(one.id, one.isDisabled);
  }

  /** A phase until the world lets it, and what must be so after it, however it ended. */
  async step(name: 'plan' | 'backUp' | 'generate' | 'trust' | 'prove' | 'replace' | 'swap' | 'healthAfterSwap' | 'retire' | 'healthAfterRetire' | 'verify' | 'finish' | 'abandon'): Promise<Told> {
    const { play } = this;
    for (let attempt = 1; ; attempt++) {
      const told = await play[name]();
      this.log.push(`${name}: ${told.ok ? told.outcome : `${told.codes.join()} ${told.text.slice(0, 400)}`}`);
      const lies = await play.lies();
      expect(lies, `${lies.join('; ')}\n${this.log.join('\n')}`).toEqual([]);
      if (name === 'trust' || name === 'retire' || name === 'abandon') this.holdWaves();
      const isPassing = !told.ok && told.codes.every((code) => PASSING.test(code));
      if (!isPassing) {
        this.holdDisabled();
        return told;
      }
      if (attempt >= 12) throw new Error(`${name} never gets through.\n${this.log.join('\n')}`);
    }
  }

  /** Whoever is disabled is disabled again (A8). */
  private holdDisabled(): void {
    const changed = this.play.fleet.machines.flatMap((machine) => machine.registrations).filter((one) => this.disabledAtFirst.get(one.id) !== undefined && one.isDisabled !== this.disabledAtFirst.get(one.id));
    expect(changed.map((one) => one.name), this.log.join('\n')).toEqual([]);
  }

  /** B8: canaries alone, and never more at once than allowed. */
  private holdWaves(): void {
    const { fleet, settings } = this.play;
    expect(fleet.mostAtOnce, this.log.join('\n')).toBeLessThanOrEqual(settings.atOnce);
    const kinds = new Map<string, Machine[]>();
    for (const machine of new Set(fleet.tried)) kinds.set(`${machine.route} ${machine.shell}`, [...(kinds.get(`${machine.route} ${machine.shell}`) ?? []), machine]);
    const canaries = [...kinds.values()].flatMap((machines) => machines.slice(0, settings.canaries));
    for (const later of fleet.begun.filter((machine) => !canaries.includes(machine))) for (const other of fleet.meanwhile.get(later) ?? []) expect(canaries, `${later.name} began while the canary ${other.name} (${other.route}, ${other.fault}, ${other.lastRestart}) was on its way\n${this.log.join('\n')}`).not.toContain(other);
  }

  /** Who is warned of, with the words. */
  private warned(): Map<string, string> {
    const warned = new Map<string, string>();
    for (const text of this.play.warnings) {
      const found = /^([\w-]+): (.*)$/s.exec(text);
      if (found) warned.set(found[1]!, found[2]!);
    }
    return warned;
  }

  /** Prove names exactly those who do not accept NEW, each with its reason and what mends it. */
  private async holdNamed(): Promise<void> {
    const { fleet, fresh, old } = this.play;
    const warned = this.warned();
    const planned = await this.play.planned();
    const isSeen = (machine: Machine, isProbed: boolean) => machine.isOn && machine.fault !== 'wrong-peer' && (isProbed || machine.fault !== 'list-broken');
    for (const { name, key, address, viaProxy } of planned) {
      const machine = fleet.machines.find((one) => one.key === key)!;
      if (machine.isHost) continue;
      const text = warned.get(name);
      if (machine.isByWebSocket) {
        if (text !== undefined && machine.isOn) expect(text).toMatch(/polls by WebSocket|waived|disabled|skips it|list-broken|not read back/);
        continue;
      }
      const isFine = machine.accepts(fresh) && machine.accepts(old) && isSeen(machine, address !== null && !viaProxy);
      // What only the server reaches and the server skips, nobody can see.
      const isUnseen = !planned.find((one) => one.key === key)!.address && machine.registrations.every((one) => one.isDisabled) && !this.play.settings.enableDisabled;
      if (isFine && !isUnseen && fleet.weather.cancelled === 0) expect(text, `${name} is fine and named: ${text}`).toBeUndefined();
      if (!isFine) {
        expect(text, `${name} (${machine.fault}) is not named\n${this.log.join('\n')}`).toBeDefined();
        expect(text).toMatch(/On the machine: |repair script/);
        if (!machine.isOn) expect(text).toMatch(/does not answer|disabled|Octopus gets no answer|waived/);
      }
    }
  }

  /** Trust tells each machine's own reason. */
  private holdReasons(): void {
    for (const machine of this.play.fleet.machines) {
      const text = this.warned().get(machine.name);
      const isTried = !machine.registrations.every((one) => one.isDisabled) || this.play.settings.enableDisabled;
      const isDone = machine.accepts(this.play.fresh) && machine.accepts(this.play.old);
      if (machine.isHost || !isTried || isDone || this.play.fleet.weather.cancelled > 0) continue;
      const expected = AFTER_TROUBLE[machine.fault];
      if (expected) expect(text, `${machine.name}: ${machine.fault}\n${this.log.join('\n')}`).toMatch(expected);
      if (machine.fault === 'off') expect(text, `${machine.name} is off`).toMatch(/does not answer|disabled/);
    }
  }

  /** Plan to Prove, until a person has seen to every machine that stands in the way. */
  async untilProved(): Promise<void> {
    const { play } = this;
    const { fleet, random } = play;
    for (let round = 1; round <= 12; round++) {
      const planned = await this.step('plan');
      if (!planned.ok) {
        this.holdUnserved(planned);
        this.letCheck();
        continue;
      }
      const ready = (await this.step('backUp')).ok && (await this.step('generate')).ok;
      if (!ready) throw new Error(this.log.join('\n'));
      if (round === 1 && random.chance(0.3)) {
        // A28: one more is registered in the middle of the run.
        addAnother(fleet, 'late-comer');
        this.noteDisabled();
      }
      const trusted = await this.step('trust');
      if (!trusted.ok) {
        expect(trusted.codes, this.log.join('\n')).toContain('INVENTORY_CHANGED');
        continue;
      }
      this.holdReasons();
      await this.secondWritesNothing('trust');
      if (random.chance(0.3)) trouble(fleet, 0.02, ['off']);
      const proved = await this.step('prove');
      await this.holdNamed();
      if (proved.ok) return;
      expect(proved.codes, this.log.join('\n')).toEqual(['TRUST_NOT_PROVED']);
      this.personActs(round);
    }
    throw new Error(`Never proved.\n${this.log.join('\n')}`);
  }

  /** Plan refuses for want of a shell only where Octopus could not find it out. */
  private holdUnserved(planned: Told): void {
    const { fleet } = this.play;
    expect(!planned.ok && planned.codes, this.log.join('\n')).toEqual(['MACHINE_NOT_SERVED']);
    for (const machine of fleet.machines) {
      const canBeChecked = machine.isOn && !machine.isHost && machine.registrations.some((one) => !one.isDisabled);
      if (canBeChecked && fleet.weather.cancelled === 0) expect(machine.registrations.some((one) => one.shell !== null), `${machine.name} was not checked\n${this.log.join('\n')}`).toBe(true);
    }
  }

  /** A person starts, or enables, what Octopus never saw. */
  private letCheck(): void {
    for (const machine of this.play.fleet.machines) {
      if (machine.registrations.some((one) => one.shell !== null)) continue;
      machine.fault = 'none';
      this.enable(machine);
    }
    this.play.startRun();
  }

  /** Mends some, waives the others. */
  personActs(round: number): void {
    const { play } = this;
    const named = new Set(this.warned().keys());
    for (const machine of play.fleet.machines) {
      const isDisabled = machine.registrations.every((one) => one.isDisabled);
      if (!named.has(machine.name) || (machine.fault === 'none' && !isDisabled)) continue;
      if (machine.fault !== 'none' && play.random.chance(0.5)) machine.fault = 'none';
      else if (isDisabled && play.random.chance(0.3)) this.enable(machine);
      else if (round > 1) play.settings.waivers.push({ machine: machine.name, by: 'Ada', reason: 'to be scrapped', until: '2027-03-31' });
    }
    play.startRun();
  }

  private enable(machine: Machine): void {
    for (const one of machine.registrations) {
      one.isDisabled = false;
      this.disabledAtFirst.set(one.id, false);
    }
  }

  private async secondWritesNothing(name: 'trust' | 'retire'): Promise<void> {
    if (!this.play.random.chance(0.3)) return;
    const { fleet } = this.play;
    const writes = new Map(fleet.machines.map((machine) => [machine, [machine.writes.length, machine.restarts, machine.fault] as const]));
    await this.step(name);
    for (const machine of fleet.machines) {
      const [before, restarts, fault] = writes.get(machine)!;
      // Whoever failed is tried again; nobody else is touched.
      if (fault === 'none' && fleet.weather.cancelled === 0) expect([machine.writes.length, machine.restarts], `${machine.name} is touched by a second ${name}`).toEqual([before, restarts]);
    }
  }

  /** From the hand-over to the end. */
  async swapAndRetire(): Promise<void> {
    const { play } = this;
    const { fleet, random } = play;
    expect(await this.step('replace')).toMatchObject({ ok: true, outcome: 'handed-over' });
    for (let attempt = 1; ; attempt++) {
      const swapped = await this.step('swap');
      if (swapped.ok) break;
      expect(swapped.codes, this.log.join('\n')).toEqual(['PROOF_LOST']);
      if (attempt > 5) throw new Error(this.log.join('\n'));
      for (const machine of fleet.machines) if (machine.accepts(play.fresh)) machine.fault = 'none';
      play.startRun();
      await this.untilProved();
      await this.step('replace');
    }
    expect(fleet.presented).toBe(play.fresh);
    if (random.chance(0.5)) trouble(fleet, 0.03, ['off', 'restart-fails', 'scripts-run-long', 'configure-fails', 'result-lost-once']);
    for (const name of ['plan', 'backUp', 'generate', 'trust', 'prove', 'replace', 'healthAfterSwap', 'retire', 'healthAfterRetire', 'verify', 'finish'] as const) {
      for (let attempt = 1; ; attempt++) {
        const told = await this.step(name);
        if (told.ok) break;
        expect(told.codes.join(), `${name} is refused\n${this.log.join('\n')}`).toMatch(/^(HEALTH_NOT_PROVED|RETIRE_INCOMPLETE|NOT_VERIFIED)$/);
        if (attempt > 6) throw new Error(this.log.join('\n'));
        for (const machine of fleet.machines) if (random.chance(0.7) && machine.accepts(play.fresh)) machine.fault = 'none';
        // Nobody but a person can let Octopus at a disabled one.
        if (name === 'retire') for (const machine of fleet.machines) if (told.text.includes(`${machine.name} (it is disabled`)) this.enable(machine);
      }
      if (name === 'retire') await this.secondWritesNothing('retire');
    }
    await this.holdEnd();
  }

  /** Every machine accepts NEW and refuses OLD, or is named with what mends it; nobody was touched more often than needed. */
  private async holdEnd(): Promise<void> {
    const { play } = this;
    const behind = leftBehind(await play.entries());
    for (const machine of play.fleet.machines) {
      const isDone = machine.accepts(play.fresh) && !machine.accepts(play.old);
      if (!isDone) expect(behind.has(machine.key), `${machine.name} is neither done nor named\n${this.log.join('\n')}`).toBe(true);
      for (const operation of ['add', 'remove']) {
        const writes = machine.writes.filter((wish) => wish.operation === operation).length;
        expect(writes, `${machine.name} was written ${writes} times to ${operation}`).toBeLessThanOrEqual(1 + machine.reverts);
      }
    }
  }

  /** The way out before the swap: NEW is trusted nowhere that is not listed; a second time writes nothing. */
  async giveUp(): Promise<void> {
    const { play } = this;
    const { fleet, random } = play;
    trouble(fleet, 0.05, ['off', 'restart-fails', 'scripts-run-long', 'configure-fails', 'result-lost-once']);
    play.startRun();
    expect((await this.step('abandon')).ok, this.log.join('\n')).toBe(true);
    await this.holdAbandoned();
    const writes = fleet.machines.map((machine) => machine.writes.length);
    if (random.chance(0.5)) for (const machine of fleet.machines) machine.fault = 'none';
    const entries = (await play.entries()).length;
    await this.step('abandon');
    await this.holdAbandoned();
    const isAllDone = fleet.machines.every((machine, index) => machine.writes.length === writes[index]);
    if (isAllDone && fleet.weather.away === 0) expect((await play.entries()).slice(entries).filter((entry) => entry.kind === 'left-behind' && !entry.data.text.includes('without a result'))).toEqual([]);
    expect((await this.step('plan')).ok).toBe(false);
    expect((await this.step('finish')).ok, this.log.join('\n')).toBe(true);
    expect(fleet.host.accepts(play.fresh)).toBe(false);
    expect(fleet.presented).toBe(play.old);
  }

  private async holdAbandoned(): Promise<void> {
    const behind = leftBehind(await this.play.entries());
    for (const machine of this.play.fleet.machines) {
      if (machine.isHost) continue;
      // What is written and waits for a restart counts, too.
      if (machine.accepts(this.play.fresh) || (machine.writes.some((wish) => wish.operation === 'add') && machine.accepts(this.play.fresh, machine.stored))) expect(behind.has(machine.key), `${machine.name} still accepts NEW and is not listed\n${this.log.join('\n')}`).toBe(true);
    }
  }
}
