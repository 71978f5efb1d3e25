import { describe, expect, it } from 'vitest';
import { everyMachineProved, judgeTrust, type TrustObservation } from '../../src/gates/trust.ts';
import type { ProbeVerdict } from '../../src/tentacle/contract.ts';
import { plannedMachine, rotationOptions, THIRD } from '../support/estate-pieces.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const trusted: ProbeVerdict = { verdict: 'trusted', peer: THIRD, milliseconds: 4 };
const notTrusted: ProbeVerdict = { verdict: 'not-trusted', peer: THIRD, milliseconds: 4 };
const wrongPeer: ProbeVerdict = { verdict: 'wrong-peer', peer: THIRD, milliseconds: 4 };
const inconclusive: ProbeVerdict = { verdict: 'inconclusive', reason: 'it was silent', code: 'ETIMEDOUT', milliseconds: 5000 };

function look(fresh: ProbeVerdict, old: ProbeVerdict, given: Partial<TrustObservation> = {}): TrustObservation {
  return { machine: plannedMachine(), reached: { reached: true }, probes: { fresh, old }, readBack: null, ...given };
}
const off: TrustObservation = { machine: plannedMachine(), reached: { reached: false, code: 'ECONNREFUSED' }, probes: null, readBack: null };

describe('judging one machine before the swap', () => {
  it.each([
    ['A1: both accepted is proved on the wire', trusted, trusted, 'proved'],
    ['A5: OLD accepted and NEW not is unproved: missing, or written without a restart', notTrusted, trusted, 'unproved'],
    ['NEW accepted and OLD not is no proof: the server in force could not reach it', trusted, notTrusted, 'unproved'],
    ['both refused tells nothing', notTrusted, notTrusted, 'unproved'],
    ['another certificate at its address is never proved', wrongPeer, wrongPeer, 'unproved'],
    ['an inconclusive probe is never proved', inconclusive, trusted, 'unproved'],
    ['an inconclusive control is never proved', trusted, inconclusive, 'unproved'],
  ] as const)('%s', (_name, fresh, old, state) => {
    expect(judgeTrust(look(fresh, old), rotationOptions({ offlineMachines: 'leave-behind' }), NOW).state).toBe(state);
  });

  it('A7: a machine that is off is left behind only where the policy says so', () => {
    expect(judgeTrust(off, rotationOptions(), NOW)).toMatchObject({ state: 'unproved', verdict: 'unknown' });
    expect(judgeTrust(off, rotationOptions({ offlineMachines: 'leave-behind' }), NOW)).toMatchObject({ state: 'left-behind', reason: 'off' });
  });

  it('A8: a disabled machine without proof is left behind by policy, one with proof is proved', () => {
    const machine = plannedMachine({ isDisabled: true });
    expect(judgeTrust(look(notTrusted, trusted, { machine }), rotationOptions({ offlineMachines: 'leave-behind' }), NOW)).toMatchObject({ state: 'left-behind', reason: 'disabled' });
    expect(judgeTrust(look(trusted, trusted, { machine }), rotationOptions({ offlineMachines: 'leave-behind' }), NOW)).toMatchObject({ state: 'proved', how: 'wire' });
  });

  it('an enabled machine that answers and does not trust NEW is not covered by the policy for offline machines', () => {
    expect(judgeTrust(look(notTrusted, trusted), rotationOptions({ offlineMachines: 'leave-behind' }), NOW).state).toBe('unproved');
  });

  it('a waiver counts by name until its last day, and not after', () => {
    const waiver = { machine: 'web-01', by: 'A. Person', reason: 'scrapped', until: '2026-11-24' };
    expect(judgeTrust(off, rotationOptions({ waivers: [waiver] }), NOW)).toMatchObject({ state: 'left-behind', reason: 'waived', waiver });
    expect(judgeTrust(off, rotationOptions({ waivers: [{ ...waiver, until: '2026-11-23' }] }), NOW).state).toBe('unproved');
    expect(judgeTrust(off, rotationOptions({ waivers: [{ ...waiver, machine: 'web-02' }] }), NOW).state).toBe('unproved');
  });

  it("A41: the host's own Tentacle passes as written, with both in its list", () => {
    const machine = plannedMachine({ isHost: true });
    const written = { machine, reached: { reached: true }, probes: null, readBack: { trustsFresh: true, trustsOld: true, servesOld: true, effective: 'no', lastRestart: 'none' } } as const;
    expect(judgeTrust(written, rotationOptions(), NOW).state).toBe('written');
    expect(judgeTrust({ ...written, readBack: { trustsFresh: false, trustsOld: true, servesOld: true, effective: 'no', lastRestart: 'none' } }, rotationOptions(), NOW).state).toBe('unproved');
  });

  it('a machine that only the server can reach passes by read-back only after a restart', () => {
    const machine = plannedMachine({ viaProxy: true });
    const base = { machine, reached: null, probes: null } as const;
    expect(judgeTrust({ ...base, readBack: { trustsFresh: true, trustsOld: true, servesOld: true, effective: 'yes', lastRestart: 'none' } }, rotationOptions(), NOW)).toMatchObject({ state: 'proved', how: 'read-back' });
    for (const effective of ['no', 'unknown'] as const) {
      expect(judgeTrust({ ...base, readBack: { trustsFresh: true, trustsOld: true, servesOld: true, effective, lastRestart: 'none' } }, rotationOptions(), NOW).state).toBe('unproved');
    }
  });
});

describe('the gate over all machines', () => {
  const judge = (one: TrustObservation) => judgeTrust(one, rotationOptions({ offlineMachines: 'leave-behind' }), NOW);

  it('passes when each is proved or left behind, and at least one is proved', () => {
    expect(everyMachineProved([judge(look(trusted, trusted)), judge(off)]).verdict).toBe('pass');
  });

  it('A1: refuses and names every machine that is not', () => {
    const gate = everyMachineProved([judge(look(trusted, trusted)), judge(look(notTrusted, trusted, { machine: plannedMachine({ name: 'web-02' }) })), judge(look(inconclusive, trusted, { machine: plannedMachine({ name: 'web-03' }) }))]);
    expect(gate.verdict).toBe('refuse');
    expect(gate.verdict !== 'pass' && gate.refusals[0]!.message).toMatch(/2 machine\(s\).*web-02.*web-03/);
  });

  it('refuses when nobody is proved at all', () => {
    const gate = everyMachineProved([judge(off)]);
    expect(gate.verdict !== 'pass' && gate.refusals[0]!.code).toBe('NO_MACHINE_PROVED');
  });
});
