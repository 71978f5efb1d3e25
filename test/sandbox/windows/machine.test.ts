import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findPwsh } from '../../../src/sandbox/windows/pwsh.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

const pwsh = findPwsh(process.env);
const target = { space: 'Default', as: 'target', roles: ['web'], environments: ['Production'] };
const estate = {
  name: 'Windows', server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
  spaces: [{ name: 'Default', environments: ['Production'] }],
  machines: [{ name: 'octopus-01', registrations: [target] }, { name: 'win-01', platform: 'windows', registrations: [target] }],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'windows-'));
  writeFileSync(join(folder, 'estate.json'), JSON.stringify(estate));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('Without a pwsh', () => {
  afterEach(() => { vi.unstubAllEnvs(); });

  test('a Windows machine is left out of the sandbox, aloud', async () => {
    vi.stubEnv('SANDBOX_PWSH', join(folder, 'nowhere'));
    const sandbox = await startSandbox({ estate: join(folder, 'estate.json') });
    try {
      expect(sandbox.line).toMatchObject({ notRehearsed: ['win-01: no pwsh'], tentacles: [{ name: 'octopus-01' }] });
      const found = await (await fetch(`${sandbox.line.url}/api/Spaces-1/machines/all`, { headers: { 'X-Octopus-ApiKey': sandbox.line.apiKey } })).json() as { Name: string }[];
      expect(found.map(({ Name }) => Name)).toEqual(['octopus-01']);
    } finally {
      await sandbox.stop();
    }
  });
});

describe.skipIf(pwsh === null)(`A Windows machine${pwsh === null ? ' (skipped: no pwsh; SANDBOX_PWSH names one)' : ''}`, { timeout: 120_000 }, () => {
  let sandbox: TestSandbox;
  beforeAll(async () => { sandbox = await startSandbox({ estate: join(folder, 'estate.json') }); });
  afterAll(() => sandbox.stop());

  const on = (command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> => new Promise((resolve) => {
    execFile(sandbox.line.tentacles.find(({ name }) => name === 'win-01')?.shell ?? '', ['-c', command], { env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
  const truth = async () => (await sandbox.truth()).tentacles.find(({ machine }) => machine === 'win-01');
  const call = async (method: string, path: string, body?: object) => await (await fetch(`${sandbox.line.url}/api/Spaces-1/${path}`, {
    method, headers: { 'X-Octopus-ApiKey': sandbox.line.apiKey, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}),
  })).json() as never;

  async function run(task: object): Promise<{ state: string; lines: string }> {
    const { Id } = await call('POST', 'tasks', task) as { Id: string };
    return vi.waitFor(async () => {
      const { Task, ActivityLogs } = await call('GET', `tasks/${Id}/details`) as { Task: { IsCompleted: boolean; State: string }; ActivityLogs: object };
      expect(Task.IsCompleted).toBe(true);
      return { state: Task.State, lines: [...JSON.stringify(ActivityLogs).matchAll(/"MessageText":"((?:\\"|[^"])*)"/g)].map(([, text]) => text).join('\n') };
    }, { timeout: 60_000, interval: 100 });
  }
  const script = async (Syntax: string, ScriptBody: string) => {
    const found = (await call('GET', 'machines/all') as { Id: string; Name: string }[]).find(({ Name }) => Name === 'win-01');
    return run({ Name: 'AdHocScript', Description: 'x', Arguments: { Syntax, ScriptBody, TargetType: 'Machines', MachineIds: [found?.Id] } });
  };

  test('runs PowerShell, not Bash, finds its own tools and no service manager of Linux in its folder', async () => {
    const done = await script('PowerShell', 'Write-Host "$env:OS $env:COMPUTERNAME $($OctopusParameters[\'Octopus.Machine.Name\'])"; Write-Host (Split-Path -Leaf $env:TentacleExecutablePath); Write-Host (& $env:TentacleExecutablePath show-thumbprint --instance $env:TentacleInstanceName)');
    expect(done).toEqual({ state: 'Success', lines: expect.stringContaining(`Windows_NT WIN-01 win-01\nTentacle.exe\n${(await truth())?.ownThumbprint ?? ''}`) });
    expect(await script('Bash', 'echo hello')).toMatchObject({ state: 'Failed', lines: expect.stringContaining('Bash scripts are not supported on this platform.') });
    expect(existsSync(join((await truth())?.config ?? '', '../../bin/systemctl'))).toBe(false);
  });

  test('its health check says which shell it has', async () => {
    const found = (await call('GET', 'machines/all') as { Id: string; Name: string }[]).find(({ Name }) => Name === 'win-01');
    await run({ Name: 'Health', Description: 'x', Arguments: { MachineIds: [found?.Id], OnlyTestConnection: false } });
    expect(await call('GET', `machines/${found?.Id ?? ''}`)).toMatchObject({ HealthStatus: 'Healthy', ShellName: 'PowerShell', OperatingSystem: expect.stringContaining('Windows') });
  });

  test('service --restart of a stopped service exits 0 and leaves it stopped; --stop --start is the robust form', async () => {
    const before = await truth();
    await on('Stop-Service -Name "OctopusDeploy Tentacle"');
    const restart = await on('Tentacle.exe service --instance Tentacle --restart; exit $LASTEXITCODE');
    expect(restart).toEqual({ exitCode: 0, stdout: "Restarting service OctopusDeploy Tentacle\nService OctopusDeploy Tentacle wasn't restarted as it is not running.\n", stderr: '' });
    expect((await truth())?.running).toBe(false);
    const robust = await on('Tentacle.exe service --instance Tentacle --stop --start; (Get-Service "OctopusDeploy Tentacle").Status');
    expect(robust.stdout).toMatch(/^Waiting for service to become Running\. Current status: Running\nService started\nRunning\n$/);
    expect((await truth())?.starts).toBe((before?.starts ?? 0) + 1);
    expect((await on("Tentacle.exe service --instance Nobody --start; exit $LASTEXITCODE")).exitCode).toBe(1);
  });

  test('a one-shot task as SYSTEM outlives the Tentacle that made it, and restarts it', async () => {
    const before = await truth();
    const file = join(folder, 'done.txt');
    const body = [
      `$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument '-NoProfile -NonInteractive -Command "Tentacle.exe service --instance Tentacle --stop --start; [IO.File]::WriteAllText(''${file}'', $env:COMPUTERNAME)"'`,
      "Register-ScheduledTask -TaskName 'Restart' -Action $action -Trigger (New-ScheduledTaskTrigger -Once -At (Get-Date).AddSeconds(3)) -Principal (New-ScheduledTaskPrincipal -UserId 'SYSTEM' -LogonType ServiceAccount -RunLevel Highest) -Force | Out-Null",
      "Write-Host (Get-ScheduledTask -TaskName 'Restart').State",
    ].join('\n');
    expect(await script('PowerShell', body)).toMatchObject({ state: 'Success', lines: expect.stringContaining('Ready') });
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('WIN-01'), { timeout: 60_000, interval: 100 });
    expect((await truth())?.starts).toBe((before?.starts ?? 0) + 1);
    expect(await on("Unregister-ScheduledTask -TaskName Restart -Confirm:$false; Get-ScheduledTask | Measure-Object | ForEach-Object Count")).toMatchObject({ stdout: '0\n' });
  });

  test('a task with a trigger at the start of the machine begins when it is started again, and its process System then', async () => {
    const file = join(folder, 'boots.txt');
    const system = '(Get-CimInstance -ClassName Win32_Process -Filter "ProcessId = 4").CreationDate.ToUniversalTime().Ticks';
    const [before] = [await on(system)];
    await on(`Register-ScheduledTask -TaskName Boot -Action (New-ScheduledTaskAction -Execute powershell.exe -Argument '-NoProfile -Command "[IO.File]::AppendAllText(''${file}'', ''x'')"') -Trigger @((New-ScheduledTaskTrigger -AtStartup), (New-ScheduledTaskTrigger -Once -At 2000-01-01 -RepetitionInterval (New-TimeSpan -Days 1))) -User SYSTEM`);
    await sandbox.power('win-01', 'reboot');
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('x'), { timeout: 60_000, interval: 100 });
    expect((await sandbox.truth()).events.filter(({ machine, event }) => machine === 'win-01' && event === 'task-triggered')).toMatchObject([{ task: 'Restart' }, { task: 'Boot' }]);
    expect((await on(system)).stdout).not.toBe(before.stdout);
    expect((await on(system)).stdout).toBe((await on(system)).stdout);
  });

  test('refuses what it does not know', async () => {
    expect((await on('Get-Service -Name "OctopusDeploy Tentacle" -ComputerName other')).stderr).toContain("parameter name 'ComputerName'");
    expect((await on('Get-CimInstance Win32_Process -Filter "Name = \'a\'"')).stderr).toContain('filters of processes by number only');
    expect((await on('Get-CimInstance Win32_Bios')).stderr).toContain('Win32_Service and Win32_Process only');
    expect((await on('Get-Service Spooler')).stderr).toContain("Cannot find any service with service name 'Spooler'.");
  });
});
