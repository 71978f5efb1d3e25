import { describe, expect, it } from 'vitest';
import type { CertificateFacts } from '../../src/certificates/contract.ts';
import { planErrors } from '../../src/errors/plan.ts';
import { Refusals } from '../../src/errors/refusal.ts';
import { certificateKnown } from '../../src/gates/certificate-expected.ts';
import { dueReasons } from '../../src/gates/due.ts';
import { healthProved } from '../../src/gates/health.ts';
import { inventoryUnchanged } from '../../src/gates/inventory.ts';
import { mayRetire } from '../../src/gates/retire.ts';
import { all, demandPass, PASS, refuse, unknown } from '../../src/gates/verdict.ts';
import { seesEverything } from '../../src/gates/visibility.ts';
import { NEW, OLD, plannedMachine, THIRD, seenNode } from '../support/estate-pieces.ts';

const refusal = planErrors.HOST_NOT_RECOGNISED({ own: OLD });

describe('verdicts', () => {
  it('unknown never passes', () => {
    expect(() => demandPass(unknown(refusal))).toThrow(Refusals);
    expect(all(PASS, unknown(refusal)).verdict).toBe('unknown');
  });

  it('all refusals come at once, and a refusal outweighs an unknown', () => {
    const verdict = all(refuse(refusal), unknown(refusal), refuse(refusal));
    expect(verdict).toMatchObject({ verdict: 'refuse' });
    expect(verdict.verdict !== 'pass' && verdict.refusals).toHaveLength(3);
  });
});

describe('is a rotation due?', () => {
  const facts: CertificateFacts = { thumbprint: OLD, sha256: '', subject: 'CN=Octopus Portal', notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2126-01-01T00:00:00.000Z', signatureAlgorithm: 'sha256RSA', key: { type: 'RSA', bits: 2048 } };
  const policy = { maximumAgeDays: 365, expiresWithinDays: 30, force: null, usedForces: [] };
  const now = new Date('2026-11-24T00:00:00Z');

  it('is quiet when nothing asks for it', () => {
    expect(dueReasons(facts, policy, now)).toEqual([]);
  });

  it.each([
    ['SHA-1', { ...facts, signatureAlgorithm: 'sha1RSA' }, policy, /sha1RSA/],
    ['age', facts, { ...policy, maximumAgeDays: 300 }, /327 days old/],
    ['expiry', { ...facts, notAfter: '2026-12-01T00:00:00.000Z' }, policy, /expires in 7 days/],
    ['an expiry that is over', { ...facts, notAfter: '2026-11-20T00:00:00.000Z' }, policy, /expired 4 days ago/],
    ['a ticket', facts, { ...policy, force: 'INC-4711' }, /INC-4711/],
  ])('is due by %s', (_name, certificate, given, reason) => {
    expect(dueReasons(certificate, given, now).join()).toMatch(reason);
  });

  it('a ticket text works once', () => {
    expect(dueReasons(facts, { ...policy, force: 'INC-4711', usedForces: ['INC-4711'] }, now)).toEqual([]);
  });
});

describe('A10: visibility', () => {
  const spaces = [{ id: 'Spaces-1', name: 'Default', isDefault: true }, { id: 'Spaces-2', name: 'Payments', isDefault: false }];
  const everywhere = [{ spaceId: 'Spaces-1', restricted: false }, { spaceId: 'Spaces-2', restricted: false }];
  const full = { username: 'rotator', system: ['AdministerSystem'], inSpace: { TaskCreate: everywhere, MachineEdit: everywhere, WorkerEdit: everywhere } };

  it('passes with everything', () => {
    expect(seesEverything(full, spaces).verdict).toBe('pass');
  });

  it('refuses without AdministerSystem, since a list of spaces cannot show the one that is missing', () => {
    expect(seesEverything({ ...full, system: [] }, spaces)).toMatchObject({ verdict: 'refuse', refusals: [{ code: 'CANNOT_SEE_EVERYTHING' }] });
  });

  it('refuses a permission that is restricted to some environments, and names it with its space', () => {
    const verdict = seesEverything({ ...full, inSpace: { ...full.inSpace, MachineEdit: [everywhere[0]!, { spaceId: 'Spaces-2', restricted: true }] } }, spaces);
    expect(verdict.verdict !== 'pass' && verdict.refusals[0]!.message).toContain('MachineEdit in space Payments');
  });
});

describe('A28: the inventory', () => {
  const machines = [plannedMachine({ name: 'web-01' }), plannedMachine({ name: 'web-02' })];

  it('passes when it is the same, whatever the order and the state of health', () => {
    expect(inventoryUnchanged({ machines, outOfScope: [] }, { machines: [...machines].reverse().map((machine) => ({ ...machine, isDisabled: true })), unsupported: [] }).verdict).toBe('pass');
  });

  it('refuses new, gone and otherwise registered machines in one sentence', () => {
    const moved = { ...machines[1]!, registrations: [{ ...machines[1]!.registrations[0]!, id: 'Machines-99' }] };
    const verdict = inventoryUnchanged({ machines, outOfScope: [] }, { machines: [moved, plannedMachine({ name: 'web-03' })], unsupported: [] });
    expect(verdict.verdict !== 'pass' && verdict.refusals[0]!.message).toMatch(/new: web-03; gone: web-01; changed: web-02/);
  });

  it('A28: a machine that came and cannot be rotated counts, since the swap would cut it off; one that the plan waived does not', () => {
    const unsupported = [{ name: 'web-04', space: 'Default' }];
    const verdict = inventoryUnchanged({ machines, outOfScope: [] }, { machines, unsupported });
    expect(verdict.verdict === 'refuse' && verdict.refusals[0]!.message).toContain('new: web-04');
    const waived = [{ name: 'web-04', spaceName: 'Default', kind: 'waived', reason: 'waived although its shell is not known yet' }];
    expect(inventoryUnchanged({ machines, outOfScope: waived }, { machines, unsupported }).verdict).toBe('pass');
  });
});

describe('which certificate is shown', () => {
  it('a foreign third is refused by name', () => {
    expect(certificateKnown(OLD, OLD, NEW).verdict).toBe('pass');
    expect(certificateKnown(NEW, OLD, NEW).verdict).toBe('pass');
    expect(certificateKnown(THIRD, OLD, NEW)).toMatchObject({ verdict: 'refuse', refusals: [{ code: 'CERTIFICATE_FOREIGN' }] });
    expect(certificateKnown(NEW, OLD, null).verdict).toBe('refuse');
  });
});

describe('retiring', () => {
  const ready = { fresh: NEW, shownByRest: NEW, shownByDatabase: NEW, nodes: [seenNode(NEW)], healthyAfterSwap: true };

  it('passes when database, node and REST show NEW and the machines were healthy', () => {
    expect(mayRetire(ready).verdict).toBe('pass');
  });

  it.each([['REST', { shownByRest: OLD }], ['the database', { shownByDatabase: OLD }], ['the node', { nodes: [seenNode(OLD)] }], ['health', { healthyAfterSwap: false }]])('A24: refuses while %s says otherwise', (_name, change) => {
    expect(mayRetire({ ...ready, ...change })).toMatchObject({ verdict: 'refuse', refusals: [{ code: 'RETIRE_NOT_ALLOWED' }] });
  });
});

describe('health', () => {
  it('A17: one machine that is not healthy is named with its state', () => {
    const machine = plannedMachine();
    expect(healthProved('swap', [{ machine, healthy: true, unavailable: false, status: 'Healthy' }]).verdict).toBe('pass');
    const verdict = healthProved('swap', [{ machine, healthy: false, unavailable: true, status: 'Unavailable: refused' }]);
    expect(verdict.verdict !== 'pass' && verdict.refusals[0]!.message).toContain('web-01 (Unavailable: refused)');
  });
});
