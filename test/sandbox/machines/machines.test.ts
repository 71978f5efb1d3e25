import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isRunning } from '../../../src/sandbox/machines/processes.ts';
import { connectToTentacle } from '../../../src/sandbox/wire/client.ts';
import type { ScriptRequest } from '../../../src/sandbox/wire/contract.ts';
import { certificate } from '../tentacle/agent.ts';
import { TestSandbox } from '../supervisor/sandbox.ts';

const [old, next] = ['4E543E75D7692720A67C81810F096D855164FC49', 'B3997FBCFA03119B3752C98E8B99D06D32E38B45'];
let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.start([{ name: 'one', trusted: [old] }, { name: 'two', trusted: [old] }, { name: 'off', state: 'off', trusted: [old] }]);
  await Promise.all([sandbox.running('one'), sandbox.running('two')]);
});
afterAll(() => sandbox.end());

const thumbprints = (entries: { Thumbprint: string }[] | null) => entries?.map(({ Thumbprint }) => Thumbprint);

describe('A machine of the sandbox', () => {
  test('trust that is written is not in force before the service was restarted', async () => {
    const before = await sandbox.tentacle('one');
    expect(await sandbox.on('one', `Tentacle configure --instance=Tentacle --trust=${next}`)).toEqual({
      exitCode: 0, stdout: 'Adding 1 trusted Octopus Servers\nThese changes require a restart of the Tentacle.\n', stderr: '',
    });
    const written = await sandbox.tentacle('one');
    expect([thumbprints(written.stored), thumbprints(written.effective), written.pid]).toEqual([[old, next], [old], before.pid]);
    expect(await sandbox.on('one', 'Tentacle service --instance Tentacle --restart')).toEqual({
      exitCode: 0, stdout: 'Restarting service: Tentacle\nService has been restarted\n', stderr: '',
    });
    const restarted = await sandbox.running('one', before.starts);
    expect(thumbprints(restarted.effective)).toEqual([old, next]);
    expect(readFileSync(join(sandbox.machine('one').dir, 'tentacle', 'Logs', 'OctopusTentacle.txt'), 'utf8')).toContain(`Agent will trust Octopus Servers with the thumbprint: ${next}`);
  });

  test('the executable is the one that the records are replayed on, exit codes and streams included', async () => {
    expect((await sandbox.on('one', 'Tentacle show-thumbprint --instance=Tentacle')).stdout).toBe(sandbox.machine('one').thumbprint);
    expect((await sandbox.on('one', 'Tentacle configurate')).exitCode).toBe(2);
    expect((await sandbox.on('one', 'Tentacle configure --instance=Nobody --trust=x')).stderr).toContain('Available instances: Tentacle.');
    const failed = await sandbox.on('one', 'Tentacle configure --trust=');
    expect(failed.exitCode).toBe(100);
    expect(failed.stderr).toContain('Terminating process with exit code 100');
    expect(JSON.parse((await sandbox.on('one', 'Tentacle show-configuration --instance=Tentacle')).stdout)).toMatchObject({ Tentacle: { Services: { PortNumber: sandbox.machine('one').port } } });
  });

  test('no locking: two configure --trust at once both succeed, and the file stays readable', async () => {
    const results = await Promise.all(['0'.repeat(40), '1'.repeat(40)].map((thumbprint) => sandbox.on('two', `Tentacle configure --trust=${thumbprint}`)));
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect((await sandbox.tentacle('two')).stored).not.toBeNull();
  });

  test('a Tentacle killed by SIGKILL comes back by itself, as its unit says', async () => {
    const before = await sandbox.tentacle('two');
    process.kill(before.pid as number, 'SIGKILL');
    const after = await sandbox.running('two', before.starts);
    expect(after.pid).not.toBe(before.pid);
  });

  test('service --stop and --start in one call, failures keep exit code 0', async () => {
    const before = await sandbox.tentacle('two');
    expect((await sandbox.on('two', 'Tentacle service --stop --start')).stdout).toBe('Stopping service: Tentacle\nService stopped\nService started: Tentacle\n');
    await sandbox.running('two', before.starts);
    await sandbox.call('PUT', '/faults', { machines: { two: { startFails: 1 } } });
    const failed = await sandbox.on('two', 'Tentacle service --restart');
    expect(failed.exitCode).toBe(0);
    expect(failed.stdout).toBe('Restarting service: Tentacle\n');
    expect(failed.stderr).toContain("The command 'systemctl restart Tentacle' failed with exit code: 1\n");
    expect(failed.stderr).toContain('The service could not be restarted\n');
    expect((await sandbox.tentacle('two')).running).toBe(false);
    expect((await sandbox.on('two', 'Tentacle service --start')).stdout).toBe('Service started: Tentacle\n');
    await sandbox.running('two', before.starts + 1);
  });

  test('configure can be told to fail once, without writing', async () => {
    const before = await sandbox.tentacle('one');
    await sandbox.call('PUT', '/faults', { machines: { one: { configureFails: 1 } } });
    expect((await sandbox.on('one', `Tentacle configure --remove-trust=${old}`)).exitCode).toBe(100);
    expect((await sandbox.tentacle('one')).stored).toEqual(before.stored);
    expect((await sandbox.on('one', `Tentacle configure --remove-trust=${'9'.repeat(40)}`)).exitCode).toBe(0);
    await sandbox.call('PUT', '/faults', {});
  });

  test('an agent that cannot bear its list ends again and again until systemd gives up; the old list brings it back', async () => {
    const before = await sandbox.tentacle('one');
    await sandbox.call('PUT', '/faults', { machines: { one: { failsAboveTrusted: 1 } } });
    await sandbox.on('one', 'systemctl reset-failed Tentacle; systemctl restart Tentacle');
    await vi.waitFor(async () => expect((await sandbox.on('one', 'systemctl show Tentacle -p Result --value')).stdout).toBe('start-limit-hit\n'), { timeout: 10_000, interval: 100 });
    await sandbox.on('one', `Tentacle configure --reset-trust --trust=${old}; systemctl reset-failed Tentacle; systemctl start Tentacle`);
    await sandbox.running('one', before.starts);
    await sandbox.call('PUT', '/faults', {});
  });
});

describe('A script that restarts the Tentacle it runs on', () => {
  const connect = async (name: string) => {
    const server = await certificate('A');
    const { port, thumbprint } = sandbox.machine(name);
    return connectToTentacle({ host: '127.0.0.1', port, keyPem: server.keyPem, certificatePem: server.certificatePem, expectedThumbprint: thumbprint, timeoutMs: 5000 });
  };
  const script = (ticket: string, command: string): ScriptRequest => ({ ticket, taskId: 'ServerTasks-1', files: [], command: ['bash', '-c', command], environment: {}, isolation: 'full' });

  test('directly: it is killed with the unit, its result is unknown, and the restart happens all the same', async () => {
    await sandbox.on('one', 'systemctl reset-failed');
    const before = await sandbox.tentacle('one');
    const connection = await connect('one');
    await connection.startScript(script('direct', 'Tentacle service --instance "$TentacleInstanceName" --restart; sleep 300'));
    await sandbox.running('one', before.starts);
    await connection.close();
    const again = await connect('one');
    expect(await again.getStatus('direct', 0)).toMatchObject({ state: 'complete', exitCode: -46 });
    await again.close();
  });

  test('through systemd-run and later: the script ends well, then the Tentacle restarts', async () => {
    const before = await sandbox.tentacle('one');
    const connection = await connect('one');
    await connection.startScript(script('detached', 'systemd-run --on-active=500ms --collect systemctl restart Tentacle'));
    const status = await vi.waitFor(async () => {
      const current = await connection.getStatus('detached', 0);
      expect(current.state).toBe('complete');
      return current;
    });
    expect(status.exitCode).toBe(0);
    await connection.completeScript('detached');
    await connection.close();
    await sandbox.running('one', before.starts);
  });
});

describe('The control API', () => {
  test('wants the token', async () => {
    expect((await sandbox.call('GET', '/truth', undefined, 'wrong')).status).toBe(401);
    expect((await sandbox.call('GET', '/nothing')).status).toBe(404);
  });

  test('kills a unit without a stop, so that its policy applies', async () => {
    const before = await sandbox.tentacle('two');
    expect((await sandbox.call('POST', '/machines/two/units/tentacle/kill')).status).toBe(200);
    await sandbox.running('two', before.starts);
  });

  test('switches a machine off with everything on it, and on again with a new boot', async () => {
    expect((await sandbox.tentacle('off')).on).toBe(false);
    await sandbox.call('POST', '/machines/off/start');
    const started = await sandbox.running('off');
    const hanging = sandbox.on('off', 'sleep 300');
    const boot = readFileSync(join(sandbox.machine('off').dir, 'boot-id'), 'utf8');
    await sandbox.call('POST', '/machines/off/stop');
    expect(isRunning(started.pid as number)).toBe(false);
    await hanging;
    expect(await sandbox.tentacle('off')).toMatchObject({ on: false, running: false, effective: null });
    await sandbox.call('POST', '/machines/off/start');
    await sandbox.running('off', started.starts);
    expect(readFileSync(join(sandbox.machine('off').dir, 'boot-id'), 'utf8')).not.toBe(boot);
  });

  test('reboots: what is enabled comes back, what was only started does not', async () => {
    const before = await sandbox.running('two');
    sandbox.unitFile('two', 'only-started.service', '[Service]\nExecStart=/bin/sleep 300\nRestart=always\n[Install]\nWantedBy=multi-user.target\n');
    sandbox.unitFile('two', 'enabled.service', '[Service]\nExecStart=/bin/sleep 300\n[Install]\nWantedBy=multi-user.target\n');
    await sandbox.on('two', 'systemctl start only-started; systemctl enable --now enabled; systemd-run --unit=transient sleep 300; systemd-run --on-active=300 --unit=later true');
    await sandbox.call('POST', '/machines/two/reboot');
    await sandbox.running('two', before.starts);
    const active = await Promise.all(['only-started', 'enabled', 'transient', 'later.timer'].map(async (unit) => (await sandbox.on('two', `systemctl is-active ${unit}`)).stdout.trim()));
    expect(active).toEqual(['inactive', 'active', 'inactive', 'inactive']);
  });

  test('tells what happened, in order', async () => {
    const events = (await sandbox.truth()).events.filter(({ machine }) => machine === 'one').map(({ event }) => event);
    expect(events.slice(0, 3)).toEqual(['machine-started', 'unit-started', 'tentacle-started']);
    expect(events).toContain('tentacle-config-written');
  });
});
