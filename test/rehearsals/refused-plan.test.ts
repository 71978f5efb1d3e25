import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser } from '../../src/sandbox/server/database/users.ts';
import { openDatabase } from '../../src/sandbox/server/creation.ts';
import { extractPackage, refusalCodes, runPhase } from '../support/programs.ts';
import { install, octopusRotation, rotationIds, type Installed } from '../support/rotation.ts';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';
import { fileHashes, worldOf, type World } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'ref-'));
const extracted = extractPackage(join(folder, 'package'));
let sandbox: TestSandbox;
let installed: Installed;
let before: World;
let estateBefore: unknown;
beforeAll(async () => {
  writeFileSync(join(folder, 'estate.json'), JSON.stringify({
    name: 'Two spaces',
    server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
    spaces: [{ name: 'Default', environments: ['Octopus'] }, { name: 'Payments', environments: ['Production'] }],
    machines: [{ name: 'octopus-01', registrations: [{ space: 'Default', as: 'target', roles: ['octopus-server-node', 'octopus-rotation-host'], environments: ['Octopus'] }] }],
  }));
  sandbox = await startSandbox({ estate: join(folder, 'estate.json') });
  installed = await install(sandbox);
  before = await worldOf(sandbox);
  estateBefore = database();
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true });
});

/** Everything in the server's database but who may use it. */
function database(): unknown {
  const { Users: _users, ApiKeys: _keys, OctopusServerNodes: _nodes, ...rest } = openDatabase(join(sandbox.line.home, 'machines', 'octopus-01')).read().Collections;
  return JSON.parse(JSON.stringify(rest)) as unknown;
}

/** Runs Plan as Calamari does on the host, with what a test changes. */
function plan(changed: Record<string, string> = {}) {
  const host = sandbox.line.tentacles[0]!;
  return runPhase(extracted, 'plan-server-certificate', {
    ServerUrl: sandbox.line.url, ApiKey: sandbox.line.apiKey, Secret: installed.secret, StateFolder: installed.stateFolder, TaskId: 'ServerTasks-1', SpaceId: installed.spaceId,
    ProjectName: 'Octopus Rotation', RunbookName: 'Rotate server certificate', EnvironmentName: 'Octopus', SnapshotName: 'S',
    OfflineMachines: 'refuse', EnableDisabled: 'False', PollingRoute: 'twin', WaveBy: 'size', WaveSize: '50', Canaries: '1', AtOnce: '25', StopAfterFailures: '2', MaximumAgeDays: '365', ExpiresWithinDays: '60', DrainLimitMinutes: '30', RestartWatchSeconds: '20', Force: 'refused plan',
    ...changed,
  }, { PATH: `${host.bin}:${process.env['PATH'] ?? ''}`, TentacleExecutablePath: join(host.bin, 'Tentacle'), TentacleInstanceName: 'Tentacle', TentacleHome: join(sandbox.line.home, 'machines', 'octopus-01', 'tentacle') });
}

/** The step failed with this refusal, says value and remedy, and changed nothing. */
async function expectRefused(ended: Awaited<ReturnType<typeof plan>>, code: string, ...said: (string | RegExp)[]): Promise<void> {
  expect({ code: ended.code, error: ended.error, refusals: refusalCodes(ended.out) }).toEqual({ code: 1, error: '', refusals: [code] });
  for (const text of said) expect(ended.out).toMatch(text);
  expect(ended.out).toMatch(/^Safe: .*\.$/m);
  expect(ended.out).toMatch(/^Next: \w/m);
  expect(ended.out).not.toMatch(/^\s+at .*:\d+:\d+/m);
  expect(ended.out).not.toContain(installed.secret);
  expect(ended.out).not.toContain(sandbox.line.apiKey);
  expect(await worldOf(sandbox)).toEqual(before);
  expect(database()).toEqual(estateBefore);
  expect(rotationIds(installed.stateFolder)).toEqual([]);
}

describe('Plan refuses, and nothing changed', () => {
  it('A10: an API key that may not see one space, told by what the account lacks', async () => {
    const { apiKey } = addUser(openDatabase(join(sandbox.line.home, 'machines', 'octopus-01')), { username: 'one-space', system: [], spaces: { 'Spaces-1': ['*'] } });
    const ended = await plan({ ApiKey: apiKey });
    await expectRefused(ended, 'CANNOT_SEE_EVERYTHING', /account "one-space"/, /AdministerSystem/, /^Next: Give the account of Rotation\.ApiKey the system permission AdministerSystem/m);
    expect(ended.out).not.toContain(apiKey);
    // What the key does not see cannot be missed in its list: this is the trap that the permission closes.
    const spaces = await fetch(`${sandbox.line.url}/api/spaces/all`, { headers: { 'X-Octopus-ApiKey': apiKey } });
    expect(((await spaces.json()) as { Name: string }[]).map((space) => space.Name)).toEqual(['Default']);
  });

  it('an API key that Octopus does not know', async () => {
    await expectRefused(await plan({ ApiKey: `API-${'X'.repeat(32)}` }), 'OCTOPUS_UNAUTHORISED', /401/, /^Next: Make a new API key/m);
  });

  it('a server that answers HTML, as a proxy in front of it does', async () => {
    await sandbox.setFaults({ html: true });
    try {
      await expectRefused(await plan(), 'OCTOPUS_NOT_JSON', /"text\/html[^"]*" instead of JSON/, /^Next: .*Give the address of Octopus Server itself/m);
    } finally {
      await sandbox.setFaults({});
    }
  });

  const badFolders: [string, string, string, RegExp, (path: string) => void][] = [
    ['open to others', 'STATE_FOLDER_OPEN_TO_OTHERS', 'chmod 0700', /has the mode 0?755/, (path) => { mkdirSync(path); chmodSync(path, 0o755); }],
    ['a symbolic link', 'STATE_FOLDER_LINK', 'rm', /is a symbolic link/, (path) => { mkdirSync(`${path}.target`, { mode: 0o700 }); symlinkSync(`${path}.target`, path); }],
    ['no folder', 'STATE_FOLDER_NOT_A_FOLDER', 'mv', /is not a folder/, (path) => writeFileSync(path, '')],
    ['foreign-owned', 'STATE_FOLDER_FOREIGN_OWNER', 'sudo chown -R 0', /belongs to the account with the number 12345/, (path) => { mkdirSync(path, { mode: 0o700 }); chownSync(path, 12345, 12345); }],
  ];
  // Only root can give a folder away.
  it.each(badFolders.filter(([name]) => name !== 'foreign-owned' || process.getuid?.() === 0))('a state folder that is %s, with the command that mends it', async (name, code, remedy, said, make) => {
    const path = join(folder, name.replaceAll(' ', '-'));
    make(path);
    const files = fileHashes(folder);
    await expectRefused(await plan({ StateFolder: path }), code, said, new RegExp(`^Next: .*${remedy} ?${path}`, 'm'));
    expect(fileHashes(folder)).toEqual(files);
  });

  it('a state folder that cannot be made, because a file is in its way', async () => {
    writeFileSync(join(folder, 'in-the-way'), '');
    const path = join(folder, 'in-the-way', 'state');
    await expectRefused(await plan({ StateFolder: path }), 'STATE_FOLDER_UNREADABLE', new RegExp(`"${path}".*ENOTDIR`));
  });

  it('an input that the schema does not know, and one that it does not allow', async () => {
    await expectRefused(await plan({ Nonsense: 'x' }), 'INPUT_UNKNOWN', /Nonsense/, /^Next: .*run octopus-rotation install again/m);
    await expectRefused(await plan({ OfflineMachines: 'maybe' }), 'INPUT_INVALID', /OfflineMachines must be equal to one of the allowed values: refuse,leave-behind/, /^Next: Correct them/m);
    await expectRefused(await plan({ Secret: '' }), 'INPUT_MISSING', /Secret/, /openssl is missing/);
  });

  it('a secret that is too short to protect anything', async () => {
    const ended = await plan({ Secret: 'short' });
    await expectRefused(ended, 'ROTATION_SECRET_TOO_SHORT', /has 5 characters/);
  });
});

describe('what is not refused', () => {
  it('the same step with what the installer gave it: everything above was refused for its one fault alone', async () => {
    const ended = await plan({ Force: '' });
    expect([ended.code, ended.error]).toEqual([0, '']);
    expect(ended.out).toContain('Nothing is due');
    expect(await worldOf(sandbox)).toEqual(before);
    expect(rotationIds(installed.stateFolder)).toEqual([]);
  });

  it('status, which reads only, makes no state folder', async () => {
    const path = join(folder, 'never-made');
    const { code, stdout } = await octopusRotation(['status', '--server', sandbox.line.url, '--api-key-env', 'KEY', '--space', 'Default', '--state-folder', path, '--secret-env', 'SECRET'], { KEY: sandbox.line.apiKey, SECRET: installed.secret });
    expect([code, existsSync(path)]).toEqual([0, false]);
    expect(stdout).toContain('No rotation is open.');
  });
});
