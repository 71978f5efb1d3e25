import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TestSandbox } from '../../support/sandbox.ts';
import { startSandbox, until } from '../../support/sandbox.ts';
import { fromPfx } from '../../../src/sandbox/server/certificate.ts';
import { exchange } from '../tentacle/probe.ts';

const production = { space: 'Default', as: 'target', roles: ['web'], environments: ['Production'] };
const estate = {
  name: 'Own certificates', pollingPauseFactor: 50,
  server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
  spaces: [{ name: 'Default', environments: ['Production'] }, { name: 'Payments', environments: ['Production'] }],
  machines: [
    { name: 'octopus-01', registrations: [production] },
    { name: 'web-01', registrations: [production, { ...production, space: 'Payments', name: 'payments-web' }] },
    { name: 'copy-01', cloneOf: 'web-01', registrations: [production] },
    { name: 'old-01', tentacleVersion: '3.12.4', ownCertificate: { signatureAlgorithm: 'sha1RSA', madeOn: '2016-03-01', validTo: '2027-01-01' }, registrations: [production] },
    { name: 'dmz-01', mode: 'polling', registrations: [production] },
  ],
};

interface Registration { Id: string; Name: string; SpaceId: string; HealthStatus: string; Thumbprint: string; Version: number; Endpoint: { Thumbprint: string; CertificateSignatureAlgorithm: string | null; Uri: string } }

let folder: string;
let sandbox: TestSandbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'own-'));
  writeFileSync(join(folder, 'estate.json'), JSON.stringify(estate));
  sandbox = await startSandbox({ estate: join(folder, 'estate.json') });
});
afterAll(async () => {
  await sandbox?.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => sandbox.setFaults({}));

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${sandbox.line.url}/api/${path}`, { method, headers: { 'X-Octopus-ApiKey': sandbox.line.apiKey, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json() as T;
}
async function on(machine: string, command: string): Promise<string> {
  const { shell } = sandbox.line.tentacles.find(({ name }) => name === machine) ?? { shell: '' };
  return (await promisify(execFile)(shell, ['-c', command])).stdout;
}
async function registration(name: string, space = 'Spaces-1'): Promise<Registration> {
  const found = (await call<Registration[]>('GET', `${space}/machines/all`)).find(({ Name }) => Name === name);
  if (!found) throw new Error(`no registration ${name}`);
  return found;
}
async function tentacle(name: string) {
  const found = (await sandbox.truth()).tentacles.find(({ machine }) => machine === name);
  if (!found) throw new Error(`no machine ${name}`);
  return found;
}
async function completed(task: { Id: string }): Promise<string> {
  return until('the task is completed', 40_000, async () => {
    const { IsCompleted, State } = await call<{ IsCompleted: boolean; State: string }>('GET', `tasks/${task.Id}`);
    return IsCompleted && State;
  });
}
const create = (Name: string, Arguments: object, SpaceId = 'Spaces-1') => call<{ Id: string }>('POST', 'tasks', { Name, Description: Name, SpaceId, Arguments });
async function health(name: string, OnlyTestConnection = false, space = 'Spaces-1'): Promise<Registration> {
  const { Id } = await registration(name, space);
  await completed(await create('Health', { MachineIds: [Id], OnlyTestConnection }, space));
  return registration(name, space);
}
async function script(name: string, ScriptBody: string): Promise<string> {
  const { Id } = await registration(name);
  return completed(await create('AdHocScript', { MachineIds: [Id], Syntax: 'Bash', ScriptBody }));
}
const put = (found: Registration, Thumbprint: string) => call<Registration>('PUT', `${found.SpaceId}/machines/${found.Id}`, { ...found, MachineId: found.Id, Thumbprint, Endpoint: { ...found.Endpoint, Thumbprint } });
async function restart(machine: string): Promise<void> {
  const { starts } = await tentacle(machine);
  await on(machine, 'systemctl restart Tentacle');
  await until('the Tentacle is back', 20_000, async () => (await tentacle(machine)).running && (await tentacle(machine)).starts > starts);
}
function presented(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      const thumbprint = socket.getPeerCertificate().fingerprint.replaceAll(':', '');
      socket.end();
      socket.resume().once('close', () => resolve(thumbprint));
    });
    socket.once('error', reject);
  });
}

describe("A Tentacle's own certificate", () => {
  test('B9: a clone has the same one, and the estate says what is old about another', async () => {
    const truth = await sandbox.truth();
    const [web, copy] = ['web-01', 'copy-01'].map((name) => truth.registrations.find((one) => one.machine === name));
    expect(copy).toMatchObject({ thumbprint: web?.thumbprint });
    expect(copy?.uri).not.toBe(web?.uri);
    expect(truth.registrations.filter(({ machine }) => machine === 'web-01').map(({ space, name, as, thumbprint }) => ({ space, name, as, thumbprint }))).toEqual([{ space: 'Default', name: 'web-01', as: 'target', thumbprint: web?.thumbprint }, { space: 'Payments', name: 'payments-web', as: 'target', thumbprint: web?.thumbprint }]);
    expect(await presented((await tentacle('copy-01')).port)).toBe(web?.thumbprint);
    expect((await health('copy-01')).HealthStatus).toBe('Healthy');
    expect((await tentacle('old-01')).ownCertificate.presented).toEqual({ thumbprint: (await registration('old-01')).Thumbprint, signatureAlgorithm: 'sha1RSA' });
    expect((await registration('old-01')).Endpoint.CertificateSignatureAlgorithm).toBe('sha1RSA');
  });

  test('B2, B3: is in force from the restart on; the server then refuses a Tentacle that its registration does not name, in every space by itself', async () => {
    const old = await registration('web-01');
    await on('web-01', 'Tentacle new-certificate --instance=Tentacle --export-pfx="$HOME/new.pfx" --pfx-password=p && Tentacle import-certificate --instance=Tentacle --from-file="$HOME/new.pfx" --pfx-password=p');
    const { ownCertificate } = await tentacle('web-01');
    const next = ownCertificate.nextStart?.thumbprint ?? '';
    expect([ownCertificate.presented?.thumbprint, ownCertificate.stored?.thumbprint]).toEqual([old.Thumbprint, next]);
    expect(next).not.toBe(old.Thumbprint);
    expect((await health('web-01')).HealthStatus).toBe('Healthy');
    await restart('web-01');
    expect((await tentacle('web-01')).ownCertificate).toMatchObject({ presented: { thumbprint: next }, inStore: expect.arrayContaining([old.Thumbprint, next]) });
    expect((await health('web-01')).HealthStatus).toBe('Unavailable');
    await put(await registration('web-01'), next);
    expect([(await health('web-01')).HealthStatus, (await health('payments-web', false, 'Spaces-2')).HealthStatus]).toEqual(['Healthy', 'Unavailable']);
    await put(await registration('payments-web', 'Spaces-2'), next.toLowerCase());
    expect((await health('payments-web', false, 'Spaces-2')).HealthStatus).toBe('Unavailable');
    await put(await registration('payments-web', 'Spaces-2'), next);
    expect((await health('payments-web', false, 'Spaces-2')).HealthStatus).toBe('Healthy');
    const events = (await sandbox.truth()).events.filter(({ machine }) => machine === 'web-01');
    expect(events.filter(({ event }) => event === 'tentacle-config-written').at(-1)).toMatchObject({ thumbprint: next, certificate: next });
    expect(events.filter(({ event }) => event === 'tentacle-authenticated').at(-1)).toMatchObject({ own: next, server: sandbox.line.serverThumbprint });
  });

  test('B6: the signature algorithm is that of the running Tentacle, and only a full health check brings it', async () => {
    const found = await registration('old-01');
    await on('old-01', 'Tentacle new-certificate --instance=Tentacle');
    await restart('old-01');
    const next = (await tentacle('old-01')).ownCertificate.presented;
    expect(next?.signatureAlgorithm).toBe('sha256RSA');
    await put(found, next?.thumbprint ?? '');
    const quick = await health('old-01', true);
    expect([quick.HealthStatus, quick.Endpoint.CertificateSignatureAlgorithm]).toEqual(['Healthy', 'sha1RSA']);
    expect((await health('old-01')).Endpoint.CertificateSignatureAlgorithm).toBe('sha256RSA');
  });

  test('B2: a live polling connection under OLD goes on after the registration names NEW; a new one under OLD is refused', async () => {
    const { state } = await identity('dmz-01');
    const found = await registration('dmz-01');
    await put(found, 'F'.repeat(40));
    expect((await health('dmz-01')).HealthStatus).toBe('Healthy');
    expect(await exchange({ port: sandbox.line.commsPort, certificate: state, send: 'MX\r\n\r\n' })).toEqual({ received: '', ending: 'end' });
    await restart('dmz-01');
    expect((await health('dmz-01')).HealthStatus).toBe('Unavailable');
    // One PUT brings it back: the Tentacle has tried again and again.
    await put(await registration('dmz-01'), found.Thumbprint);
    await until('it polls again', 20_000, async () => (await tentacle('dmz-01')).polling?.[0]?.connected);
    expect((await health('dmz-01')).HealthStatus).toBe('Healthy');
  });

  test('a script whose result is lost has run, and the server does not know', async () => {
    const { ownCertificate } = await tentacle('copy-01');
    await sandbox.setFaults({ machines: { 'copy-01': { losesResults: { match: 'confirm the rotation', count: 1 } } } });
    expect(await script('copy-01', 'echo other work')).toBe('Success');
    expect(await script('copy-01', 'touch "$HOME/confirmed"\necho confirm the rotation')).toBe('Failed');
    expect(await on('copy-01', 'ls "$HOME"')).toContain('confirmed');
    expect(await script('copy-01', 'echo confirm the rotation')).toBe('Success');
    expect((await tentacle('copy-01')).ownCertificate.presented).toEqual(ownCertificate.presented);
  });

  test('a machine whose clock is five hours off says so by date and in certificates, while timers run on', async () => {
    await sandbox.setFaults({ machines: { 'web-01': { clock: 5 * 3600 } } });
    expect(Number(await on('web-01', 'date +%s')) - Date.now() / 1000).toBeCloseTo(5 * 3600, -2);
    expect(await on('web-01', 'date -u -d @0 +%Y')).toBe('1970\n');
    await on('web-01', 'systemd-run --quiet --collect --unit=later --on-active=600 true');
    const { timers } = (await sandbox.machines()).find(({ name }) => name === 'web-01') ?? { timers: [] };
    expect(timers).toMatchObject([{ name: 'later.timer', unit: 'later.service' }]);
    expect(timers[0]?.elapsesInMs).toBeLessThanOrEqual(600_000);
    await sandbox.setFaults({});
    expect(Math.abs(Number(await on('web-01', 'date +%s')) - Date.now() / 1000)).toBeLessThan(60);
  });
});

describe('TentacleRegenerateCertificate, the task of the documents', () => {
  test('A29: is refused unless a switch allows it', async () => {
    const { Id } = await registration('copy-01');
    await expect(create('TentacleRegenerateCertificate', { MachineIds: [Id] })).rejects.toThrow('400');
    await sandbox.setFaults({ documentTasks: true });
    expect(await completed(await create('TentacleRegenerateCertificate', { MachineIds: [Id] }))).toBe('Failed');
  });

  test('gives the Tentacle a new certificate, restarts it and updates that one registration', async () => {
    await sandbox.setFaults({ documentTasks: 'work' });
    const [before, other] = [await registration('web-01'), await registration('payments-web', 'Spaces-2')];
    expect(await completed(await create('TentacleRegenerateCertificate', { MachineIds: [before.Id] }))).toBe('Success');
    const after = await registration('web-01');
    expect(after.Thumbprint).not.toBe(before.Thumbprint);
    expect((await tentacle('web-01')).ownCertificate.presented?.thumbprint).toBe(after.Thumbprint);
    expect((await registration('payments-web', 'Spaces-2')).Thumbprint).toBe(other.Thumbprint);
    expect((await health('web-01')).HealthStatus).toBe('Healthy');
  });

  test('B1: loses the machine when the server dies between the two', async () => {
    await sandbox.setFaults({ documentTasks: 'work', regenerateGap: 60 });
    const before = await registration('copy-01');
    await create('TentacleRegenerateCertificate', { MachineIds: [before.Id] });
    await until('the Tentacle has a new certificate', 30_000, async () => {
      const { running, ownCertificate: { presented: now } } = await tentacle('copy-01');
      return running && now !== null && now.thumbprint !== before.Thumbprint;
    });
    const starts = (await sandbox.truth()).server.nodes[0]?.starts ?? 0;
    await sandbox.unit('octopus-01', 'octopusserver', 'kill');
    await until('the server is back', 30_000, async () => ((await sandbox.truth()).server.nodes[0]?.starts ?? 0) > starts && registration('copy-01'));
    await sandbox.setFaults({});
    expect((await health('copy-01')).HealthStatus).toBe('Unavailable');
    expect((await registration('copy-01')).Thumbprint).toBe(before.Thumbprint);
    const lost = (await sandbox.truth()).tentacles.find(({ machine }) => machine === 'copy-01');
    await put(await registration('copy-01'), lost?.ownCertificate.presented?.thumbprint ?? '');
    expect((await health('copy-01')).HealthStatus).toBe('Healthy');
  });
});

/** The certificate of a Tentacle with its key, as only somebody on its machine can have it. */
async function identity(machine: string) {
  const { ownCertificate } = await tentacle(machine);
  const path = join(sandbox.line.home, 'machines', machine, 'root', '.dotnet', 'corefx', 'cryptography', 'x509stores', 'my', `${ownCertificate.presented?.thumbprint ?? ''}.pfx`);
  return { state: fromPfx(readFileSync(path), null).certificate };
}
