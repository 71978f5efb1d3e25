import { Ajv } from 'ajv';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import schema from '../../schemas/rehearsal-event.schema.json' with { type: 'json' };
import { readEstate } from '../../src/cli/rehearsal/estate.ts';
import { JournalTail } from '../../src/cli/rehearsal/journal-tail.ts';
import { openHome } from '../../src/cli/rehearsal/places.ts';
import { linesOf } from '../../src/cli/rehearsal/presenter.ts';
import { summaryOf, summaryText } from '../../src/cli/rehearsal/summary.ts';
import { TaskFollower } from '../../src/cli/runs/task-follower.ts';
import { statusOf } from '../../src/cli/status.ts';
import type { LeaseMarker } from '../../src/journal/contract.ts';
import type { TaskActivity } from '../../src/octopus/contract.ts';
import { buildReport } from '../../src/report/build.ts';
import { completed, handedOver, NEW, OLD, planned } from '../report/told-rotation.ts';
import { tentaclesCompleted, tentaclesHandedOver, tentaclesPlanned } from '../report/told-tentacles.ts';

const ID = 'sc-20260302-7f3a0000';
const fits = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);
const folders: string[] = [];
const folder = async () => {
  const made = await mkdtemp(join(tmpdir(), 'rehearsal-'));
  folders.push(made);
  return made;
};
afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

const activity = (name: string, status: string, over: Partial<TaskActivity> = {}): TaskActivity => ({ name, status, progressPercentage: 0, progressMessage: '', log: [], children: [], ...over });
const log = (category: string, text: string) => ({ category, text, at: '2026-03-02T21:00:00Z' });
const run = (...steps: TaskActivity[]) => [activity('Run', 'Running', { children: steps })];

describe('following a run', () => {
  it('tells each phase once when it begins, its progress when that moves, and its end after its lines', () => {
    const follower = new TaskFollower();
    expect(follower.look(run(activity('Step 1: Plan', 'Pending')), 0)).toEqual([]);
    expect(follower.look(run(activity('Step 1: Plan', 'Running')), 1000)).toMatchObject([{ kind: 'phase', phase: 'Plan', state: 'running', percent: 0 }]);
    const half = run(activity('Step 1: Plan', 'Running', { children: [activity('host', 'Running', { progressPercentage: 50, progressMessage: 'half', log: [log('Info', 'quiet'), log('Highlight', 'seen')] })] }));
    expect(follower.look(half, 2000)).toMatchObject([{ kind: 'line', level: 'highlight', text: 'seen' }, { kind: 'phase', state: 'running', percent: 50, text: 'half' }]);
    expect(follower.look(half, 2500)).toEqual([]);
    const done = run(activity('Step 1: Plan', 'Success', { children: [activity('host', 'Success', { log: [log('Info', 'quiet'), log('Highlight', 'seen'), log('Warning', 'careful')] })] }));
    expect(follower.look(done, 4000)).toMatchObject([{ kind: 'line', level: 'warning', text: 'careful' }, { kind: 'phase', state: 'done', percent: 100, seconds: 3 }]);
  });

  it('keeps the errors of a failed step, each once, with nothing invisible in them', () => {
    const follower = new TaskFollower();
    follower.look(run(activity('Step 2: Prove', 'Failed', { log: [log('Error', 'no\u202e')], children: [activity('host', 'Failed', { log: [log('Error', 'no\u202e')] })] })), 0);
    expect([...follower.failures]).toEqual([['Prove', ['no<U+202E>']]]);
  });

  it('tells each line of machines that work beside each other once, whichever of them speaks', () => {
    const follower = new TaskFollower();
    const prepare = (...texts: string[][]) => run(activity('Step 2: Prepare', 'Running', { children: texts.map((lines, index) => activity(`node-${index}`, 'Running', { log: lines.map((text) => log('Highlight', text)) })) }));
    const told = (look: TaskActivity[]) => follower.look(look, 0).flatMap((one) => (one.kind === 'line' ? [one.text] : []));
    expect(told(prepare(['a1'], ['b1']))).toEqual(['a1', 'b1']);
    expect(told(prepare(['a1', 'a2'], ['b1']))).toEqual(['a2']);
    expect(told(prepare(['a1', 'a2'], ['b1', 'b2']))).toEqual(['b2']);
  });

  it('tells nothing twice when a look shows less than the last one, as behind a load balancer', () => {
    const follower = new TaskFollower();
    const done = run(activity('Step 1: Plan', 'Success', { log: [log('Highlight', 'seen')] }));
    follower.look(done, 0);
    expect(follower.look(run(activity('Step 1: Plan', 'Running')), 1)).toEqual([]);
    expect(follower.look(run(activity('Step 1: Plan', 'Pending')), 2)).toEqual([]);
    expect(follower.look(done, 3)).toEqual([]);
  });

  it('tells a step that begins and ends between two looks', () => {
    expect(new TaskFollower().look(run(activity('Step 1: Plan', 'Success')), 5).map((one) => (one.kind === 'phase' ? one.state : one.text))).toEqual(['running', 'done']);
  });
});

describe('reading along in a journal', () => {
  it('tells new whole lines only, and leaves out rotations that ended before', async () => {
    const state = await folder();
    const journal = async (id: string, text: string) => {
      await mkdir(join(state, 'rotations', id), { recursive: true });
      await writeFile(join(state, 'rotations', id, 'journal.jsonl'), text);
      return join(state, 'rotations', id, 'journal.jsonl');
    };
    const lines = completed().entries.map((entry) => `${JSON.stringify(entry)}\n`);
    await journal('old', lines.join(''));
    const tail = new JournalTail(state);
    expect(await tail.look()).toEqual([]);
    const path = await journal('new', lines[0]! + lines[1]!.slice(0, 20));
    expect((await tail.look()).map((heard) => [heard.rotationId, heard.entries.length])).toEqual([['new', 1]]);
    await appendFile(path, lines[1]!.slice(20));
    expect((await tail.look()).map((heard) => heard.entries.map((entry) => entry.kind))).toEqual([['phase-started']]);
    expect(tail.rotationOf(new Set(['ServerTasks-101']))?.rotationId).toBe('new');
    expect(tail.rotationOf(new Set(['ServerTasks-999']))).toBeNull();
  });
});

describe('the places of a rehearsal', () => {
  it('finds the host in an estate, and refuses one without it (D20)', async () => {
    const at = await folder();
    expect(await readEstate(fileURLToPath(new URL('../estates/smallest.json', import.meta.url)))).toMatchObject({ machines: 2, host: { tentacle: 'octopus-01', space: 'Default', environment: 'Octopus' } });
    await writeFile(join(at, 'e.json'), JSON.stringify({ name: 'x', server: { nodes: [{ machine: 'a' }] }, machines: [{ name: 'a', registrations: [{ space: 'Default', as: 'target', roles: ['octopus-server-node'], environments: ['E'] }] }] }));
    await expect(readEstate(join(at, 'e.json'))).rejects.toMatchObject({ code: 'CLI_ESTATE_WITHOUT_HOST' });
    await writeFile(join(at, 'e.json'), '{');
    await expect(readEstate(join(at, 'e.json'))).rejects.toMatchObject({ code: 'CLI_ESTATE_UNREADABLE' });
  });

  it('takes no folder for a home that holds something else', async () => {
    const at = await folder();
    await writeFile(join(at, 'thesis.txt'), 'x');
    await expect(openHome(at, '/')).rejects.toMatchObject({ code: 'CLI_HOME_NOT_REHEARSED' });
  });
});

describe('the summary', () => {
  const report = buildReport(ID, completed().entries, completed().now());

  it('fits the schema and says what the report says', () => {
    const summary = summaryOf(report, 46.52, 'r.html');
    expect(fits(summary), JSON.stringify(fits.errors)).toBe(true);
    expect(summary).toMatchObject({ event: 'summary', rotation: ID, outcome: 'completed', oldThumbprint: OLD, newThumbprint: NEW, proved: 5, seconds: 46.5, report: 'r.html' });
    expect(summary.leftBehind.map((one) => one.repair)).toEqual(report.leftBehind.map((one) => one.repair));
    expect(fits(summaryOf(null, 1, null))).toBe(true);
  });

  it('does not call an open rotation completed', () => {
    const open = completed({ ended: false });
    expect(summaryOf(buildReport(ID, open.entries, open.now()), 1, null).outcome).toBe('failed');
  });

  it('shows each command on a line of its own, and how to get onto that machine', () => {
    const lines = summaryText(report, summaryOf(report, 46.5, 'r.html'), { shells: new Map([['branch-07', '/h/machines/branch-07/shell']]), running: 'Stopped.' }).split('\n');
    for (const one of report.leftBehind) expect(lines.map((line) => line.trim())).toContain(one.repair);
    expect(lines.join('\n')).toContain('/h/machines/branch-07/shell');
  });

  it('has words for every event', () => {
    expect(linesOf({ event: 'server', elapsed: 1, state: 'back', seconds: 6.3 })[0]!.text).toBe('Octopus Server is back after 6.3 s');
    expect(linesOf({ event: 'phase', elapsed: 1, task: 'T', phase: 'Plan', state: 'failed', percent: 0, text: '', seconds: 2 })[0]).toMatchObject({ text: '  Plan: FAILED (2.0 s)', tone: 'bad' });
  });
});

describe('status', () => {
  const marker: LeaseMarker = { format: 1, rotation: 'server-certificate', rotationId: ID, host: 'octopus-01', stateFolder: '/s', fence: 3, entries: 0, holder: { runner: 'relay', taskId: 'ServerTasks-101', process: null }, openedAt: '2026-03-02T21:00:00.000Z', heldSince: '2026-03-02T21:00:10.000Z' };

  it('says that nothing is open without a marker', () => {
    expect(statusOf(null, null)).toMatchObject({ open: false, goOn: null, rotation: null });
  });

  it('says from the marker alone what is open and what goes on (rule 6)', () => {
    expect(statusOf(marker, null)).toMatchObject({ open: true, rotation: ID, host: 'octopus-01', holder: { runner: 'relay', process: null }, goOn: expect.stringContaining('Run the runbook'), leftBehind: null });
  });

  it('goes on after the swap where the last run stopped: the check of health says after what it came', () => {
    const teller = handedOver();
    for (const phase of ['plan-server-certificate', 'prepare-server-nodes', 'back-up-server-certificate', 'generate-server-certificate', 'trust-server-certificate', 'prove-server-certificate-trust', 'replace-server-certificate', 'check-health-after-swap']) teller.taken('runbook', 'ServerTasks-140').begin(phase).finish();
    expect(statusOf(marker, { rotationId: ID, entries: teller.entries })).toMatchObject({ nextPhase: 'Retire server certificate' });
    teller.begin('retire-server-certificate').finish();
    expect(statusOf(marker, { rotationId: ID, entries: teller.entries })).toMatchObject({ nextPhase: 'Check health' });
    teller.begin('check-health-after-retire').finish();
    expect(statusOf(marker, { rotationId: ID, entries: teller.entries })).toMatchObject({ nextPhase: 'Verify server certificate' });
  });

  it('D5: says with the journal which phase is next and who is left behind, with the command', () => {
    expect(statusOf(marker, { rotationId: ID, entries: planned().entries })).toMatchObject({ nextPhase: 'Prepare server nodes', proved: 0 });
    const status = statusOf(marker, { rotationId: ID, entries: handedOver().entries });
    expect(status).toMatchObject({ nextPhase: 'Replace server certificate' });
    expect(status.leftBehind!.map((one) => one.machine)).toEqual(['branch-07', 'legacy-01']);
    expect(status.leftBehind![0]!.repair).toContain(NEW);
  });

  it('D5: says of a rotation of Tentacle certificates the same by its own phases, and which runbook goes on', () => {
    const own: LeaseMarker = { ...marker, rotation: 'tentacle-certificates', rotationId: 'tc-20260302-7f3a0000' };
    expect(statusOf(own, null)).toMatchObject({ kind: 'tentacle-certificates', goOn: expect.stringContaining('"Rotate Tentacle certificates"') });
    const of = (entries: ReturnType<typeof planned>['entries']) => statusOf(own, { rotationId: own.rotationId, entries });
    expect(of(tentaclesPlanned().entries)).toMatchObject({ nextPhase: 'Regenerate Tentacle certificates', proved: 0 });
    expect(of(tentaclesHandedOver().entries)).toMatchObject({ proved: 3, leftBehind: [{ machine: 'branch-07', repair: null }, { machine: 'legacy-01', repair: expect.stringContaining('repair-tentacle-certificates') }] });
    expect(of(tentaclesCompleted().entries)).toMatchObject({ open: false, goOn: null });
  });

  it('names the runbook of the way out once a rotation is given up, not the one that would refuse', () => {
    const given = planned().begin('abandon-server-certificate').say('intent', 'estate', { effect: 'abandon', detail: {} });
    expect(statusOf(marker, { rotationId: ID, entries: given.entries }).goOn).toContain('Run the runbook "Abandon server certificate rotation" again');
    given.finish();
    const { goOn, nextPhase } = statusOf(marker, { rotationId: ID, entries: given.entries });
    expect([goOn, nextPhase]).toEqual(['The relay ends the rotation by itself; if it stays open, start the host and run the runbook "Abandon server certificate rotation" again.', null]);
  });

  it('does not call a rotation open whose journal has ended, though its marker was left', () => {
    expect(statusOf(marker, { rotationId: ID, entries: completed().entries })).toMatchObject({ open: false, goOn: null });
  });
});
