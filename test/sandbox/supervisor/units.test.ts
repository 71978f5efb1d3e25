import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { environmentOf, isRunning } from '../../../src/sandbox/machines/processes.ts';
import { TestSandbox } from './sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => { sandbox = await TestSandbox.start([{ name: 'one' }]); });
afterAll(() => sandbox.end());

const on = (command: string) => sandbox.on('one', command);

/** The number that a process wrote into a file of the machine. */
function pidIn(file: string): Promise<number> {
  return vi.waitFor(() => {
    const pid = Number(readFileSync(join(sandbox.machine('one').dir, file), 'utf8'));
    expect(pid).toBeGreaterThan(0);
    return pid;
  }, { timeout: 5000, interval: 20 });
}

/** An executable of the machine for a unit to run. */
function service(name: string, body: string, more = ''): void {
  const script = join(sandbox.machine('one').dir, `${name}.sh`);
  writeFileSync(script, body);
  sandbox.unitFile('one', `${name}.service`, `[Unit]\nDescription=Test ${name}\n[Service]\nExecStart=/bin/bash ${script}\n${more}\n[Install]\nWantedBy=multi-user.target\n`);
}

async function show(unit: string, properties: string): Promise<string> {
  return (await on(`systemctl show ${unit} -p ${properties} --value`)).stdout.trimEnd();
}

describe('Nothing that a unit started survives its stop', () => {
  test.each([
    ['a child', 'sleep 300 & echo $! > PIDFILE; wait'],
    ['nohup and setsid', 'setsid nohup sleep 300 </dev/null >/dev/null 2>&1 & echo $! > PIDFILE; wait'],
    ['a double fork in a session of its own', '(setsid bash -c "echo \\$\\$ > PIDFILE; exec sleep 300" </dev/null >/dev/null 2>&1 &); sleep 300'],
    ['a child that ignores SIGTERM', 'bash -c "trap : TERM; echo \\$\\$ > PIDFILE; while :; do sleep 0.2; done" & wait'],
  ])('%s', async (kind, body) => {
    const name = `stop-${kind.replaceAll(/\W+/g, '-')}`;
    service(name, body.replace('PIDFILE', join(sandbox.machine('one').dir, `${name}.pid`)), 'TimeoutStopSec=300ms');
    expect((await on(`systemctl start ${name}`)).exitCode).toBe(0);
    const pid = await pidIn(`${name}.pid`);
    expect(isRunning(pid)).toBe(true);
    expect((await on(`systemctl stop ${name}`)).exitCode).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(await show(name, 'ActiveState')).toBe('inactive');
  });

  test('what systemd-run started on its behalf does, with the path of the machine and nothing of the caller\'s environment', async () => {
    const file = join(sandbox.machine('one').dir, 'survivor.pid');
    service('starter', `SECRET=x systemd-run --unit=survivor --collect --setenv=GIVEN=1 bash -c "echo \\$\\$ > ${file}; exec sleep 300"; sleep 300`);
    await on('systemctl start starter');
    const pid = await pidIn('survivor.pid');
    await on('systemctl stop starter');
    expect(isRunning(pid)).toBe(true);
    const environment = environmentOf(pid);
    expect(environment).toContain('GIVEN=1');
    expect(environment.find((setting) => setting.startsWith('PATH='))).toContain(`PATH=${sandbox.machine('one').bin}:`);
    expect(environment.some((setting) => setting.startsWith('SECRET'))).toBe(false);
    expect((await on('systemctl stop survivor')).exitCode).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(await show('survivor', 'LoadState')).toBe('not-found');
  });

  test('a unit that restarts itself is killed in the middle of its call, and comes up again', async () => {
    const dir = sandbox.machine('one').dir;
    service('selfish', `echo run >> ${dir}/selfish.log; [ -e ${dir}/selfish.once ] || { touch ${dir}/selfish.once; systemctl restart selfish; echo after >> ${dir}/selfish.log; }; exec sleep 300`);
    await on('systemctl start selfish');
    await vi.waitFor(() => expect(readFileSync(join(dir, 'selfish.log'), 'utf8')).toBe('run\nrun\n'), { timeout: 5000 });
    expect(await show('selfish', 'ActiveState,SubState,NRestarts')).toBe('0\nactive\nrunning');
    await on('systemctl stop selfish');
  });
});

describe('A unit whose main process ends', () => {
  test('comes back under Restart=always, with its old children gone', async () => {
    const file = join(sandbox.machine('one').dir, 'always.pid');
    service('always', `sleep 300 & echo $! > ${file}; wait`, 'Restart=always\nRestartSec=50ms');
    await on('systemctl start always');
    const child = await pidIn('always.pid');
    const main = Number(await show('always', 'MainPID'));
    process.kill(main, 'SIGKILL');
    await vi.waitFor(async () => expect(await show('always', 'NRestarts')).toBe('1'), { timeout: 5000 });
    await vi.waitFor(async () => expect(await show('always', 'ActiveState')).toBe('active'));
    expect(Number(await show('always', 'MainPID'))).not.toBe(main);
    expect(isRunning(child)).toBe(false);
    await on('systemctl stop always');
  });

  test('stays down without a restart policy, and says how it ended', async () => {
    service('ends', 'exit 3');
    await on('systemctl start ends');
    await vi.waitFor(async () => expect(await show('ends', 'ActiveState')).toBe('failed'));
    expect(await show('ends', 'Result,ExecMainStatus')).toBe('exit-code\n3');
    expect((await on('systemctl is-active ends')).exitCode).toBe(3);
    await on('systemctl reset-failed ends');
    expect(await show('ends', 'ActiveState')).toBe('inactive');
  });

  test('is given up after five starts in ten seconds, until reset-failed', async () => {
    service('hopeless', 'exit 1', 'Restart=always\nRestartSec=10ms');
    await on('systemctl start hopeless');
    await vi.waitFor(async () => expect(await show('hopeless', 'Result')).toBe('start-limit-hit'), { timeout: 5000 });
    expect((await on('systemctl start hopeless')).exitCode).toBe(1);
    await on('systemctl reset-failed hopeless');
    expect((await on('systemctl start hopeless; systemctl stop hopeless')).exitCode).toBe(0);
  });

  test('a oneshot is waited for, and its failure is the failure of the start', async () => {
    service('good', 'exit 0', 'Type=oneshot');
    service('bad', 'exit 4', 'Type=oneshot');
    expect((await on('systemctl start good')).exitCode).toBe(0);
    const failed = await on('systemctl start bad');
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('Job for bad.service failed because the control process exited with error code.');
  });
});

describe('systemctl answers like the real one', () => {
  test('about units that are not there', async () => {
    expect(await on('systemctl start nope')).toEqual({ exitCode: 5, stdout: '', stderr: 'Failed to start nope.service: Unit nope.service not found.\n' });
    expect(await on('systemctl stop nope')).toEqual({ exitCode: 5, stdout: '', stderr: 'Failed to stop nope.service: Unit nope.service not loaded.\n' });
    expect(await on('systemctl show nope -p LoadState,ActiveState')).toEqual({ exitCode: 0, stdout: 'LoadState=not-found\nActiveState=inactive\n', stderr: '' });
    expect((await on('systemctl status nope')).exitCode).toBe(4);
    expect((await on('systemctl is-enabled nope')).exitCode).toBe(1);
  });

  test('what it does not support, it refuses', async () => {
    expect((await on('systemctl frobnicate x')).exitCode).toBe(1);
    expect((await on('systemctl start x --user')).stderr).toBe("systemctl: unrecognized option '--user'\n");
    service('odd', 'exit 0', 'DynamicUser=yes');
    const odd = await on('systemctl start odd');
    expect(odd.exitCode).toBe(1);
    expect(odd.stderr).toContain('does not support DynamicUser=');
  });

  test('enable takes the absolute path of a unit file, links it, and with --now starts it; disable undoes both links', async () => {
    const path = join(sandbox.home, 'linked.service');
    writeFileSync(path, '[Service]\nExecStart=/bin/sleep 300\n[Install]\nWantedBy=multi-user.target\n');
    expect((await on(`systemctl enable --now ${path}`)).exitCode).toBe(0);
    expect((await on('systemctl is-enabled linked')).stdout).toBe('enabled\n');
    expect((await on('systemctl is-active linked')).stdout).toBe('active\n');
    expect((await on('systemctl disable --now linked')).exitCode).toBe(0);
    expect(await show('linked', 'LoadState')).toBe('not-found');
  });

  test('a unit with a file cannot be masked, one without can, and then does not start', async () => {
    service('filed', 'sleep 300');
    expect((await on('systemctl mask filed')).exitCode).toBe(1);
    expect((await on('systemctl mask later')).exitCode).toBe(0);
    expect((await on('systemctl start later')).stderr).toBe('Failed to start later.service: Unit later.service is masked.\n');
    expect((await on('systemctl is-enabled later')).stdout).toBe('masked\n');
    expect((await on('systemctl unmask later; systemctl is-enabled later')).exitCode).toBe(1);
  });

  test('sudo validates without a password and runs commands', async () => {
    expect((await on('sudo -vn')).exitCode).toBe(0);
    expect((await on('sudo -n FOO=bar bash -c "echo \\$FOO"')).stdout).toBe('bar\n');
  });
});

describe('systemd-run', () => {
  test('refuses a name that is taken, frees it when the command succeeded, keeps it when it failed without --collect', async () => {
    expect((await on('systemd-run --unit=twice sleep 300')).stderr).toBe('Running as unit: twice.service\n');
    expect((await on('systemd-run --unit=twice sleep 300')).stderr).toContain('was already loaded or has a fragment file');
    await on('systemctl stop twice');
    expect((await on('systemd-run --unit=twice --quiet --wait true')).exitCode).toBe(0);
    expect((await on('systemd-run --unit=twice --quiet --wait false')).exitCode).toBe(1);
    expect((await on('systemd-run --unit=twice true')).exitCode).toBe(1);
    expect((await on('systemctl reset-failed twice; systemd-run --unit=twice --collect --wait --quiet false; systemd-run --unit=twice true')).exitCode).toBe(0);
  });

  test('starts a command later, and not at all when its timer was stopped', async () => {
    const dir = sandbox.machine('one').dir;
    expect((await on(`systemd-run --on-active=100ms --unit=soon --collect touch ${dir}/soon`)).stderr).toBe('Running timer as unit: soon.timer\nWill run service as unit: soon.service\n');
    await on(`systemd-run --on-active=60s --unit=never touch ${dir}/never`);
    expect((await on('systemctl is-active never.timer')).stdout).toBe('active\n');
    await on('systemctl stop never.timer');
    expect((await on('systemctl is-active never.timer')).exitCode).not.toBe(0);
    await vi.waitFor(() => readFileSync(join(dir, 'soon')), { timeout: 5000 });
  });

  test('says when there is nothing to execute', async () => {
    expect(await on('systemd-run /no/such/thing')).toEqual({ exitCode: 1, stdout: '', stderr: 'Failed to find executable /no/such/thing: No such file or directory\n' });
  });
});
