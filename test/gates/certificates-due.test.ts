import { describe, expect, it } from 'vitest';
import { certificateDue, isSelected, selectionText, type KnownCertificate } from '../../src/gates/certificates-due.ts';
import { certificatesMayBeExchanged, otherServersOf, type TentacleObservation } from '../../src/gates/certificate-scope.ts';
import { everyCertificateExchanged, judgeNotExchanged } from '../../src/gates/certificate-judgement.ts';
import { verifyFinding } from '../../src/gates/certificate-verified.ts';
import type { PlannedTentacle } from '../../src/journal/contract.ts';
import type { CertificateResult } from '../../src/tentacle/contract.ts';
import { NEW as FRESH, OLD, plannedMachine, THIRD } from '../support/estate-pieces.ts';

const NOW = new Date('2027-01-05T10:00:00Z');
const POLICY = { maximumAgeDays: 365, expiresWithinDays: 60, force: null, usedForces: [] };
const young: KnownCertificate = { signatureAlgorithm: 'sha256RSA', notBefore: '2026-12-01T00:00:00Z', notAfter: '2126-12-01T00:00:00Z' };
const unseen: KnownCertificate = { signatureAlgorithm: null, notBefore: null, notAfter: null };

describe('when the certificate of a Tentacle is due', () => {
  it.each<[string, KnownCertificate, boolean, object, string | RegExp]>([
    ['is not while it is young', young, false, {}, 'no'],
    ['is by age', { ...young, notBefore: '2025-01-01T00:00:00Z' }, false, {}, /days old/],
    ['is by days to expiry', { ...young, notAfter: '2027-02-01T00:00:00Z' }, false, {}, /expires in/],
    ['B6: is when it is signed with SHA-1', { ...young, signatureAlgorithm: 'sha1RSA' }, false, {}, /sha1RSA/],
    ['is when asked for', young, false, { force: 'CHG-1' }, /CHG-1/],
    ['is not when asked for with a text that was used', young, false, { force: 'CHG-1', usedForces: ['CHG-1'] }, 'no'],
    ['is where its age can never be seen: unknown is not young', unseen, false, {}, /cannot be seen/],
    ['is not decided where it just does not answer', unseen, true, {}, 'unseen'],
    ['is by SHA-1 also where it does not answer', { ...unseen, signatureAlgorithm: 'sha1RSA' }, true, {}, /sha1RSA/],
  ])('%s', (_, certificate, canBeSeen, policy, expected) => {
    const found = certificateDue(certificate, canBeSeen, { ...POLICY, ...policy }, NOW);
    if (typeof expected === 'string') expect(found.due).toBe(expected);
    else expect(found).toMatchObject({ due: 'yes', why: expect.stringMatching(expected) as string });
  });

  it('is for whom it was asked by name, tag and environment, whatever the case of the letters', () => {
    const selection = { machines: null, tags: ['Web'], environments: ['Environments-2', 'production'] };
    expect(isSelected(selection, { names: ['a'], roles: ['web'], environments: ['Environments-1', 'Production'] })).toBe(true);
    expect(isSelected(selection, { names: ['a'], roles: ['web'], environments: ['Environments-1', 'Test'] })).toBe(false);
    expect(isSelected({ machines: ['B'], tags: null, environments: null }, { names: ['b'], roles: [], environments: [] })).toBe(true);
    expect(selectionText({ machines: ['b', 'a'], tags: null, environments: null })).toBe('machines a, b');
  });
});

const tentacle = (given: Partial<PlannedTentacle> = {}): PlannedTentacle => ({ ...plannedMachine(), ...young, due: 'it is old', clones: [], otherServers: [], ...given });
const told = (given: Partial<CertificateResult> = {}): CertificateResult => ({ own: THIRD, outcome: 'unchanged', reason: null, trusted: [], state: 'none', job: 'none', inForce: null, ...given }) as CertificateResult;
const observation = (given: Partial<TentacleObservation> = {}): TentacleObservation => ({ machine: tentacle(), wire: THIRD, told: told(), silence: '', ...given });
const OPTIONS: Parameters<typeof certificatesMayBeExchanged>[1] = { waivers: [], otherServers: 'refuse', offlineMachines: 'refuse' };
const codes = (some: TentacleObservation[], options: object = {}): string[] => {
  const verdict = certificatesMayBeExchanged(some, { ...OPTIONS, ...options }, NOW);
  return verdict.verdict === 'pass' ? [] : verdict.refusals.map((one) => one.code);
};

describe('whether certificates may be exchanged, asked before anything is changed', () => {
  const waivers = [{ machine: tentacle().name, by: 'b', reason: 'r', until: '2027-12-31' }];

  it('passes for machines that say nothing against it, and for one that is off', () => {
    expect(codes([observation(), observation({ wire: 'silent', told: null })])).toEqual([]);
  });

  it('B1: refuses one whose registration is not the certificate that it shows', () => {
    expect(codes([observation({ wire: OLD, told: null })])).toEqual(['CERTIFICATE_DIFFERS']);
    expect(codes([observation({ wire: OLD, told: null })], { offlineMachines: 'leave-behind' })).toEqual([]);
  });

  it('B4: refuses one that another Octopus Server uses, unless that is accepted or it is waived', () => {
    const shared = observation({ machine: tentacle({ otherServers: [FRESH] }) });
    expect(codes([shared])).toEqual(['USED_BY_OTHER_SERVERS']);
    expect(codes([shared], { offlineMachines: 'leave-behind' })).toEqual(['USED_BY_OTHER_SERVERS']);
    expect(codes([shared], { otherServers: 'accept' })).toEqual([]);
    expect(codes([shared], { waivers })).toEqual([]);
    expect(otherServersOf({ trusted: [{ thumbprint: OLD.toLowerCase() }, { thumbprint: FRESH }] as CertificateResult['trusted'] }, [OLD])).toEqual([FRESH]);
  });

  it('B7: refuses one that says that no way back could be kept there', () => {
    expect(codes([observation({ told: told({ outcome: 'refused', reason: 'kubernetes' }) })])).toEqual(['EXCHANGE_NOT_POSSIBLE']);
  });

  it('B9: refuses one of which nobody knows whether it is a clone or the same Tentacle', () => {
    const clone = tentacle({ clones: ['other'] });
    expect(codes([observation({ machine: clone, told: null })], { offlineMachines: 'leave-behind' })).toEqual(['CLONES_UNKNOWN']);
    expect(codes([observation({ machine: clone })])).toEqual([]);
  });
});

describe('a Tentacle that was not exchanged', () => {
  const one = { machine: plannedMachine(), reason: 'reverted' as const, text: 'not confirmed' };

  it('stays behind by policy or by waiver, and stands in the way otherwise', () => {
    expect(judgeNotExchanged([one], { waivers: [], offlineMachines: 'refuse' }, NOW)).toMatchObject({ left: [], unfinished: [one] });
    expect(judgeNotExchanged([one], { waivers: [], offlineMachines: 'leave-behind' }, NOW)).toMatchObject({ left: [{ reason: 'reverted' }], unfinished: [] });
    expect(judgeNotExchanged([one], { waivers: [{ machine: one.machine.name, by: 'b', reason: 'r', until: '2027-12-31' }], offlineMachines: 'refuse' }, NOW)).toMatchObject({ left: [{ reason: 'waived' }], unfinished: [] });
    expect(everyCertificateExchanged([one])).toMatchObject({ verdict: 'refuse' });
    expect(everyCertificateExchanged([])).toEqual({ verdict: 'pass' });
  });
});

describe('verifying an exchanged Tentacle', () => {
  const good = { machine: plannedMachine(), fresh: FRESH, registered: [FRESH, FRESH], wire: FRESH, told: told({ own: FRESH, state: 'disarmed', inForce: FRESH }) };

  it('finds nothing where every side shows the new certificate and nothing is armed', () => {
    expect(verifyFinding(good)).toBeNull();
    expect(verifyFinding({ ...good, wire: null })).toBeNull();
  });

  it.each<[string, object]>([
    ['B3: one registration holds another certificate', { registered: [FRESH, THIRD] }],
    ['it does not answer', { wire: 'silent' }],
    ['B2: the old certificate is on a new connection', { wire: THIRD }],
    ['it says nothing', { told: null }],
    ['its configuration holds the old one', { told: told({ state: 'reverted' }) }],
    ['its switch is armed', { told: told({ own: FRESH, state: 'switched', job: 'runs', inForce: FRESH }) }],
    ['only the server reaches it, and what is in force is not known', { wire: null, told: told({ own: FRESH, state: 'disarmed' }) }],
  ])('finds that %s', (_, change) => {
    expect(verifyFinding({ ...good, ...change })).not.toBeNull();
  });
});
