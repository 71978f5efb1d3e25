import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import schema from '../../schemas/report.schema.json' with { type: 'json' };
import type { Entry } from '../../src/journal/contract.ts';
import { buildReport } from '../../src/report/build.ts';
import { renderHtml } from '../../src/report/html.ts';
import { repairScriptName, repairScripts } from '../../src/report/machines.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { repairCommand } from '../../src/tentacle/repair.ts';
import { completed, FOREIGN, handedOver, machine, MACHINES, NEW, OLD, planned, type Teller } from './told-rotation.ts';

const ID = 'server-certificate-20260302-210000-7f3a';
const told = (teller: Teller) => buildReport(ID, teller.entries, teller.now());
const named = (teller: Teller, name: string) => told(teller).machines.find((one) => one.name === name)!;
const fits = (addFormats as unknown as typeof addFormats.default)(new Ajv({ strict: true, allowUnionTypes: true })).compile(schema);

describe('the report of a rotation', () => {
  it('fits its schema after every single entry of a journal', () => {
    const { entries } = completed();
    for (let length = 1; length <= entries.length; length += 1) {
      const report = buildReport(ID, entries.slice(0, length), new Date(entries[length - 1]!.at));
      expect(fits(report), `after entry ${length - 1} (${entries[length - 1]!.kind}): ${JSON.stringify(fits.errors)}`).toBe(true);
    }
  });

  it('says completed only when the journal says that it ended so', () => {
    expect(told(completed())).toMatchObject({ outcome: 'completed', verdict: 'Completed: the server certificate was replaced; 5 of 7 machines are proved, 2 are left behind.' });
    expect(told(completed({ ended: false }))).toMatchObject({ outcome: 'open', endedAt: null, verdict: expect.stringMatching(/^All but finished/) });
  });

  it('counts a machine as proved only with NEW trusted, and once retiring began with OLD refused', () => {
    const before = told(completed({ ended: false }));
    const host = before.machines.find((one) => one.isHost)!;
    expect(host).toMatchObject({ status: 'pending', new: { state: 'trusted', how: 'wire' }, old: { state: 'trusted', how: 'wire' } });
    expect(told(completed()).machines.find((one) => one.isHost)).toMatchObject({ status: 'proved', old: { state: 'refused', how: 'wire' } });
  });

  it('does not take written trust for proved trust', () => {
    const { key } = MACHINES[1]!;
    const teller = planned().begin('trust-server-certificate').say('proved', key, { claim: 'trust-written', how: 'read-back', detail: {} });
    expect(named(teller, 'web-01')).toMatchObject({ status: 'pending', new: { state: 'written' } });
  });

  it('takes a proof back when a later look says otherwise, and says why', () => {
    const { key } = MACHINES[1]!;
    const teller = handedOver().after(1).say('unproved', key, { claim: 'trusts-new', verdict: 'unknown', reason: 'ETIMEDOUT' });
    const machine = named(teller, 'web-01');
    expect(machine).toMatchObject({ status: 'pending', new: { state: 'unknown' } });
    expect(machine.proofs.find((proof) => proof.claim === 'trusts-new')).toMatchObject({ holds: 'unknown', how: null, reason: 'ETIMEDOUT' });
  });

  it('names each machine left behind with the command that mends it, and OLD in it only once retiring began', () => {
    const early = told(planned().say('left-behind', MACHINES[6]!.key, { reason: 'off', text: 'Nothing answers.', waiver: null }));
    expect(early.leftBehind).toMatchObject([{ machine: 'branch-07', repair: null }]);
    expect(told(handedOver()).leftBehind.map((one) => [one.machine, one.reason, one.repair])).toEqual([
      ['branch-07', 'off', repairCommand({ trust: NEW })],
      ['legacy-01', 'disabled', repairCommand({ trust: NEW })],
    ]);
    expect(told(completed()).leftBehind.map((one) => one.repair)).toEqual(Array(2).fill(repairCommand({ trust: NEW, distrust: OLD })));
  });

  it('mends towards OLD once the rotation was rolled back', () => {
    const report = told(handedOver().say('ended', 'estate', { outcome: 'rolled-back' }));
    expect(report.leftBehind[0]!.repair).toBe(repairCommand({ trust: OLD, distrust: NEW }));
    expect(report.outcome).toBe('rolled-back');
  });

  it('A7: names each machine that stands in the way with what mends it, until it is proved', () => {
    const polls = machine('dmz-01', { route: 'polling', address: null, uri: 'poll://dmz-01/' });
    const teller = handedOver();
    const { key } = MACHINES[1]!;
    teller.say('planned', 'estate', { ...planned([...MACHINES, polls]).entries.find((entry): entry is Entry<'planned'> => entry.kind === 'planned')!.data });
    for (const subject of [key, polls.key]) teller.say('unproved', subject, { claim: 'trusts-new', verdict: 'unknown', reason: 'it does not answer (ECONNREFUSED)' });
    const script = repairScriptName(polls);
    expect(told(teller).unproved).toMatchObject([{ machine: 'dmz-01', repair: expect.stringContaining(script) }, { machine: 'web-01', text: 'it does not answer (ECONNREFUSED)', repair: repairCommand({ trust: NEW }) }]);
    const text = repairScripts(teller.entries).find((one) => one.name === script)!.text;
    for (const thumbprint of [NEW, OLD]) expect(text).toContain(thumbprint);
    expect(renderHtml(told(teller))).toMatch(/Not proved: 2 machines stand in the way/);
    expect(renderMarkdown(told(teller))).toMatch(/## Not proved: web-01\n\nit does not answer \(ECONNREFUSED\)\n\n {4}sudo env/);
    teller.say('proved', key, { claim: 'trusts-new', how: 'wire', detail: {} });
    expect(told(teller).unproved.map((one) => one.machine)).toEqual(['dmz-01']);
    expect(told(teller.say('ended', 'estate', { outcome: 'completed' })).unproved).toEqual([]);
  });

  it('leaves out a machine that caught up', () => {
    expect(told(completed({ ended: false }).say('caught-up', MACHINES[6]!.key, {})).leftBehind.map((one) => one.machine)).toEqual(['legacy-01']);
  });

  it('keeps the entries of other Octopus Servers in sight (A25)', () => {
    expect(named(completed(), 'web-02').foreignTrust).toEqual([FOREIGN]);
  });

  it('says how long the server was away, and leaves the end open while it is', () => {
    expect(told(completed()).summary.serverAwaySeconds).toBe(6.3);
    const away = handedOver().after(1).taken('relay', null).say('relay-stage', 'server', { stage: 'server-away', text: 'restarts Octopus Server' });
    expect(told(away).evidence.serverAway).toEqual([{ from: away.now().toISOString(), to: null, seconds: null }]);
  });

  it('says which certificate is in force by the last look at the server, not by the intent', () => {
    const imported = handedOver().say('intent', 'server', { effect: 'import-certificate', detail: {} });
    expect(told(imported).after).toMatchObject({ thumbprint: NEW, inForce: false });
    expect(told(completed()).after).toMatchObject({ inForce: true });
    const undone = completed({ ended: false }).say('proved', 'server', { claim: 'database-shows-old', how: 'rest', detail: {} });
    expect(told(undone).after).toMatchObject({ inForce: false });
  });

  it('tells a refusal with its reason and what to do, until a later run went beyond it', () => {
    const refused = planned().begin('back-up-server-certificate').finish('refused', [{ code: 'PFX_NO_MAC', message: 'The PFX has no MAC.', next: 'Export it again.' }]).begin('report-rotation').finish();
    expect(told(refused)).toMatchObject({ outcome: 'refused', verdict: 'Refused in "Back up server certificate": The PFX has no MAC.', reasons: [{ code: 'PFX_NO_MAC' }], next: expect.stringContaining('Export it again.') });
    expect(told(refused.begin('back-up-server-certificate').finish())).toMatchObject({ outcome: 'open', reasons: [] });
  });

  it('says handed over while only the relay has the word', () => {
    expect(told(handedOver())).toMatchObject({ outcome: 'handed-over', evidence: { handOvers: [{ unit: 'octopus-rotation-relay.service', queuedTask: null }] } });
    expect(told(completed()).evidence.handOvers[0]).toMatchObject({ queuedTask: 'ServerTasks-140' });
  });

  it('says until when both certificates stay trusted while the grace period runs', () => {
    const teller = handedOver().begin('retire-server-certificate').say('phase-finished', 'estate', { phase: 'retire-server-certificate', outcome: 'stop', outputs: { RetireAfter: '2026-03-03T21:00:00.000Z' }, refusals: [] }).begin('report-rotation').finish();
    expect(told(teller)).toMatchObject({ outcome: 'open', verdict: expect.stringContaining('both certificates stay trusted until 2026-03-03 21:00:00 UTC (grace period)'), next: expect.stringMatching(/^After that run the runbook/) });
  });

  it('shows a phase that was killed as interrupted, and a last one as running', () => {
    const killed = planned().begin('back-up-server-certificate').after(3).say('intent', 'server', { effect: 'export-certificate', detail: {} });
    expect(told(killed).phases.at(-1)).toMatchObject({ outcome: 'running', endedAt: null });
    expect(told(killed.after(60).begin('plan-server-certificate')).phases.map((phase) => [phase.phase, phase.outcome, phase.seconds])).toEqual([
      ['plan-server-certificate', 'continue', 2.1], ['back-up-server-certificate', 'interrupted', 3], ['plan-server-certificate', 'running', null],
    ]);
  });

  it('carries the evidence: plan, number of entries, hash of the last line, fences, tasks', () => {
    const teller = completed();
    const { evidence } = told(teller);
    expect(evidence.entries).toBe(teller.entries.length);
    expect(evidence.lastLineSha256).toBe(createHash('sha256').update(JSON.stringify(teller.entries.at(-1))).digest('hex'));
    expect(evidence.fences.map((one) => one.fence)).toEqual([...new Set(teller.entries.map((entry) => entry.fence))]);
    expect(evidence.tasks.map((one) => one.taskId)).toEqual(['ServerTasks-101', 'ServerTasks-140']);
    expect(evidence.planHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is the same for the same journal and instant, and changes nothing in it', () => {
    const teller = completed();
    const before = JSON.stringify(teller.entries);
    expect(told(teller)).toEqual(told(teller));
    expect(JSON.stringify(teller.entries)).toBe(before);
  });

  it('shows foreign text with its invisible characters as code points', () => {
    const evil = machine('web\u202e-99');
    expect(told(planned([evil])).machines[0]!.name).toBe('web<U+202E>-99');
  });

  it('does not take a journal without its first entry for one', () => {
    expect(() => buildReport(ID, completed().entries.slice(1) as Entry[], new Date(0))).toThrow(TypeError);
  });
});
