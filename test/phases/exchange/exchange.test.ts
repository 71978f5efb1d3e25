import { beforeAll, describe, expect, it } from 'vitest';
import { tentacleFacts } from '../../../src/journal/tentacle-views.ts';
import { anyCertificate, OLD, World, type Trouble } from './world.ts';

let der: Uint8Array;
beforeAll(async () => {
  der = await anyCertificate();
});

const FAR = 60 * 60_000;
const HOUR = 60 * 60_000;
const registeredAs = (world: World) => new Set(world.registered.values());

/** Where a machine may be when all is over: one certificate in the configuration, in force and in each registration, nothing armed. */
function expectSettled(world: World): void {
  expect([...registeredAs(world)]).toEqual([world.own]);
  expect(world.inForce).toBe(world.own);
  expect(['armed', 'switched', 'switching', 'reverting', 'staged']).not.toContain(world.state);
}

const KINDS: [string, Trouble][] = [['a listening Tentacle', {}], ['a polling Tentacle', { isPolling: true }]];

describe.each(KINDS)('the certificate of %s', (_, kind) => {
  it('is exchanged, registered everywhere, proved, and confirmed', async () => {
    const world = new World(kind, der);
    const { outcome } = await world.process();
    expect(outcome).toMatchObject({ rotated: true, fresh: world.own });
    expect(world.own).not.toBe(OLD);
    expect(world.state).toBe('disarmed');
    expectSettled(world);
  });

  it.each<[string, Trouble, RegExp]>([
    ['B1: the service does not come up with it', { serviceFails: true }, /service-failed|did not come back|not.*confirmed|does not answer/],
    ['scripts kept running', { neverIdle: true }, /scripts ran there|does not answer/],
    ['Octopus refuses to change a registration', { forbidden: true }, /could not be changed/],
    ['B6: Octopus finds it signed with SHA-1', { signature: 'sha1RSA', isPolling: true }, /sha1RSA/],
    ['A17: it is never healthy with it', { unhealthy: true }, /not.*confirmed|in time/],
    ['it is off for longer than it waits', { offAfterFireMs: 2 * HOUR }, /none of the certificates|confirmed|certificate/],
  ])('is put back, or exactly reported, when %s', async (_name, trouble, text) => {
    const world = new World({ ...kind, ...trouble }, der);
    const { outcome, error } = await world.process();
    expect(error).toBeNull();
    expect(outcome).toMatchObject({ rotated: false, failure: { text: expect.stringMatching(text) as string } });
    expect(world.isReconnectable).toBe(true);
    if (outcome?.rotated === false && outcome.failure.reason === 'reverted') {
      expectSettled(world);
      expect(world.own).toBe(OLD);
    }
    // Whatever became of it, another run or the repair brings it back.
    await world.pass(4 * HOUR);
    expect((await world.process({ settle: true })).error).toBeNull();
    expectSettled(world);
  });

  it('B1: goes back by itself when the server is gone for good; the record follows when it is there again', async () => {
    const world = new World({ ...kind, serverAwayMs: FAR }, der);
    const { error } = await world.process();
    expect(error).toMatchObject({ code: 'OCTOPUS_UNREACHABLE' });
    expect(world.own).toBe(OLD);
    await world.pass(FAR);
    expect((await world.process()).error).toBeNull();
    expectSettled(world);
  });

  it('bears a server that is away for a minute', async () => {
    const world = new World({ ...kind, serverAwayMs: 60_000 }, der);
    expect((await world.process()).outcome).toMatchObject({ rotated: true });
    expectSettled(world);
  });

  it('B4: is not begun with where the machine itself says that another server uses it', async () => {
    const world = new World({ ...kind, usedByOthers: true }, der);
    expect((await world.process()).outcome).toMatchObject({ rotated: false, failure: { reason: 'other-servers' } });
    expect(world.state).toBe('none');
    expectSettled(world);
  });

  it('says so when the machine was deleted half-way', async () => {
    const world = new World({ ...kind, isDeleted: true }, der);
    expect((await world.process()).outcome).toMatchObject({ rotated: false, failure: { text: expect.stringContaining('deleted') as string } });
    await world.pass(HOUR);
    expect(world.own).toBe(OLD);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('bears that reply number %i is lost', async (number) => {
    const world = new World({ ...kind, lostReplies: [number] }, der);
    const { outcome, error } = await world.process();
    expect(error).toBeNull();
    expect(outcome).toMatchObject({ rotated: true });
    expectSettled(world);
  });

  it.each<[string, Trouble]>([['nothing else', {}], ['a service that fails', { serviceFails: true }], ['a refusal of Octopus', { forbidden: true }]])('is settled by the next run wherever the first one was killed, with %s', async (_name, trouble) => {
    const whole = new World({ ...kind, ...trouble }, der);
    const { lines } = await whole.process();
    for (let until = 0; until < lines; until++) {
      for (const moment of ['before', 'after'] as const) {
        for (const later of [0, 30_000, HOUR]) {
          const world = new World({ ...kind, ...trouble }, der);
          await world.process({ until, moment });
          expect(world.isReconnectable, `killed ${moment} line ${until}`).toBe(true);
          await world.pass(later);
          const { outcome, error } = await world.process();
          expect(error, `killed ${moment} line ${until}, ${later} ms later`).toBeNull();
          expect(outcome !== null && (outcome.rotated || outcome.failure.reason !== 'unknown-certificate'), `killed ${moment} line ${until}, ${later} ms later: ${JSON.stringify(outcome)}`).toBe(true);
          expectSettled(world);
          if (trouble.serviceFails === true || trouble.forbidden === true) expect(world.own).toBe(OLD);
          // Confirmed only what was proved before.
          if (world.disarmed.length > 0) expect(tentacleFacts(world.entries, world.machine.key).news).toContain(world.own);
        }
      }
    }
  });

  it('is repaired where a run was killed, without beginning anything new', async () => {
    const whole = new World(kind, der);
    const { lines } = await whole.process();
    for (let until = 0; until < lines; until++) {
      const world = new World(kind, der);
      await world.process({ until, moment: 'after' });
      const made = tentacleFacts(world.entries, world.machine.key).news.length;
      if (made === 0) continue;
      const { outcome, error } = await world.process({ settle: true });
      expect(error).toBeNull();
      expect(outcome, `killed after line ${until}`).not.toMatchObject({ failure: { reason: 'unknown-certificate' } });
      expectSettled(world);
      expect(tentacleFacts(world.entries, world.machine.key).news).toHaveLength(made);
    }
  });
});
