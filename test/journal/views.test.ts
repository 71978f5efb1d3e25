import { describe, expect, it } from 'vitest';
import type { Entry, EntryData, EntryKind } from '../../src/journal/contract.ts';
import { endOf, firstRetireIntent, isEnded, leftBehind, newCertificate, opened, openIntents, phaseOutcome, plan, proofOf, proofs, RETIRE_EFFECT, swapDone } from '../../src/journal/views.ts';
import { OPENED } from './examples.ts';

type Short = { [K in EntryKind]: [K, string, EntryData[K]] }[EntryKind];

const journal = (...entries: Short[]): Entry[] =>
  entries.map(([kind, subject, data], sequence) => ({ sequence, at: '2026-01-05T10:00:00.000Z', fence: 1, runner: 'runbook', taskId: null, phase: 'p', kind, subject, data, previous: '', mac: '' }) as Entry);
const intent = (subject: string, effect: string): Short => ['intent', subject, { effect, detail: {} }];
const done = (subject: string, effect: string): Short => ['done', subject, { effect, detail: {} }];
const proved = (subject: string, claim: EntryData['proved']['claim']): Short => ['proved', subject, { claim, how: 'wire', detail: {} }];
const unproved = (subject: string, claim: EntryData['proved']['claim']): Short => ['unproved', subject, { claim, verdict: 'no', reason: 'r' }];

describe('What a journal says', () => {
  it('says nothing of an empty journal', () => {
    expect([opened([]), plan([]), newCertificate([]), firstRetireIntent([]), endOf([]), isEnded([]), swapDone([]), phaseOutcome([], 'p')]).toEqual([null, null, null, null, null, false, false, null]);
    expect([proofs([]).size, leftBehind([]).size, openIntents([])]).toEqual([0, 0, []]);
  });

  it('finds what was fixed', () => {
    const certificate = { thumbprint: 'A'.repeat(40) as never, sha256: '', notAfter: '', signatureAlgorithm: '', keyBits: 2048 };
    const entries = journal(['opened', 'server', OPENED], ['new-certificate', 'server', certificate], ['ended', 'server', { outcome: 'rolled-back' }]);
    expect(opened(entries)).toEqual(OPENED);
    expect(newCertificate(entries)).toEqual(certificate);
    expect([endOf(entries), isEnded(entries)]).toEqual(['rolled-back', true]);
  });

  it('takes a proof away when it is lost later, for that claim of that subject only, and gives it back when it is proved again', () => {
    const first = journal(proved('a', 'trusts-new'), proved('a', 'trusts-old'), proved('b', 'trusts-new'), unproved('a', 'trusts-new'), unproved('c', 'healthy'));
    expect([...proofs(first)].map(([subject, claims]) => [subject, [...claims.keys()]])).toEqual([['a', ['trusts-old']], ['b', ['trusts-new']]]);
    expect(proofOf(first, 'a', 'trusts-new')).toBeNull();
    expect(proofOf(first, 'b', 'trusts-new')?.sequence).toBe(2);
    const growing = journal(proved('a', 'healthy'));
    expect(proofOf(growing, 'a', 'healthy')?.sequence).toBe(0);
    growing.push(...journal(unproved('a', 'healthy'), proved('a', 'verified')));
    expect([proofOf(growing, 'a', 'healthy'), proofOf(growing, 'a', 'verified')?.sequence]).toEqual([null, 1]);
    growing.length = 1;
    expect(proofOf(growing, 'a', 'healthy')?.sequence).toBe(0);
    const again = journal(proved('a', 'trusts-new'), unproved('a', 'trusts-new'), proved('a', 'trusts-new'));
    expect(proofs(again).get('a')?.get('trusts-new')?.sequence).toBe(2);
    expect(proofs(journal(proved('a', 'healthy'), unproved('a', 'healthy'))).size).toBe(0);
  });

  it('counts a machine that was caught up with as left behind no more, until it is again', () => {
    const off: Short = ['left-behind', 'a', { reason: 'off', text: 't', waiver: null }];
    const caught: Short = ['caught-up', 'a', {}];
    expect(leftBehind(journal(off, caught)).size).toBe(0);
    expect(leftBehind(journal(off, caught, ['left-behind', 'a', { reason: 'failed', text: 't', waiver: null }])).get('a')?.data.reason).toBe('failed');
  });

  it('D17: lists intents whose effect was not seen, by effect and subject', () => {
    const entries = journal(intent('a', 'add-trust'), intent('b', 'add-trust'), done('a', 'add-trust'), intent('a', 'restart'), done('b', 'restart'), intent('a', 'add-trust'));
    expect(openIntents(entries).map((entry) => [entry.sequence, entry.subject, entry.data.effect])).toEqual([[1, 'b', 'add-trust'], [3, 'a', 'restart'], [5, 'a', 'add-trust']]);
  });

  it('tells how the latest attempt at a phase ended, and nothing while it runs again', () => {
    const finished = (phase: string, outcome: EntryData['phase-finished']['outcome']): Short => ['phase-finished', 'estate', { phase, outcome, outputs: {}, refusals: [] }];
    const started = (phase: string): Short => ['phase-started', 'estate', { phase }];
    expect(phaseOutcome(journal(started('a'), finished('a', 'failed'), started('a'), finished('a', 'continue'), started('b')), 'a')?.outcome).toBe('continue');
    expect(phaseOutcome(journal(started('a'), finished('a', 'continue'), started('a')), 'a')).toBeNull();
  });

  it('closes roll back with the first intent to retire (rule 4)', () => {
    expect(firstRetireIntent(journal(intent('a', 'add-trust')))).toBeNull();
    expect(firstRetireIntent(journal(intent('a', 'add-trust'), intent('b', RETIRE_EFFECT), intent('a', RETIRE_EFFECT)))?.subject).toBe('b');
  });

  it('calls the swap done while database and node were last seen with NEW, and not after an undo', () => {
    const swapped = [proved('server', 'database-shows-new'), proved('server', 'node-presents-new')];
    expect(swapDone(journal(swapped[0]!))).toBe(false);
    expect(swapDone(journal(proved('server', 'database-shows-old'), proved('server', 'node-presents-old'), ...swapped))).toBe(true);
    expect(swapDone(journal(...swapped, proved('server', 'database-shows-old')))).toBe(false);
    expect(swapDone(journal(...swapped, proved('server', 'node-presents-old')))).toBe(false);
    expect(swapDone(journal(...swapped, unproved('server', 'node-presents-new')))).toBe(false);
  });
});
