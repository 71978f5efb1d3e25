import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/sandbox.ts';
import { Nodes } from './nodes.ts';

let nodes: Nodes;
beforeAll(async () => {
  nodes = await Nodes.start('test/estates/three-nodes.json');
});
afterEach(async () => {
  await nodes.sandbox.setFaults({});
});
afterAll(async () => {
  await nodes?.sandbox.stop();
});

const names = ['NODE1', 'NODE2', 'NODE3'];
const balancer = () => nodes.sandbox.line.url;
const balanced = (wanted: string[]) => until(`the balancer has ${wanted.join(', ')}`, 20_000, async () => (await nodes.inService()).join() === wanted.join());
const offline = (name: string, is: boolean, at = 'NODE1') => until(`${name} is ${is ? 'offline' : 'seen'}`, 40_000, async () => (await nodes.row(at, name))?.IsOffline === is);

/** A script that runs on web-01 for NODE3 until `go` is there. */
async function runningOnThree(): Promise<string> {
  for (const name of ['NODE1', 'NODE2']) await nodes.drain('NODE1', name, true);
  const { Id } = await nodes.script('NODE1', 'web-01', 'until [ -e "$TentacleHome/go" ]; do sleep 0.1; done; rm "$TentacleHome/go"');
  await until('NODE3 runs it', 10_000, async () => {
    const { State, ServerNode } = await nodes.task('NODE1', Id);
    return State === 'Executing' && ServerNode === 'NODE3';
  });
  for (const name of ['NODE1', 'NODE2']) await nodes.drain('NODE1', name, false);
  return Id;
}
const go = () => nodes.on('web-01', 'touch "$SANDBOX_MACHINE/tentacle/go"');

describe('Three nodes', () => {
  test('are as the estate says: every polling Tentacle is connected to each of them', async () => {
    const { tentacles, server } = await nodes.sandbox.truth();
    expect(server.nodes.map(({ name, machine, running, drained, starts }) => ({ name, machine, running, drained, starts }))).toEqual(names.map((name, index) => ({ name, machine: `octopus-0${index + 1}`, running: true, drained: false, starts: 1 })));
    expect(server.share).toBe(nodes.sandbox.line.share);
    expect(tentacles.map(({ machine }) => machine)).toEqual(nodes.sandbox.line.tentacles.map(({ name }) => name));
    for (const machine of ['dmz-01', 'dmz-02']) {
      await until(`${machine} polls three nodes`, 20_000, async () => (await nodes.sandbox.truth()).tentacles.find((one) => one.machine === machine)?.polling?.filter(({ connected }) => connected).length === 3);
      for (const name of names) expect(await nodes.health(name, machine)).toBe('Healthy');
    }
  });

  test('lose no write when three processes write at once and one after the other is killed', async () => {
    const before = (await nodes.call<{ TotalResults: number }>('NODE1', 'GET', 'Spaces-1/libraryvariablesets')).body.TotalResults;
    let made = 0;
    let uncertain = 0;
    const write = async (at: string, count: number) => {
      for (let index = 0; index < count; index += 1) {
        const status = await nodes.call(at, 'POST', 'Spaces-1/libraryvariablesets', { Name: `${at} ${index}`, ContentType: 'Variables' }).then((answer) => answer.status, () => 0);
        if (status === 201) made += 1;
        else uncertain += 1;
      }
    };
    const writers = Promise.all(names.map((name) => write(name, 60)));
    for (const name of ['NODE2', 'NODE3', 'NODE2']) {
      const { machine, starts } = await nodes.truth(name);
      await nodes.sandbox.power(machine, 'kill');
      await nodes.up(name, starts);
    }
    await writers;
    const after = (await nodes.call<{ TotalResults: number }>('NODE1', 'GET', 'Spaces-1/libraryvariablesets')).body.TotalResults;
    expect(made).toBeGreaterThan(60);
    expect(after - before).toBeGreaterThanOrEqual(made);
    expect(after - before).toBeLessThanOrEqual(made + uncertain);
  });

  test('D8: a node whose machine is switched off goes offline, and another one marks its task', async () => {
    await balanced(names);
    const task = await runningOnThree();
    await nodes.sandbox.power('octopus-03', 'stop');
    await balanced(['NODE1', 'NODE2']);
    expect((await nodes.call(balancer(), 'GET', 'users/me')).status).toBe(200);
    expect((await nodes.task('NODE1', task)).State).toBe('Executing');
    await offline('NODE3', true);
    expect(await nodes.completed('NODE2', task)).toMatchObject({ State: 'Failed', ServerNode: 'NODE3', ErrorMessage: 'The Octopus Server node that was executing this task is offline.' });
    expect(await nodes.truth('NODE3')).toMatchObject({ running: false, pid: null, presents: null });
    await go();
    await nodes.sandbox.power('octopus-03', 'start');
    await nodes.up('NODE3');
    await offline('NODE3', false);
  });

  test('D2: a suspended node gets no request and goes offline; resumed it finds its task marked, though the script has done its work', async () => {
    await balanced(names);
    const task = await runningOnThree();
    const { machine, pid, starts } = await nodes.truth('NODE3');
    await nodes.sandbox.process(machine, pid ?? 0, 'suspend');
    await balanced(['NODE1', 'NODE2']);
    await go();
    expect(await nodes.completed('NODE1', task)).toMatchObject({ State: 'Failed', ServerNode: 'NODE3' });
    await nodes.sandbox.process(machine, pid ?? 0, 'resume');
    await balanced(names);
    expect(await nodes.truth('NODE3')).toMatchObject({ pid, starts });
    expect((await nodes.task('NODE3', task)).State).toBe('Failed');
    await offline('NODE3', false);
  });

  test('a machine can be suspended and resumed as a whole, and a unit of it', async () => {
    await nodes.sandbox.power('octopus-02', 'suspend');
    await balanced(['NODE1', 'NODE3']);
    await nodes.sandbox.power('octopus-02', 'resume');
    await balanced(names);
    await nodes.sandbox.unit('octopus-02', 'octopusserver', 'suspend');
    await balanced(['NODE1', 'NODE3']);
    await nodes.sandbox.unit('octopus-02', 'octopusserver', 'resume');
    await balanced(names);
  });

  test('a node without the database answers 500, goes offline, and keeps its outcome until the database is back', async () => {
    const task = await runningOnThree();
    await nodes.sandbox.setFaults({ machines: { 'octopus-03': { database: 'gone' } } });
    await until('NODE3 answers 500', 5000, async () => (await nodes.call('NODE3', 'GET', 'users/me')).status === 500);
    await balanced(['NODE1', 'NODE2']);
    const shown = await nodes.on('octopus-03', 'Octopus.Server show-thumbprint --instance=OctopusServer');
    expect(shown).toMatchObject({ code: 100, stdout: '' });
    expect(shown.stderr).toContain('A network-related or instance-specific error occurred');
    expect((await nodes.on('octopus-02', 'Octopus.Server show-thumbprint --instance=OctopusServer')).code).toBe(0);
    await go();
    expect((await nodes.task('NODE1', task)).State).toBe('Executing');
    await nodes.sandbox.setFaults({});
    expect(await nodes.completed('NODE1', task)).toMatchObject({ State: 'Success', ServerNode: 'NODE3' });
    await balanced(names);
  });

  test('a database that can only be read refuses every write, the import of a certificate too, and goes on answering', async () => {
    await nodes.sandbox.setFaults({ database: 'readOnly' });
    const imported = await nodes.on('octopus-01', `Octopus.Server import-certificate --instance=OctopusServer --from-file=${join(import.meta.dirname, '../../conformance/fixtures/certificates/B.pfx')}`);
    expect(imported.code).toBe(100);
    expect(imported.stderr).toContain('because the database is read-only');
    expect((await nodes.sandbox.truth()).server.database.thumbprint).toBe(nodes.sandbox.line.serverThumbprint);
    expect((await nodes.call('NODE1', 'GET', 'Spaces-1/machines/all')).status).toBe(200);
    expect((await nodes.call('NODE1', 'PUT', 'octopusservernodes/OctopusServerNodes-NODE1', { MaxConcurrentTasks: 5, IsInMaintenanceMode: true })).status).toBe(500);
    expect((await nodes.on('octopus-01', 'Octopus.Server node --instance=OctopusServer --drain=true')).code).toBe(100);
    expect((await nodes.truth('NODE1')).drained).toBe(false);
  });

  test('a shared folder that is gone, full or read-only is so for one machine, for every Node process on it', async () => {
    const mount = nodes.node('NODE2').share ?? '';
    const write = (machine: string, path: string) => nodes.on(machine, `"${process.execPath}" -e 'try { require("fs").writeFileSync(process.argv[1], "x"); console.log("written") } catch (error) { console.log(error.code) }' '${path}'`).then(({ stdout }) => stdout.trim());
    const handle = (machine: string, path: string) => nodes.on(machine, `"${process.execPath}" -e 'require("fs/promises").open(process.argv[1], "a").then((file) => file.writeFile("x")).then(() => console.log("written"), (error) => console.log(error.code))' '${path}'`).then(({ stdout }) => stdout.trim());
    expect(await write('octopus-02', `${mount}/a`)).toBe('written');
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { share: 'gone' } } });
    expect(existsSync(mount)).toBe(false);
    expect(await write('octopus-02', `${mount}/a`)).toBe('ENOENT');
    expect(await write('octopus-01', `${nodes.node('NODE1').share}/b`)).toBe('written');
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { share: 'full' } } });
    expect(await write('octopus-02', `${mount}/a`)).toBe('ENOSPC');
    expect(await handle('octopus-02', `${mount}/a`)).toBe('ENOSPC');
    expect(await handle('octopus-01', `${nodes.node('NODE1').share}/a`)).toBe('written');
    expect((await nodes.on('octopus-02', `"${process.execPath}" -p 'require("fs").readFileSync("${mount}/b", "utf8")'`)).stdout).toBe('x\n');
    await nodes.sandbox.setFaults({ share: 'readOnly' });
    for (const [machine, name] of [['octopus-01', 'NODE1'], ['octopus-03', 'NODE3']] as const) expect(await write(machine, `${nodes.node(name).share}/c`)).toBe('EROFS');
    await nodes.sandbox.setFaults({});
    expect(await write('octopus-02', `${mount}/a`)).toBe('written');
  });

  test('a node without the shared folder still runs tasks and shows their logs, which reach the others when it is back', async () => {
    for (const name of ['NODE1', 'NODE2']) await nodes.drain('NODE1', name, true);
    await nodes.sandbox.setFaults({ machines: { 'octopus-03': { share: 'gone' } } });
    const { Id } = await nodes.script('NODE1', 'web-02', 'echo kept in mind');
    expect(await nodes.completed('NODE1', Id)).toMatchObject({ State: 'Success', ServerNode: 'NODE3' });
    expect((await nodes.call<string>('NODE3', 'GET', `tasks/${Id}/raw`)).body).toContain('kept in mind');
    expect((await nodes.call<string>('NODE1', 'GET', `tasks/${Id}/raw`)).body).toBe('');
    await nodes.sandbox.setFaults({});
    await until('the log is in the share', 10_000, async () => (await nodes.call<string>('NODE1', 'GET', `tasks/${Id}/raw`)).body.includes('kept in mind'));
    for (const name of ['NODE1', 'NODE2']) await nodes.drain('NODE1', name, false);
  });

  test('a machine that is cut off from another one cannot connect to it, nor the other to it, and open connections break', async () => {
    const fetched = (machine: string, name: string) => nodes.on(machine, `"${process.execPath}" -e 'fetch("${nodes.node(name).url}/api").then((answer) => console.log(answer.status), (error) => console.log(error.cause.code))'`).then(({ stdout }) => stdout.trim());
    await nodes.sandbox.setFaults({ machines: { 'octopus-01': { cutOffFrom: ['octopus-02'] }, 'dmz-01': { cutOffFrom: ['octopus-03'] }, 'balancer-01': { cutOffFrom: ['octopus-01'] } } });
    expect(await fetched('octopus-01', 'NODE2')).toBe('EHOSTUNREACH');
    expect(await fetched('octopus-02', 'NODE1')).toBe('EHOSTUNREACH');
    expect(await fetched('octopus-01', 'NODE3')).toBe('200');
    await balanced(['NODE2', 'NODE3']);
    await until('dmz-01 has lost NODE3', 10_000, async () => (await nodes.sandbox.truth()).tentacles.find(({ machine }) => machine === 'dmz-01')?.polling?.filter(({ connected }) => connected).length === 2);
    await nodes.sandbox.setFaults({});
    await balanced(names);
    await until('dmz-01 is back', 20_000, async () => (await nodes.sandbox.truth()).tentacles.find(({ machine }) => machine === 'dmz-01')?.polling?.filter(({ connected }) => connected).length === 3);
  });

  test('the clock of one machine jumps for the processes that run there, and the ground truth keeps its own', async () => {
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { clock: 3600 } } });
    const clock = (machine: string) => nodes.on(machine, `"${process.execPath}" -p 'Date.now() - new Date(new Date().toISOString()).getTime() < 1000 && Date.now()'`).then(({ stdout }) => Number(stdout) - Date.now());
    expect(await clock('octopus-02')).toBeGreaterThan(3_590_000);
    expect(Math.abs(await clock('octopus-01'))).toBeLessThan(10_000);
    await until('NODE2 was seen in an hour', 10_000, async () => Date.parse((await nodes.row('NODE1', 'NODE2'))?.LastSeen ?? '') > Date.now() + 3_000_000);
    await nodes.restart('NODE2');
    const started = (await nodes.sandbox.truth()).events.findLast(({ event, machine }) => event === 'server-started' && machine === 'octopus-02');
    expect(Math.abs(Date.parse(started?.at ?? '') - Date.now())).toBeLessThan(20_000);
    await nodes.sandbox.setFaults({});
    await until('the clock is right again', 10_000, async () => Date.parse((await nodes.row('NODE1', 'NODE2'))?.LastSeen ?? '') < Date.now() + 1000);
  });

  test('a node that does not come back after a restart leaves the others serving', async () => {
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { server: { serverStart: 'fails' } } } });
    await nodes.on('octopus-02', 'systemctl restart octopusserver');
    await until('its unit has failed', 20_000, async () => (await nodes.on('octopus-02', 'systemctl is-active octopusserver')).stdout.trim() === 'failed');
    await balanced(['NODE1', 'NODE3']);
    expect(await nodes.truth('NODE2')).toMatchObject({ running: false, presents: null });
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { server: { serverStart: 'hangs' }, serverVersion: '2026.3.1' } } });
    await nodes.on('octopus-02', 'systemctl reset-failed octopusserver; systemctl start octopusserver');
    await until('it hangs', 10_000, async () => (await nodes.call('NODE2', 'GET', 'users/me')).status === 503);
    await nodes.sandbox.setFaults({ machines: { 'octopus-02': { serverVersion: '2026.3.1' } } });
    await nodes.restart('NODE2');
    expect((await nodes.row('NODE1', 'NODE2'))?.Version).toBe('2026.3.1');
    expect((await nodes.on('octopus-02', 'Octopus.Server version')).stdout.trim()).toBe('2026.3.1');
    expect((await nodes.call<{ Version: string }>('NODE2', 'GET', '')).body.Version).toBe('2026.3.1');
    await nodes.sandbox.setFaults({});
    await nodes.restart('NODE2');
    expect((await nodes.row('NODE1', 'NODE2'))?.Version).toBe('2026.2.1000');
  });

  test('A15, A16: a node that is added serves at once, its Tentacle waits for its registration, and no polling Tentacle knows its address', async () => {
    const added = await nodes.sandbox.addNode({ name: 'NODE4', machine: 'octopus-04' });
    await until('NODE4 is in the list', 20_000, async () => (await nodes.row('NODE1', 'NODE4'))?.IsOffline === false);
    await balanced([...names, 'NODE4']);
    expect((await nodes.call(added.url, 'GET', 'users/me')).status).toBe(200);
    expect((await nodes.sandbox.nodes()).map(({ name }) => name)).toEqual([...names, 'NODE4']);
    expect(await nodes.truth('NODE4')).toMatchObject({ running: true, presents: nodes.sandbox.line.serverThumbprint });
    const environment = (await nodes.call<{ Id: string; Name: string }[]>('NODE1', 'GET', 'Spaces-1/environments/all')).body.find(({ Name }) => Name === 'Octopus');
    const registered = await nodes.call('NODE1', 'POST', 'Spaces-1/machines', { Name: 'octopus-04', Roles: ['octopus-server-node'], EnvironmentIds: [environment?.Id], Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: `https://${added.tentacleAddress}/`, Thumbprint: added.thumbprint } });
    expect(registered.status).toBe(201);
    expect(await nodes.health('NODE1', 'octopus-04')).toBe('Healthy');
    expect((await nodes.sandbox.truth()).tentacles.find(({ machine }) => machine === 'dmz-01')?.stored).toHaveLength(3);
  });

  test('a node that is renamed is in the list twice after its restart, and the old name goes offline', async () => {
    await nodes.sandbox.renameNode('NODE4', 'NODE9');
    expect((await nodes.row('NODE1', 'NODE9'))).toBeUndefined();
    await nodes.on('octopus-04', 'systemctl restart octopusserver');
    await until('NODE9 is in the list', 20_000, async () => (await nodes.row('NODE1', 'NODE9'))?.IsOffline === false);
    await offline('NODE4', true);
    expect(await nodes.truth('NODE9')).toMatchObject({ machine: 'octopus-04', running: true });
    await nodes.sandbox.power('octopus-04', 'reboot');
    await until('it is up after the reboot', 20_000, async () => (await nodes.truth('NODE9')).starts === 3);
  });
});
