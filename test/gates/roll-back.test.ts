import { describe, expect, it } from 'vitest';
import { mayRollBack, type RollBackObservation } from '../../src/gates/roll-back.ts';
import { everyMachineProved, judgeTrust, type TrustObservation } from '../../src/gates/trust.ts';
import type { Entry } from '../../src/journal/contract.ts';
import { ROLL_BACK_EFFECT, rollingBack } from '../../src/journal/views.ts';
import type { ProbeVerdict } from '../../src/tentacle/contract.ts';
import { NEW, OLD, plannedMachine, rotationOptions, THIRD, seenNode } from '../support/estate-pieces.ts';

const swapped: RollBackObservation = { rotationId: 'sc-20261124-8684143e', old: OLD, fresh: NEW, shownByDatabase: NEW, nodes: [seenNode(NEW)], handedOver: true, relayAtWork: null, retiringSince: null, abandoning: false };
const codes = (seen: Partial<RollBackObservation>): string[] => {
  const verdict = mayRollBack({ ...swapped, ...seen });
  return verdict.verdict === 'pass' ? [] : verdict.refusals.map((one) => one.code);
};

describe('rule 4: rolling back', () => {
  it.each<[string, Partial<RollBackObservation>]>([
    ['NEW is in force', {}],
    ['NEW is imported and not yet presented', { nodes: [seenNode(OLD)] }],
    ['OLD is imported again and not yet presented', { shownByDatabase: OLD }],
    ['the swap was handed over and nothing was imported', { shownByDatabase: OLD, nodes: [seenNode(OLD)] }],
    ['NEW shows although no hand-over is on record', { handedOver: false }],
  ])('is legal when %s', (_, seen) => expect(codes(seen)).toEqual([]));

  it.each<[string, Partial<RollBackObservation>, string[]]>([
    ['before the hand-over, in favour of abandoning', { handedOver: false, shownByDatabase: OLD, nodes: [seenNode(OLD)] }, ['ROLL_BACK_TOO_EARLY']],
    ['before NEW was made', { handedOver: false, fresh: null, shownByDatabase: OLD, nodes: [seenNode(OLD)] }, ['ROLL_BACK_TOO_EARLY']],
    ['from the first intent to retire on', { retiringSince: '2026-11-24T07:12:44.000Z' }, ['ROLL_BACK_TOO_LATE']],
    ['while the rotation is being abandoned', { abandoning: true, handedOver: false, shownByDatabase: OLD, nodes: [seenNode(OLD)] }, ['ROTATION_ABANDONED']],
    ['while the relay is at work on something else', { relayAtWork: 'octopus-rotation-relay-x.service' }, ['ROLL_BACK_RELAY_AT_WORK']],
    ['over a certificate that somebody else imported', { shownByDatabase: THIRD }, ['CERTIFICATE_FOREIGN']],
    ['beside a node that presents a third one', { nodes: [seenNode(THIRD)] }, ['CERTIFICATE_FOREIGN']],
    ['for every reason at once', { retiringSince: '2026-11-24T07:12:44.000Z', relayAtWork: 'u', shownByDatabase: THIRD, nodes: [seenNode(THIRD)] }, ['ROLL_BACK_TOO_LATE', 'ROLL_BACK_RELAY_AT_WORK', 'CERTIFICATE_FOREIGN']],
  ])('is refused %s', (_, seen, expected) => expect(codes(seen)).toEqual(expected));

  it('says what to do instead', () => {
    const next = (seen: Partial<RollBackObservation>): string => {
      const verdict = mayRollBack({ ...swapped, ...seen });
      return verdict.verdict === 'pass' ? '' : verdict.refusals[0]!.next;
    };
    expect(next({ handedOver: false, shownByDatabase: OLD, nodes: [seenNode(OLD)] })).toContain('"Abandon server certificate rotation"');
    expect(next({ retiringSince: '2026-11-24T07:12:44.000Z' })).toMatch(/^Run "Rotate server certificate" again to finish/);
  });
});

describe('judging one machine before OLD is put back', () => {
  const trusted: ProbeVerdict = { verdict: 'trusted', peer: THIRD, milliseconds: 4 };
  const refused: ProbeVerdict = { verdict: 'not-trusted', peer: THIRD, milliseconds: 4 };
  const wrongPeer: ProbeVerdict = { verdict: 'wrong-peer', peer: THIRD, milliseconds: 4 };
  const silent: ProbeVerdict = { verdict: 'inconclusive', reason: 'it was silent', code: 'ETIMEDOUT', milliseconds: 5000 };
  const judge = (given: Partial<TrustObservation>, options = rotationOptions()) => judgeTrust({ machine: plannedMachine(), reached: { reached: true }, probes: null, readBack: null, ...given }, options, new Date('2026-11-24T12:00:00Z'), 'old');
  const off = { reached: { reached: false, code: 'ECONNREFUSED' } } as const;

  it.each([
    ['accepting both is proved', trusted, trusted, 'proved'],
    ['accepting OLD alone is proved: going back is what reaches it again', refused, trusted, 'proved'],
    ['A1: having lost OLD is unproved', trusted, refused, 'unproved'],
    ['refusing both is unproved', refused, refused, 'unproved'],
    ['another certificate at its address is unproved', wrongPeer, wrongPeer, 'unproved'],
    ['an inconclusive probe is unproved', trusted, silent, 'unproved'],
  ] as const)('%s', (_, fresh, old, state) => expect(judge({ probes: { fresh, old } }).state).toBe(state));

  it('A16: where only its list can tell, every address counts, and a restart since', () => {
    const machine = plannedMachine({ route: 'polling', address: null });
    const readBack = { trustsFresh: true, trustsOld: true, servesOld: true, effective: 'yes', lastRestart: 'good' } as const;
    expect(judge({ machine, readBack })).toMatchObject({ state: 'proved', how: 'read-back' });
    expect(judge({ machine, readBack: { ...readBack, servesOld: false } })).toMatchObject({ state: 'unproved', verdict: 'no' });
    expect(judge({ machine, readBack: { ...readBack, effective: 'no' } }).state).toBe('unproved');
    expect(judge({ machine }).state).toBe('unproved');
  });

  it('leaves behind whom policy and waivers name, as before the swap', () => {
    const waiver = { machine: 'web-01', by: 'A. Person', reason: 'scrapped', until: '2026-12-31' };
    expect(judge(off).state).toBe('unproved');
    expect(judge(off, rotationOptions({ offlineMachines: 'leave-behind' }))).toMatchObject({ state: 'left-behind', reason: 'off' });
    expect(judge({ probes: { fresh: trusted, old: refused } }, rotationOptions({ waivers: [waiver] }))).toMatchObject({ state: 'left-behind', reason: 'waived' });
    expect(judge({ probes: { fresh: trusted, old: refused } }, rotationOptions({ offlineMachines: 'leave-behind' })).state).toBe('unproved');
  });

  it('A41: takes the host as written, since the relay restarts and probes it', () => {
    const readBack = { trustsFresh: true, trustsOld: true, servesOld: true, effective: 'no', lastRestart: 'none' } as const;
    expect(judge({ machine: plannedMachine({ isHost: true }), readBack }).state).toBe('written');
    expect(judge({ machine: plannedMachine({ isHost: true }), readBack: { ...readBack, servesOld: false } }).state).not.toBe('written');
  });

  it('names every machine in one refusal of its own, and refuses where nobody is proved', () => {
    const refusalsOf = (...judgements: ReturnType<typeof judge>[]): string[] => {
      const verdict = everyMachineProved(judgements, 'old');
      return verdict.verdict === 'pass' ? [] : verdict.refusals.map((one) => one.code);
    };
    const proved = judge({ probes: { fresh: trusted, old: trusted } });
    expect(refusalsOf(proved)).toEqual([]);
    expect(refusalsOf(proved, judge(off))).toEqual(['ROLL_BACK_NOT_PROVED']);
    expect(refusalsOf(judge(off, rotationOptions({ offlineMachines: 'leave-behind' })))).toEqual(['ROLL_BACK_NO_MACHINE_PROVED']);
  });
});

describe('the way forward', () => {
  const entry = (kind: 'intent' | 'done', effect: string): Entry => ({ kind, subject: 'estate', data: { effect, detail: {} } }) as unknown as Entry;
  it('is closed by the intent to roll back, and opened again when that was given up', () => {
    expect(rollingBack([entry('intent', 'add-trust')])).toBe(false);
    expect(rollingBack([entry('intent', ROLL_BACK_EFFECT), entry('intent', 'drain')])).toBe(true);
    expect(rollingBack([entry('intent', ROLL_BACK_EFFECT), entry('done', ROLL_BACK_EFFECT)])).toBe(false);
    expect(rollingBack([entry('intent', ROLL_BACK_EFFECT), entry('done', ROLL_BACK_EFFECT), entry('intent', ROLL_BACK_EFFECT)])).toBe(true);
  });
});
