import { expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/commands.ts';
import type { Io } from '../../src/cli/io.ts';
import type { LeaseMarker } from '../../src/journal/contract.ts';
import { KEY, serve, type Answer, type Seen } from '../octopus/server.ts';

const RUNBOOK = 'Abandon server certificate rotation';
const REPAIR = 'Repair Tentacle certificates';
const page = (...Items: object[]): Answer => ({ json: { TotalResults: Items.length, Items } });

const MARKER: LeaseMarker = {
  format: 1, rotationId: 'sc-20261124-8684143e', rotation: 'server-certificate', host: 'octopus-01', stateFolder: '/var/lib/octopus-rotation', openedAt: '2026-11-24T07:12:44.000Z', fence: 3, entries: 0, heldSince: '2026-11-24T07:13:15.000Z',
  holder: { runner: 'relay', taskId: null, process: null },
};

interface Play { state?: 'Success' | 'Failed'; published?: boolean; /** The run does not end. */ hold?: boolean; /** A rotation is open for so many looks at the lease. */ open?: number }

/** As much of Octopus as following one run meets: it takes three looks, and the server is away for one of them. */
async function octopus({ state = 'Success', published = true, hold = false, open = 0 }: Play = {}): Promise<{ url: string; queued: unknown[]; followed: Promise<void> }> {
  const queued: unknown[] = [];
  let looks = 0;
  let leaseLooks = 0;
  let seen: () => void = () => undefined;
  const followed = new Promise<void>((resolve) => (seen = resolve));
  const step = (name: string, status: string, ...lines: [string, string][]) => ({ Name: name, Status: status, ProgressPercentage: 0, ProgressMessage: '', LogElements: lines.map(([Category, MessageText]) => ({ Category, OccurredAt: '', MessageText })), Children: [] });
  const answer = ({ method, path, body }: Seen): Answer => {
    if (path === '/api') return { json: { Application: 'Octopus Deploy', Version: '2026.2.1000', InstallationId: 'i' } };
    if (path === '/api/spaces') return page({ Id: 'Spaces-1', Name: 'Operations', IsDefault: true });
    if (path === '/api/Spaces-1/projects') return page({ Id: 'Projects-1', Name: 'Octopus Rotation' });
    if (path === '/api/Spaces-1/projects/Projects-1/runbooks') return page({ Id: 'Runbooks-1', Name: 'Rotate server certificate', PublishedRunbookSnapshotId: 'RunbookSnapshots-1' }, { Id: 'Runbooks-2', Name: RUNBOOK, PublishedRunbookSnapshotId: published ? 'RunbookSnapshots-2' : null }, { Id: 'Runbooks-3', Name: REPAIR, PublishedRunbookSnapshotId: 'RunbookSnapshots-2' });
    if (path === '/api/Spaces-1/runbookSnapshots/RunbookSnapshots-2') return { json: { Id: 'RunbookSnapshots-2', Name: 'Snapshot 7' } };
    if (path === '/api/Spaces-1/libraryvariablesets') return page({ Id: 'LibraryVariableSets-1', Name: 'Octopus Rotation lease', VariableSetId: 'variableset-1', ContentType: 'Variables' });
    if (path === '/api/Spaces-1/variables/variableset-1') return { json: { Id: 'variableset-1', Version: 1, Variables: ++leaseLooks > open ? [] : [{ Name: 'Rotation.Lease', Value: JSON.stringify(MARKER) }] } };
    if (method === 'POST' && path === '/api/Spaces-1/runbook-runs/create/v1') {
      queued.push(JSON.parse(body));
      return { status: 201, json: { RunbookRunServerTasks: [{ ServerTaskId: 'ServerTasks-9' }] } };
    }
    if (path === '/api/tasks/ServerTasks-9') {
      looks += 1;
      if (looks === 2) return { status: 503, json: { ErrorMessage: 'Starting.' } };
      const isCompleted = looks >= 4 && !hold;
      if (looks >= 2) seen();
      return { json: { Id: 'ServerTasks-9', Name: 'RunbookRun', State: isCompleted ? state : 'Executing', IsCompleted: isCompleted } };
    }
    if (path === '/api/tasks/ServerTasks-9/details') {
      const first = looks < 4 ? step('Step 1: Abandon', 'Running', ['Highlight', 'NEW is removed from 3 Tentacles.']) : step('Step 1: Abandon', state, ['Highlight', 'NEW is removed from 3 Tentacles.'], ...(state === 'Failed' ? [['Error', 'It is too late.']] as [string, string][] : []));
      return { json: { ActivityLogs: [{ ...step('Run', 'Running'), Children: [first, step('Step 2: Report', looks < 4 ? 'Pending' : 'Success')] }] } };
    }
    return { status: 404, json: { ErrorMessage: `Unknown: ${method} ${path}` } };
  };
  return { url: (await serve(answer)).url, queued, followed };
}

const abandon = (url: string, ...more: string[]) => run('abandon', url, ...more);

async function run(command: string, url: string, ...more: string[]): Promise<{ code: number; out: string[]; error: string }> {
  const out: string[] = [];
  const error: string[] = [];
  const io: Io = { out: (text) => out.push(text), error: (text) => error.push(text), write: (text) => out.push(text), environment: { KEY }, folder: '/', isTerminal: false, columns: 80 };
  const code = await runCommandLine([command, '--server', url, '--api-key-env', 'KEY', '--space', 'Operations', '--environment', 'Octopus', ...more], io);
  return { code, out, error: error.join('\n') };
}

it('runs the published snapshot of the runbook and shows what its steps say, a pause of the server included', async () => {
  const { url, queued } = await octopus();
  const { code, out, error } = await abandon(url);
  expect([code, error]).toEqual([0, '']);
  expect(queued).toEqual([expect.objectContaining({ projectName: 'Octopus Rotation', runbookName: RUNBOOK, environmentNames: ['Octopus'], snapshot: 'Snapshot 7', variables: {} })]);
  expect(out.map((line) => line.replace(/\(\d+\.\d s\)/, '(t)'))).toEqual([
    `The runbook "${RUNBOOK}" runs: ServerTasks-9`,
    '  Abandon ...', '      NEW is removed from 3 Tentacles.', '  Abandon: done (t)', '  Report ...', '  Report: done (t)',
    'Run ServerTasks-9: Success',
  ]);
});

it('hands the machines that are to be repaired to the runbook, and takes that option for nothing else', async () => {
  const { url, queued } = await octopus();
  expect((await run('repair-tentacle-certificates', url, '--machines', 'web-01,web-02')).code).toBe(0);
  expect(queued).toEqual([expect.objectContaining({ runbookName: REPAIR, variables: { 'Rotation.Machines': 'web-01,web-02' } })]);
  expect((await run('abandon', url, '--machines', 'web-01')).error).toContain('CLI_BAD_OPTION');
});

it('is done only when the relay has ended the rotation', async () => {
  const { url } = await octopus({ open: 2 });
  const { code, out } = await abandon(url);
  expect([code, ...out.slice(-3)]).toEqual([0, 'Run ServerTasks-9: Success', 'The relay on the host goes on with rotation sc-20261124-8684143e ...', 'Rotation sc-20261124-8684143e is no longer open.']);
});

it('ends with exit code 1 and the step that failed when the run fails', async () => {
  const { url } = await octopus({ state: 'Failed' });
  const { code, out, error } = await abandon(url);
  expect(code).toBe(1);
  expect(out).toContain('      Error: It is too late.');
  expect(error).toMatch(/CLI_RUN_FAILED: The run ServerTasks-9 ended as Failed, in the step "Abandon"\./);
});

it('tells one JSON object a line with --json', async () => {
  const { url } = await octopus();
  const events = (await abandon(url, '--json')).out.map((line) => JSON.parse(line) as { event: string });
  expect(events[0]).toEqual({ event: 'run-started', task: 'ServerTasks-9' });
  expect(events).toContainEqual(expect.objectContaining({ event: 'phase', phase: 'Abandon', state: 'done' }));
  expect(events).toContainEqual({ event: 'line', phase: 'Abandon', level: 'highlight', text: 'NEW is removed from 3 Tentacles.' });
  expect(events.at(-1)).toEqual({ event: 'run-ended', task: 'ServerTasks-9', state: 'Success' });
});

it('starts nothing when the runbook is not published, and says how it comes there', async () => {
  const { url, queued } = await octopus({ published: false });
  const { code, error } = await abandon(url);
  expect([code, queued]).toEqual([1, []]);
  expect(error).toMatch(/CLI_RUNBOOK_NOT_PUBLISHED: The runbook "Abandon server certificate rotation".*\n.*\n {2}Next: octopus-rotation install/);
});

it('stops following on Ctrl-C, with exit code 130, and says that the run goes on', async () => {
  const { url, followed } = await octopus({ hold: true });
  const ended = abandon(url);
  await followed;
  process.emit('SIGINT');
  const { code, error } = await ended;
  expect(code).toBe(130);
  expect(error).toMatch(/CLI_FOLLOWING_STOPPED: .*\n {2}Safe: The run itself was not stopped/);
});
