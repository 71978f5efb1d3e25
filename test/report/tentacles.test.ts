import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import schema from '../../schemas/report.schema.json' with { type: 'json' };
import { buildReport } from '../../src/report/build.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { REPAIR_TENTACLES } from '../../src/report/tentacles.ts';
import type { Teller } from './told-rotation.ts';
import { newOf, tentaclesCompleted, tentaclesHandedOver, tentaclesPlanned, TENTACLES } from './told-tentacles.ts';

const ID = 'tc-20260302-7f3a0000';
const told = (teller: Teller) => buildReport(ID, teller.entries, teller.now());
const named = (teller: Teller, name: string) => told(teller).machines.find((one) => one.name === name)!;
const fits = (addFormats as unknown as typeof addFormats.default)(new Ajv({ strict: true, allowUnionTypes: true })).compile(schema);

describe('the report of a rotation of Tentacle certificates', () => {
  it('fits its schema after every single entry of a journal', () => {
    const { entries } = tentaclesCompleted();
    for (let length = 1; length <= entries.length; length += 1) {
      const report = buildReport(ID, entries.slice(0, length), new Date(entries[length - 1]!.at));
      expect(fits(report), `after entry ${length - 1} (${entries[length - 1]!.kind}): ${JSON.stringify(fits.errors)}`).toBe(true);
      expect(renderHtml(report)).toContain('Rotation of Tentacle certificates');
    }
  });

  it('says of each Tentacle which certificate is in force and registered, and when its switch was seen disarmed', () => {
    expect(named(tentaclesPlanned(), 'web-01')).toMatchObject({ status: 'pending', certificate: { due: 'It is signed with SHA-1.', oldSignature: 'sha1RSA', new: null, presents: { state: 'unknown' }, registered: { state: 'unknown' }, disarmedAt: null, clones: ['the copy'] } });
    const done = named(tentaclesHandedOver(), 'web-01');
    expect(done).toMatchObject({ status: 'proved', certificate: { new: newOf('web-01'), presents: { state: 'new', how: 'wire' }, registered: { state: 'new', how: 'rest' }, disarmedAt: expect.any(String) } });
    expect(named(tentaclesHandedOver(), 'octopus-01').status).toBe('pending');
  });

  it('counts nothing as done before the switch is disarmed, and takes it back with what is seen later', () => {
    const { key } = TENTACLES[1]!;
    const proved = (claim: 'presents-new' | 'registered-new') => ({ claim, how: 'wire' as const, detail: {} });
    expect(named(tentaclesPlanned().say('proved', key, proved('presents-new')).say('proved', key, proved('registered-new')), 'web-01').status).toBe('pending');
    const back = named(tentaclesHandedOver().say('proved', key, { claim: 'keeps-old', how: 'wire', detail: {} }).say('left-behind', key, { reason: 'reverted', text: 'It went back.', waiver: null }), 'web-01');
    expect(back).toMatchObject({ status: 'left-behind', certificate: { presents: { state: 'old' }, registered: { state: 'old' }, disarmedAt: null } });
    expect(named(tentaclesHandedOver().say('unproved', key, { claim: 'presents-new', verdict: 'unknown', reason: 'ETIMEDOUT' }), 'web-01').certificate!.presents.state).toBe('unknown');
  });

  it('B1: names what is to be done about a machine that may be half-way, and that one that keeps its old certificate needs nothing', () => {
    const report = told(tentaclesCompleted());
    expect(report.leftBehind.map((one) => [one.machine, one.reason, one.repair])).toEqual([['branch-07', 'off', null], ['legacy-01', 'unknown-certificate', REPAIR_TENTACLES]]);
    expect(report).toMatchObject({ verdict: 'Completed: 4 of 6 Tentacles have a new certificate each, in force and in each registration; 2 are left behind.', next: `${REPAIR_TENTACLES}.`, before: null, after: null, evidence: { planHash: expect.any(String) } });
    const page = renderHtml(report);
    expect(page).toContain('Nothing to mend: it keeps its old certificate, and the next rotation takes it in.');
    expect(page).toContain('1 other machine had the same certificate');
    expect(page).toContain('used by 1 other Octopus Server');
    expect(renderMarkdown(report)).toContain(REPAIR_TENTACLES);
  });

  it('says what the relay is handed, and what is left before the end', () => {
    expect(told(tentaclesHandedOver())).toMatchObject({ outcome: 'handed-over', verdict: "Handed over: the relay on the server host exchanges the certificate of the host's own Tentacle, and then queues the runbook again." });
    const all = tentaclesCompleted().entries.slice(0, -1);
    expect(buildReport(ID, all, new Date(all.at(-1)!.at)).verdict).toMatch(/^All but finished: every phase is done; what is left is the relay's last act; 4 of 6/);
    expect(told(tentaclesPlanned('repair').say('ended', 'estate', { outcome: 'completed' })).verdict).toBe('Completed: 0 of 6 Tentacles have one certificate each, in force and in each registration; none is left behind.');
  });
});
