import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/sandbox.ts';
import { certificate } from '../tentacle/agent.ts';
import { Nodes } from './nodes.ts';

const pfx = join(import.meta.dirname, '../../conformance/fixtures/certificates/B.pfx');
const production = { space: 'Default', as: 'target', roles: ['web'], environments: ['Production'] };
const estate = {
  name: 'Two nodes', pollingPauseFactor: 50,
  server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }, { name: 'NODE2', machine: 'octopus-02', version: '2026.2.999' }], loadBalancer: { machine: 'balancer-01' }, offlineAfterSeconds: 6 },
  spaces: [{ name: 'Default', environments: ['Production'] }],
  machines: [
    { name: 'octopus-01', registrations: [production] }, { name: 'octopus-02', registrations: [production] },
    { name: 'web-01', registrations: [production] }, { name: 'dmz-01', mode: 'polling', registrations: [production] },
  ],
};

let folder: string;
let nodes: Nodes;
let next = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nodes-'));
  writeFileSync(join(folder, 'estate.json'), JSON.stringify(estate));
  nodes = await Nodes.start(join(folder, 'estate.json'));
  next = (await certificate('B')).thumbprint;
});
afterAll(async () => {
  await nodes?.sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('Two nodes on one database', () => {
  test('each answer at an address of their own with one API key, and the balancer takes requests to both', async () => {
    const { line } = nodes.sandbox;
    expect(line.url).toBe(line.loadBalancer?.url);
    const seen = new Set<string>();
    await until('both nodes answered through the balancer', 5000, async () => {
      seen.add((await nodes.call<{ Name: string }>(line.url, 'GET', 'octopusservernodes/ping')).body.Name);
      return seen.size === 2;
    });
    for (const name of ['NODE1', 'NODE2']) expect((await nodes.call<{ Name: string }>(name, 'GET', 'octopusservernodes/ping')).body).toMatchObject({ Name: name, IsOffline: false, IsInMaintenanceMode: false });
    expect((await nodes.call<{ Nodes: object[] }>('NODE2', 'GET', 'octopusservernodes/summary')).body.Nodes).toMatchObject([{ Name: 'NODE1', Version: '2026.2.1000', IsOffline: false }, { Name: 'NODE2', Version: '2026.2.999', IsOffline: false }]);
  });

  test('are behind a balancer that sends a request once: 502 when a node had it and is lost, another node when it is refused', async () => {
    const { line } = nodes.sandbox;
    await nodes.sandbox.setFaults({ dropConnections: { match: '/users/me$' } });
    expect((await nodes.call(line.url, 'GET', 'users/me')).status).toBe(502);
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { server: { unavailable: true } } } });
    await until('the balancer has one left', 5000, async () => (await nodes.inService()).join() === 'NODE1');
    await nodes.sandbox.setFaults({});
    await until('the balancer has both', 5000, async () => (await nodes.inService()).length === 2);
    await nodes.sandbox.unit('octopus-02', 'octopusserver', 'stop');
    for (let index = 0; index < 4; index += 1) expect((await nodes.call(line.url, 'GET', 'users/me')).status).toBe(200);
    const { starts } = await nodes.truth('NODE2');
    await nodes.sandbox.unit('octopus-02', 'octopusserver', 'start');
    await nodes.up('NODE2', starts);
    await until('the balancer has both', 5000, async () => (await nodes.inService()).length === 2);
  });

  test('each see packages, artifacts and task logs of the other in the shared folder', async () => {
    const { Id } = await nodes.script('NODE1', 'web-01', 'echo seen by both');
    await nodes.completed('NODE1', Id);
    for (const name of ['NODE1', 'NODE2']) expect((await nodes.call<string>(name, 'GET', `tasks/${Id}/raw`)).body).toContain('seen by both');
    const { share, machine } = nodes.node('NODE2');
    expect((await nodes.on(machine, 'Octopus.Server show-configuration --instance=OctopusServer --format=json')).stdout).toContain(`"Octopus.Folder.ClusterSharedDirectory": "${share}"`);
    await nodes.on('octopus-01', `echo hello >${nodes.node('NODE1').share}/note`);
    expect(readFileSync(join(share ?? '', 'note'), 'utf8')).toBe('hello\n');
  });

  test('a drained node takes no task and no request, finishes what it runs, and says so at its own address', async () => {
    await nodes.drain('NODE1', 'NODE2', true);
    const running = await nodes.script('NODE1', 'octopus-01', 'until [ -e "$TentacleHome/go" ]; do sleep 0.1; done');
    await until('it runs', 10_000, async () => (await nodes.task('NODE2', running.Id)).State === 'Executing');
    expect((await nodes.on('octopus-01', 'Octopus.Server node --instance=OctopusServer --drain=true')).code).toBe(0);
    const waiting = await nodes.script('NODE2', 'web-01', 'true');
    expect((await nodes.call('NODE1', 'GET', 'octopusservernodes/ping')).status).toBe(418);
    expect((await nodes.call('NODE1', 'GET', 'serverstatus/health')).status).toBe(418);
    await until('the balancer has none left', 5000, async () => (await nodes.inService()).length === 0);
    expect((await nodes.call(nodes.sandbox.line.url, 'GET', 'users/me')).status).toBe(503);
    expect((await nodes.call<{ RunningTasks: object[] }>('NODE2', 'GET', 'octopusservernodes/OctopusServerNodes-NODE1/details')).body.RunningTasks).toMatchObject([{ Id: running.Id }]);
    expect((await nodes.sandbox.truth()).server.nodes.map(({ drained }) => drained)).toEqual([true, true]);
    expect((await nodes.task('NODE1', waiting.Id)).State).toBe('Queued');
    await nodes.on('octopus-01', 'touch "$SANDBOX_MACHINE/tentacle/go"');
    expect(await nodes.completed('NODE2', running.Id)).toMatchObject({ State: 'Success', ServerNode: 'NODE1' });
    await nodes.drain('NODE2', 'NODE2', false);
    expect(await nodes.completed('NODE1', waiting.Id)).toMatchObject({ State: 'Success', ServerNode: 'NODE2' });
    await until('the balancer has NODE2', 5000, async () => (await nodes.inService()).join() === 'NODE2');
    await nodes.drain('NODE2', 'NODE1', false);
    await until('the balancer has both', 5000, async () => (await nodes.inService()).length === 2);
  });

  test('B5: a node expects of a Tentacle the certificate that it knows, until it is restarted', async () => {
    await nodes.on('web-01', 'Tentacle new-certificate --instance=Tentacle; Tentacle service --instance Tentacle --stop --start');
    const own = await until('the Tentacle runs with the new certificate', 10_000, async () => {
      const tentacle = (await nodes.sandbox.truth()).tentacles.find(({ machine }) => machine === 'web-01');
      return tentacle?.running && tentacle.starts > 1 && tentacle.ownThumbprint;
    });
    const registration = await nodes.registration('NODE1', 'web-01');
    expect(own).not.toBe(registration.Thumbprint);
    const changed = { ...registration, MachineId: registration.Id, Thumbprint: own, Endpoint: { ...registration.Endpoint, Thumbprint: own } };
    expect((await nodes.call('NODE1', 'PUT', `machines/${registration.Id}`, changed)).status).toBe(200);
    expect((await nodes.registration('NODE2', 'web-01')).Thumbprint).toBe(own);
    expect(await nodes.health('NODE1', 'web-01')).toBe('Healthy');
    expect(await nodes.health('NODE2', 'web-01')).toBe('Unavailable');
    const expected = async () => (await nodes.sandbox.truth()).registrations.find(({ id }) => id === registration.Id)?.expected;
    expect(await expected()).toEqual({ NODE1: own, NODE2: registration.Thumbprint });
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { server: { staleThumbprints: false } } } });
    expect(await nodes.health('NODE2', 'web-01')).toBe('Healthy');
    expect(await expected()).toEqual({ NODE1: own, NODE2: own });
    await nodes.sandbox.setFaults({});
    const back = { ...(await nodes.registration('NODE1', 'web-01')), MachineId: registration.Id, Endpoint: { ...registration.Endpoint, Thumbprint: 'F'.repeat(40) } };
    await nodes.call('NODE1', 'PUT', `machines/${registration.Id}`, back);
    expect(await nodes.health('NODE2', 'web-01')).toBe('Healthy');
    await nodes.call('NODE1', 'PUT', `machines/${registration.Id}`, { ...(await nodes.registration('NODE1', 'web-01')), MachineId: registration.Id, Endpoint: { ...registration.Endpoint, Thumbprint: own } });
    await nodes.restart('NODE2');
    expect(await nodes.health('NODE2', 'web-01')).toBe('Healthy');
  });

  test('A15, A16: an import is in force on a node from its own restart, and a polling Tentacle needs an entry with it for each node', async () => {
    const old = nodes.sandbox.line.serverThumbprint;
    const [first] = [nodes.node('NODE1')];
    const polling = async () => (await nodes.sandbox.truth()).tentacles.find(({ machine }) => machine === 'dmz-01')?.polling?.filter(({ connected }) => connected).map(({ address, thumbprint }) => [address.replace(/\/$/, ''), thumbprint]);
    expect((await nodes.sandbox.truth()).tentacles.find(({ machine }) => machine === 'dmz-01')?.stored?.map(({ Address }) => Address)).toEqual(['NODE1', 'NODE2'].map((name) => nodes.node(name).commsAddress));
    // Listening Tentacles trust both; the polling one has a twin for NODE1 only.
    for (const machine of ['octopus-01', 'octopus-02', 'web-01']) await nodes.on(machine, `Tentacle configure --instance=Tentacle --trust=${next}; Tentacle service --instance Tentacle --stop --start`);
    await nodes.on('dmz-01', `sed -i -E 's#\\{("Thumbprint":")${old}("[^}]*${first.commsAddress}[^}]*)\\}#{\\1${old}\\2},{\\1${next}\\2}#' "$SANDBOX_MACHINE/tentacle/tentacle.config"; Tentacle service --instance Tentacle --stop --start`);

    expect((await nodes.on('octopus-01', `Octopus.Server import-certificate --instance=OctopusServer --from-file=${pfx}`)).stdout).toContain('Certificate imported successfully.');
    for (const machine of ['octopus-01', 'octopus-02']) expect((await nodes.on(machine, 'Octopus.Server show-thumbprint --instance=OctopusServer')).stdout).toBe(next);
    expect([await nodes.presented('NODE1'), await nodes.presented('NODE2')]).toEqual([old, old]);
    await nodes.restart('NODE1');
    expect([await nodes.presented('NODE1'), await nodes.presented('NODE2')]).toEqual([next, old]);
    expect((await nodes.sandbox.truth()).server).toMatchObject({ database: { thumbprint: next }, nodes: [{ name: 'NODE1', presents: next }, { name: 'NODE2', presents: old }] });
    await until('it polls both nodes', 15_000, async () => (await polling())?.length === 2);
    expect(await polling()).toEqual(expect.arrayContaining([[first.commsAddress, next], [nodes.node('NODE2').commsAddress, old]]));
    await nodes.restart('NODE2');
    expect(await nodes.presented('NODE2')).toBe(next);
    await until('it polls one node', 15_000, async () => (await polling())?.length === 1);
    expect(await nodes.health('NODE1', 'dmz-01')).toBe('Healthy');
    expect(await nodes.health('NODE2', 'dmz-01')).toBe('Unavailable');
    expect(await nodes.health('NODE2', 'web-01')).toBe('Healthy');
  });

  test('a node that is killed comes back by itself, and its task is marked', async () => {
    const { Id, ...created } = await nodes.script('NODE1', 'web-01', 'sleep 600');
    expect(created.State).toBe('Queued');
    const { ServerNode } = await until('it runs', 10_000, async () => {
      const task = await nodes.task('NODE1', Id);
      return task.State === 'Executing' && task;
    });
    const { machine, starts } = await nodes.truth(ServerNode ?? '');
    await nodes.sandbox.unit(machine, 'octopusserver', 'kill');
    await nodes.up(ServerNode ?? '', starts);
    expect(await nodes.completed('NODE2', Id)).toMatchObject({ State: 'Failed', ErrorMessage: 'The Octopus Server was restarted while this task was executing.' });
  });
});
