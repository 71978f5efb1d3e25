import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { refusalsOf } from '../../src/errors/refusal.ts';
import { install } from '../../src/install/install.ts';
import { RUNBOOKS } from '../../src/install/runbooks/index.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { installedForm, type LibraryTemplate } from '../../src/packaging/library-form.ts';
import { addUser } from '../../src/sandbox/server/database/users.ts';
import { spacePermissions } from '../../src/sandbox/server/rest/access.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { ServerHarness } from '../sandbox/server/harness.ts';

let server: ServerHarness;
beforeAll(async () => {
  server = await ServerHarness.create();
  await server.start();
});
afterAll(() => server.dispose());
afterEach(() => server.faults({}));

const content = randomBytes(300_000);
const templates = new Map(readdirSync('dist/step-templates').map((name) => [name.slice(0, -5), installedForm(JSON.parse(readFileSync(`dist/step-templates/${name}`, 'utf8')) as LibraryTemplate)] as const));
/** Waits pass twenty times as fast; how long a request may take does not, since the server is a real one on a busy machine. */
const clock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now() * 20,
  sleep: (milliseconds, signal) => new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, signal === undefined ? milliseconds / 20 : milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  }),
};
const common = () => ({ clock, random: { bytes: (length: number) => new Uint8Array(randomBytes(length)) } });

/** One installation; a schedule too, so that nothing is left out. */
async function run({ apiKey = server.server.apiKey, url = server.server.url, space = 'Default' } = {}) {
  const changes: string[] = [];
  const error = await install({
    ...common(), url, apiKey, release: { version: '1.2.3', fileName: 'octopus-rotation.1.2.3.zip', content, templates },
    settings: { spaceName: space, environmentName: 'Octopus', hostTentacle: 'octopus-01', given: {}, schedule: { cron: '0 0 3 1 * *', timezone: 'UTC' } },
    watch: { change: ({ action, kind }) => changes.push(`${action} ${kind}`), secretMade: () => undefined, warning: () => undefined },
  }).then(() => null, (failed: unknown) => failed as Error);
  const refusals = refusalsOf(error);
  if (error !== null && refusals.length === 0) throw error;
  return { refusals, codes: refusals.map((each) => each.code), text: refusals.map((each) => `${each.message} ${each.safe} ${each.next}`).join('\n'), changes };
}

/** It is whole, of one piece, and the next installation finds nothing to do. */
async function mended(): Promise<void> {
  expect((await run()).codes).toEqual([]);
  const again = await run();
  expect([again.codes, again.changes.filter((each) => !each.startsWith('unchanged'))]).toEqual([[], []]);
  const all = server.database.read().Collections;
  expect([all.Projects.length, all.Runbooks.length, all.Packages.length, all.ProjectTriggers.length]).toEqual([1, RUNBOOKS.length, 1, 1]);
}

async function anew(): Promise<void> {
  await uninstall({ ...common(), url: server.server.url, apiKey: server.server.apiKey, spaceName: 'Default', dryRun: false, done: () => undefined });
}

/** The key of an account that may do everything in the space but this. */
function without(...missing: string[]): string {
  const held = [...spacePermissions, 'ProjectGroupView', 'LifecycleView'].filter((each) => !missing.includes(each));
  return addUser(server.database, { username: `without-${missing.length === 1 ? missing[0] : `${missing.length}-${randomBytes(3).toString('hex')}`}`, system: [], spaces: { 'Spaces-1': held } }).apiKey;
}

const WRITES = ['BuiltInFeedPush', 'ActionTemplateCreate', 'LibraryVariableSetCreate', 'MachineEdit', 'ProjectCreate', 'VariableEdit', 'RunbookEdit', 'ProcessEdit', 'TriggerCreate'];
const stored = (): string => JSON.stringify({ ...server.database.read().Collections, Users: null, ApiKeys: null, OctopusServerNodes: null });

describe('an account that may not do all of it', () => {
  it.each(WRITES)('A10: that lacks %s is refused before anything is written, and told that', async (permission) => {
    const before = stored();
    const { codes, text } = await run({ apiKey: without(permission) });
    expect(codes).toEqual(['INSTALL_PERMISSIONS_MISSING']);
    expect(text).toContain(`it lacks ${permission}.`);
    expect(stored()).toBe(before);
  });

  it('is told of all that it lacks at once: a space that may only be read', async () => {
    const before = stored();
    const { codes, text } = await run({ apiKey: without(...spacePermissions.filter((each) => !each.endsWith('View'))) });
    expect(codes).toEqual(['INSTALL_PERMISSIONS_MISSING']);
    for (const permission of WRITES) expect(text).toContain(permission);
    expect(stored()).toBe(before);
  });

  it.each(['MachineView', 'ProjectView', 'ActionTemplateView', 'FeedView', 'EnvironmentView', 'LibraryVariableSetView'])('that lacks %s is refused by Octopus, which names it, before anything is written', async (permission) => {
    const before = stored();
    const { codes, text } = await run({ apiKey: without(permission) });
    expect(new Set(codes)).toEqual(new Set(['OCTOPUS_FORBIDDEN']));
    expect(text).toContain(permission);
    expect(stored()).toBe(before);
  });

  it('whose right is taken away in the middle is told which one, and the next installation mends it', async () => {
    for (const [match, permission] of [['actiontemplates$', 'ActionTemplateCreate'], ['/variables/', 'VariableEdit'], ['runbookProcesses/', 'ProcessEdit'], ['runbookSnapshots', 'RunbookEdit'], ['projecttriggers', 'TriggerCreate']] as const) {
      server.faults({ forbidden: { match, method: match.endsWith('/') ? 'PUT' : 'POST', count: 1, permission } });
      const { codes, text } = await run();
      expect([match, codes, text]).toEqual([match, ['OCTOPUS_FORBIDDEN'], expect.stringContaining(`Give the account of this API key the permission ${permission}`)]);
      server.faults({});
    }
    await mended();
    await anew();
  });
});

describe('a space', () => {
  it('that does not exist is refused with those that do', async () => {
    const { codes, text } = await run({ space: 'Nowhere' });
    expect([codes, text]).toEqual([['INSTALL_SPACE_MISSING'], expect.stringContaining('"Default", "Payments"')]);
  });

  it('that the account may not see is refused like one that does not exist', async () => {
    expect(await run({ apiKey: without('TaskView'), space: 'Payments' })).toMatchObject({ codes: ['INSTALL_SPACE_MISSING'] });
  });
});

describe('a way to the server that misbehaves', () => {
  it('a proxy that answers with a page of its own is told apart from Octopus, first or in the middle; the next installation mends it', async () => {
    server.faults({ html: { match: '/api$', count: 1 } });
    expect(await run()).toMatchObject({ codes: ['OCTOPUS_NOT_JSON'], changes: [] });
    server.faults({ html: { match: '/projects$', method: 'POST', count: 1 } });
    const { codes, text } = await run();
    expect(codes).toEqual(['OCTOPUS_NOT_JSON']);
    expect(text).toContain('A proxy, a load balancer or the portal page answered.');
    server.faults({});
    await mended();
    await anew();
  });

  it.each([['reading, with Retry-After', { retryAfter: 2 }], ['reading, without', {}], ['writing, with Retry-After', { retryAfter: 2, method: 'POST' }], ['writing, without', { method: 'POST' }]])('D9: 429 is waited for: %s', async (_, hint) => {
    server.faults({ tooManyRequests: { count: 5, ...hint } });
    expect((await run()).codes).toEqual([]);
    server.faults({});
    await mended();
    await anew();
  });

  it('D9: 429 without end is refused in the end, and says what counts', async () => {
    server.faults({ tooManyRequests: { match: '/packages/raw' } });
    const { codes, text } = await run();
    expect([codes, text]).toEqual([['OCTOPUS_LIMITED'], expect.stringContaining('the limit is counted per account')]);
    server.faults({});
    await mended();
    await anew();
  });

  it.each([['before it was carried out', false], ['after it was carried out', true]])('a connection that is cut at the push, %s, says that the outcome is not known, and the next installation mends it', async (_, after) => {
    server.faults({ dropConnections: { match: '/packages/raw', method: 'POST', count: 1, ...(after ? { after } : {}) } });
    const { codes, text } = await run();
    expect([codes, text]).toEqual([['OCTOPUS_UNREACHABLE'], expect.stringContaining('Whether Octopus has acted on this request is not known')]);
    expect(server.database.read().Collections.Packages).toHaveLength(after ? 1 : 0);
    server.faults({});
    await mended();
    await anew();
  });

  it('a connection that is cut when half of the package was sent leaves no package, and the next installation mends it', async () => {
    const cutting = createServer((near) => {
      const far = connect(Number(new URL(server.server.url).port), '127.0.0.1');
      let sent = 0;
      near.on('data', (part) => {
        sent += part.length;
        if (sent > content.length / 2) {
          far.destroy();
          near.destroy();
        } else far.write(part);
      });
      far.on('data', (part) => near.write(part));
      for (const [one, other] of [[near, far], [far, near]] as const) one.on('close', () => other.destroy()).on('error', () => other.destroy());
    });
    await new Promise<void>((ready) => cutting.listen(0, '127.0.0.1', ready));
    try {
      const { codes } = await run({ url: `http://127.0.0.1:${(cutting.address() as AddressInfo).port}` });
      expect(codes).toEqual(['OCTOPUS_UNREACHABLE']);
      expect(server.database.read().Collections.Packages).toEqual([]);
    } finally {
      await new Promise((closed) => cutting.close(closed));
    }
    await mended();
  });
});
