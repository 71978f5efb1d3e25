import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Entry, LeaseMarker } from '../../src/journal/contract.ts';
import { readJournal } from '../../src/journal/journal.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { openStateFolder } from '../../src/journal/state-folder.ts';
import { buildReport } from '../../src/report/build.ts';
import { renderHtml } from '../../src/report/html.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import type { ProcessIdentity } from '../../src/ports/processes.ts';
import { KEY, serve } from '../octopus/server.ts';
import { octopusRotation } from '../support/rotation.ts';
import type { Told } from './contender.ts';
import { temporaryFolder } from './support.ts';

/** Rule 11 with contenders that are processes: the bundled code of the phases, over REST, each with its own clock and identity. */

const SECRET = 'a secret of this test, thirty-two characters or more';
let program: string;
let programs: string;
beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'contender-'));
  program = join(programs, 'contender.mjs');
  await build({ entryPoints: [new URL('contender.ts', import.meta.url).pathname], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error', banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } });
});
afterAll(() => rm(programs, { recursive: true, force: true }));

interface Said { ok?: unknown; refused?: string; next: string }
interface Contender { identity: ProcessIdentity; say(line: string): Promise<Said>; signal(signal: NodeJS.Signals): Promise<void> }

/** As much of Octopus as the lease asks: one set of variables, written by compare-and-swap, and tasks. */
async function stage() {
  const held = { version: 0, set: false, variables: [] as { Name: string; Value: string }[] };
  const tasks = new Map<string, 'Executing' | 'Success' | 'Canceled'>();
  const set = { Id: 'LibraryVariableSets-1', Name: 'Octopus Rotation lease', VariableSetId: 'variableset-1', ContentType: 'Variables' };
  const server = await serve(({ method, path, body }) => {
    if (path === '/api/spaces') return { json: { TotalResults: 1, Items: [{ Id: 'Spaces-1', Name: 'Operations', IsDefault: true }] } };
    if (path === '/api/Spaces-1/libraryvariablesets') {
      if (method === 'GET') return { json: held.set ? { TotalResults: 1, Items: [set] } : { TotalResults: 0, Items: [] } };
      if (held.set) return { status: 400, json: { ErrorMessage: 'The name is taken.' } };
      held.set = true;
      return { status: 201, json: set };
    }
    if (path === '/api/Spaces-1/variables/variableset-1') {
      if (method === 'PUT') {
        const sent = JSON.parse(body) as { Version: number; Variables: { Name: string; Value: string }[] };
        if (sent.Version !== held.version) return { status: 400, json: { ErrorMessage: 'Somebody else wrote.' } };
        held.version += 1;
        held.variables = sent.Variables;
      }
      return { json: { Id: 'variableset-1', Version: held.version, Variables: held.variables } };
    }
    const task = /^\/api\/tasks\/(.+)$/.exec(path)?.[1];
    const state = task === undefined ? undefined : tasks.get(task);
    if (state === undefined) return { status: 404, json: { ErrorMessage: `Unknown: ${path}` } };
    return { json: { Id: task, Name: 'RunbookRun', Description: '', State: state, IsCompleted: state !== 'Executing', ErrorMessage: '', StartTime: null, CompletedTime: null, ServerNode: null, SpaceId: 'Spaces-1', HasPendingInterruptions: false } };
  });
  const base = await temporaryFolder();
  const stateFolder = join(base, 'state');
  const effects = join(base, 'effects');
  const marker = (): LeaseMarker => JSON.parse(held.variables[0]!.Value) as LeaseMarker;

  return {
    base, stateFolder, tasks, marker,
    /** Somebody's process, up and waiting for lines. */
    async start(change: Partial<Told> = {}): Promise<Contender> {
      const told: Told = { url: server.url, apiKey: KEY, secret: SECRET, stateFolder, effects, runner: 'runbook', taskId: 'ServerTasks-1', ...change };
      const child = spawn(process.execPath, [program, JSON.stringify(told)], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      const signal = async (name: NodeJS.Signals): Promise<void> => {
        child.kill(name);
        if (name === 'SIGKILL') await ended;
      };
      onTestFinished(() => signal('SIGKILL'));
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const hear = async (): Promise<Said> => JSON.parse(String((await lines.next()).value)) as Said;
      const identity = (await hear()).ok as ProcessIdentity;
      return {
        identity, signal,
        say(line) {
          child.stdin.write(`${line}\n`);
          return hear();
        },
      };
    },
    changeMarker(change: (marker: LeaseMarker) => LeaseMarker): void {
      held.version += 1;
      held.variables = [{ Name: 'Rotation.Lease', Value: JSON.stringify(change(marker())) }];
    },
    takeOver(holder: string, folder = stateFolder, ...more: string[]) {
      return octopusRotation(['take-over', '--server', server.url, '--api-key-env', 'KEY', '--space', 'Operations', '--state-folder', folder, '--secret-env', 'SECRET', '--holder', holder, ...more], { KEY, SECRET });
    },
    status() {
      return octopusRotation(['status', '--server', server.url, '--api-key-env', 'KEY', '--space', 'Operations'], { KEY });
    },
    /** What was really done, in order. */
    async effects(): Promise<string[]> {
      return (await readFile(effects, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    },
    /** The journal, verified. */
    async journal(folder = stateFolder): Promise<readonly Entry[]> {
      const id = parseRotationId(marker().rotationId);
      return readJournal({ files: systemFiles, folder: await openStateFolder(systemFiles, folder), rotationId: id, key: rotationSecrets(SECRET).journalKey(id) });
    },
  };
}

type Stage = Awaited<ReturnType<typeof stage>>;

/** A run that opened a rotation and works on it. */
async function working(on: Stage, change: Partial<Told> = {}): Promise<{ run: Contender; id: string }> {
  on.tasks.set('ServerTasks-1', 'Executing');
  const run = await on.start(change);
  const id = (await run.say('open')).ok as string;
  expect(id).toMatch(/^sc-/);
  if (change.runner !== 'relay') await entered(run, id);
  return { run, id };
}

async function entered(contender: Contender, id: string): Promise<{ taken: string; fence: number }> {
  const said = await contender.say(`enter ${id}`);
  expect(said.refused, said.next).toBeUndefined();
  return said.ok as { taken: string; fence: number };
}

const nameOf = ({ holder, host, fence }: LeaseMarker): string => `${holder.runner}@${host}/${fence}`;

describe('Contenders for the lease', () => {
  it('D4: of four runs that begin at once exactly one opens a rotation, and it alone goes on', async () => {
    const on = await stage();
    for (const number of [1, 2, 3, 4]) on.tasks.set(`ServerTasks-${number}`, 'Executing');
    const runs = await Promise.all([1, 2, 3, 4].map((number) => on.start({ taskId: `ServerTasks-${number}` })));
    const said = await Promise.all(runs.map((run) => run.say('open')));
    const winners = said.flatMap((one, index) => (one.ok === undefined ? [] : [index]));
    expect(winners, JSON.stringify(said)).toHaveLength(1);
    expect(said.flatMap((one) => one.refused ?? []).every((code) => ['LEASE_HELD', 'LEASE_HELD_BY_RUN', 'LEASE_LOCKED'].includes(code)), JSON.stringify(said)).toBe(true);
    const id = said[winners[0]!]!.ok as string;
    const entering = await Promise.all(runs.map((run) => run.say(`enter ${id}`)));
    expect(entering.flatMap((one, index) => (one.ok === undefined ? [] : [index])), JSON.stringify(entering)).toEqual(winners);
    await runs[winners[0]!]!.say('effect web-01');
    expect(await on.effects()).toHaveLength(1);
    expect(await on.journal()).toHaveLength(4);
  });

  it('D20: a terminal on another node is refused while a run holds the lease, and cannot take over there either', async () => {
    const on = await stage();
    const { run, id } = await working(on, { host: 'octopus-01' });
    const elsewhere = join(on.base, 'elsewhere');
    await openStateFolder(systemFiles, elsewhere);
    const terminal = await on.start({ runner: 'terminal', taskId: null, stateFolder: elsewhere, host: 'octopus-02' });
    expect(await terminal.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_ELSEWHERE', next: expect.stringContaining(`take-over --holder ${nameOf(on.marker())} `) });
    const taken = await on.takeOver(nameOf(on.marker()), elsewhere);
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('LEASE_ELSEWHERE')]);
    expect((await run.say('effect web-01')).ok).toBe('done');
  });

  it('D2: a cancelled step that wakes up after a person took its lease does nothing more, and neither does any step after it', async () => {
    const on = await stage();
    const { run, id } = await working(on, { isFaceless: true });
    await run.say('effect web-01');
    await run.signal('SIGSTOP');
    on.tasks.set('ServerTasks-1', 'Canceled');
    on.tasks.set('ServerTasks-2', 'Executing');
    const next = await on.start({ taskId: 'ServerTasks-2' });
    const holder = nameOf(on.marker());
    expect(await next.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_HOLDER_UNKNOWN', next: expect.stringContaining(`octopus-rotation take-over --holder ${holder} `) });
    expect((await on.status()).stdout).toContain(`  holder           ${holder} (`);

    const before = on.marker();
    for (const wrong of [holder.replace(/\d+$/, '1'), 'ServerTasks-1']) {
      const refused = await on.takeOver(wrong);
      expect([refused.code, refused.stdout]).toEqual([1, '']);
      expect(refused.stderr).toMatch(new RegExp(`TAKE_OVER_OTHER_HOLDER: .*not held by ${wrong} but by ${holder}[^\\n]*\\n {2}Safe: [^\\n]+\\n {2}Next: [^\\n]*status`));
    }
    expect(on.marker()).toEqual(before);

    const taken = await on.takeOver(holder, on.stateFolder, '--json');
    expect([taken.stderr, JSON.parse(taken.stdout)]).toEqual(['', { event: 'taken-over', rotation: id, from: holder, fence: before.fence + 1 }]);
    expect(on.marker()).toMatchObject({ fence: before.fence + 1, holder: { runner: 'terminal', taskId: null, process: null } });
    expect((await on.journal()).at(-1)).toMatchObject({ runner: 'terminal', kind: 'done', subject: 'estate', fence: before.fence + 1, data: { effect: 'take-over', detail: { runner: 'runbook', taskId: 'ServerTasks-1', pid: run.identity.pid, fence: before.fence } } });
    expect((await on.takeOver(holder)).stderr).toContain('TAKE_OVER_OTHER_HOLDER');

    expect(await entered(next, id)).toEqual({ taken: 'over', fence: before.fence + 2 });
    await next.say('effect web-02');
    const waking = run.say('effect web-03');
    await run.signal('SIGCONT');
    expect(await waking).toMatchObject({ refused: 'LEASE_LOST' });
    await next.say('yield');
    on.tasks.set('ServerTasks-2', 'Success');
    expect(await run.say(`enter ${id}`)).toMatchObject({ refused: 'RUN_TAKEN_OVER' });
    expect(await on.effects()).toEqual(['ServerTasks-1 web-01', 'ServerTasks-2 web-02']);
    // The run that was refused holds up nobody.
    on.tasks.set('ServerTasks-1', 'Executing');
    on.tasks.set('ServerTasks-3', 'Executing');
    await entered(await on.start({ taskId: 'ServerTasks-3' }), id);
    await on.journal();
  });

  it('a relay that is suspended for an hour loses nothing: whoever waits for it gives up, a person is told to end it, and it goes on', async () => {
    const on = await stage();
    // Its hour passes in less than a second.
    const speed = 5_000;
    const { run: opener, id } = await working(on, { runner: 'relay', taskId: null, speed });
    await entered(opener, id);
    await opener.say('effect web-01');
    await opener.signal('SIGSTOP');
    const suspended = performance.now();
    on.tasks.set('ServerTasks-2', 'Executing');
    const run = await on.start({ taskId: 'ServerTasks-2', speed });
    const fence = on.marker().fence;
    expect(await run.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_HELD' });
    const taken = await on.takeOver(nameOf(on.marker()));
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(new RegExp(`TAKE_OVER_HOLDER_WORKS: .*process ${opener.identity.pid}[^]*systemctl disable --now octopus-rotation-relay-${id}\\.service`))]);
    await vi.waitFor(() => expect((performance.now() - suspended) * speed).toBeGreaterThan(3_600_000));
    const woken = opener.say('effect web-02');
    await opener.signal('SIGCONT');
    expect((await woken).ok).toBe('done');
    expect(on.marker().fence).toBe(fence);
    await opener.say('yield ServerTasks-2');
    expect(await entered(run, id)).toEqual({ taken: 'again', fence: fence + 1 });
    expect(await opener.say('effect web-03')).toMatchObject({ refused: 'LEASE_LOST' });
    expect(await on.effects()).toEqual(['relay web-01', 'relay web-02']);
  });

  it.each([['forward', 1], ['back', -1]])('a clock that jumps %s by twenty years neither ends the lease nor breaks the journal', async (_, sign) => {
    const on = await stage();
    const { run, id } = await working(on);
    await run.say('effect web-01');
    const years = sign * 20 * 365 * 86_400_000;
    await run.say(`jump ${years}`);
    on.tasks.set('ServerTasks-2', 'Executing');
    const other = await on.start({ taskId: 'ServerTasks-2' });
    await other.say(`jump ${-years}`);
    expect(await other.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_HELD' });
    expect((await run.say('effect web-02')).ok).toBe('done');
    await run.say('yield ');
    expect(await other.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_HELD_BY_RUN' });
    on.tasks.set('ServerTasks-1', 'Success');
    await entered(other, id);
    await other.say('effect web-03');
    const entries = await on.journal();
    expect(new Set(entries.map((entry) => entry.at.slice(0, 4))).size).toBe(3);
    expect(renderHtml(buildReport(id, entries, new Date()))).toContain(id);
    expect(await on.effects()).toHaveLength(3);
  });

  it('D20: a state folder that was put back from an older backup is refused until a person takes over, and its fence never comes again', async () => {
    const on = await stage();
    const { run, id } = await working(on);
    const backup = join(on.base, 'backup');
    await cp(on.stateFolder, backup, { recursive: true, preserveTimestamps: true });
    await run.say('effect web-01');
    await run.say('yield');
    await entered(run, id);
    await run.say('effect web-02');
    await run.signal('SIGKILL');
    on.tasks.set('ServerTasks-1', 'Canceled');
    const { fence } = on.marker();
    await rm(on.stateFolder, { recursive: true });
    await rename(backup, on.stateFolder);

    on.tasks.set('ServerTasks-2', 'Executing');
    const next = await on.start({ taskId: 'ServerTasks-2' });
    const entries = await on.journal();
    expect(await next.say(`enter ${id}`)).toMatchObject({ refused: 'STATE_FOLDER_OLDER', next: expect.stringContaining(`take-over --holder ${nameOf(on.marker())} `) });
    expect(await on.journal()).toEqual(entries);
    expect((await on.takeOver(nameOf(on.marker()))).code).toBe(0);
    expect(await entered(next, id)).toEqual({ taken: 'over', fence: fence + 2 });
    expect((await next.say('effect web-03')).ok).toBe('done');
  });

  it('D20: on another host a person takes over with the state folder put back there; the old host, should it live, is fenced out', async () => {
    const on = await stage();
    const { run, id } = await working(on, { host: 'octopus-lost' });
    const restored = join(on.base, 'restored');
    await cp(on.stateFolder, restored, { recursive: true });
    on.tasks.set('ServerTasks-2', 'Executing');
    const next = await on.start({ taskId: 'ServerTasks-2', stateFolder: restored });
    expect(await next.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_ELSEWHERE' });
    for (const name of await readdir(join(restored, 'locks'))) await rm(join(restored, 'locks', name));
    const taken = await on.takeOver(nameOf(on.marker()), restored);
    expect([taken.code, taken.stderr]).toEqual([0, '']);
    expect(on.marker()).toMatchObject({ host: hostname(), stateFolder: restored });
    await entered(next, id);
    expect(await run.say('effect web-01')).toMatchObject({ refused: 'LEASE_LOST' });
    await next.say('effect web-02');
    expect(await on.effects()).toEqual(['ServerTasks-2 web-02']);
    expect((await on.journal(restored)).some((entry) => entry.kind === 'done' && entry.data.effect === 'take-over' && entry.data.detail['host'] === 'octopus-lost')).toBe(true);
  });

  it.each<[string, (identity: ProcessIdentity, other: ProcessIdentity) => ProcessIdentity]>([
    ['D4: a holder whose number another process has by now (its start time differs)', (identity, other) => ({ ...identity, pid: other.pid })],
    ['D4: a holder of before the host was started again (its boot id differs), whose number and start time another process has', (_, other) => ({ ...other, boot: '00000000-0000-4000-8000-000000000000' })],
  ])('%s is dead: the next run takes over, without a person', async (_, posing) => {
    const on = await stage();
    const { run, id } = await working(on);
    await run.say('effect web-01');
    await run.signal('SIGKILL');
    const bystander = await on.start({ taskId: 'ServerTasks-9' });
    const stale = posing(run.identity, bystander.identity);
    on.changeMarker((marker) => ({ ...marker, holder: { ...marker.holder, process: stale } }));
    const locks = join(on.stateFolder, 'locks');
    const [lock] = await readdir(locks);
    await rename(join(locks, lock!), join(locks, `${stale.pid}-${stale.started}-${stale.boot}.lock`));
    on.tasks.set('ServerTasks-2', 'Executing');
    const next = await on.start({ taskId: 'ServerTasks-2' });
    // The process is dead, but its run might start a step: not before that is completed.
    expect(await next.say(`enter ${id}`)).toMatchObject({ refused: 'LEASE_HELD_BY_RUN' });
    on.tasks.set('ServerTasks-1', 'Canceled');
    expect(await entered(next, id)).toMatchObject({ taken: 'over' });
    expect((await next.say('effect web-02')).ok).toBe('done');
    expect(await readdir(locks)).toHaveLength(1);
  });
});
