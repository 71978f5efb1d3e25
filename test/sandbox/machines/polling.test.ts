import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { certificate } from '../tentacle/agent.ts';

const pfx = join(import.meta.dirname, '../../conformance/fixtures/certificates/B.pfx');
const factor = 50;
const target = { space: 'Default', as: 'target', roles: ['web'], environments: ['Production'] };
const estate = {
  name: 'Polling', pollingPauseFactor: factor,
  server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
  spaces: [{ name: 'Default', environments: ['Production'] }],
  machines: [
    { name: 'octopus-01', registrations: [target] },
    ...['twins', 'document', 'early'].map((name) => ({ name, mode: 'polling', registrations: [target] })),
    { name: 'worker', mode: 'polling', noListen: false, registrations: [{ space: 'Default', as: 'worker' }] },
  ],
};

let folder: string;
let sandbox: TestSandbox;
let next = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polling-'));
  writeFileSync(join(folder, 'estate.json'), JSON.stringify(estate));
  sandbox = await startSandbox({ estate: join(folder, 'estate.json') });
  next = (await certificate('B')).thumbprint;
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function on(machine: string, command: string): Promise<string> {
  const { shell } = sandbox.line.tentacles.find(({ name }) => name === machine) ?? { shell: '' };
  return (await promisify(execFile)(shell, ['-c', command])).stdout;
}

async function call(method: string, path: string, body?: object) {
  const response = await fetch(`${sandbox.line.url}/api/Spaces-1/${path}`, { method, headers: { 'X-Octopus-ApiKey': sandbox.line.apiKey, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
  return await response.json() as never;
}

interface Registration { Id: string; Name: string; HealthStatus: string; Thumbprint: string; Endpoint: { CommunicationStyle: string; Uri: string; Thumbprint: string } }
const registrations = async (): Promise<Registration[]> => [...await call('GET', 'machines/all') as Registration[], ...await call('GET', 'workers/all') as Registration[]];

async function health(): Promise<Record<string, string>> {
  const ids = (await registrations()).map(({ Id }) => Id);
  const { Id } = await call('POST', 'tasks', { Name: 'Health', Description: 'Check', Arguments: { MachineIds: ids, OnlyTestConnection: false } }) as { Id: string };
  await vi.waitFor(async () => expect((await call('GET', `tasks/${Id}`) as { IsCompleted: boolean }).IsCompleted).toBe(true), { timeout: 25_000, interval: 100 });
  return Object.fromEntries((await registrations()).map(({ Name, HealthStatus }) => [Name, HealthStatus]));
}

const truthOf = async (machine: string) => (await sandbox.truth()).tentacles.find((tentacle) => tentacle.machine === machine);

describe('Polling Tentacles of a sandbox', () => {
  test('are registered by subscription and own thumbprint, and do what they are asked', async () => {
    const found = (await registrations()).find(({ Name }) => Name === 'twins');
    const { subscription } = { subscription: sandbox.line.tentacles.find(({ name }) => name === 'twins')?.address };
    expect(subscription).toMatch(/^poll:\/\/[a-z0-9]{20}\/$/);
    expect(found?.Endpoint).toMatchObject({ CommunicationStyle: 'TentacleActive', Uri: subscription, Thumbprint: (await truthOf('twins'))?.ownThumbprint });
    expect(await health()).toEqual({ 'octopus-01': 'Healthy', twins: 'Healthy', document: 'Healthy', early: 'Healthy', worker: 'Healthy' });
    expect((await truthOf('twins'))?.stored).toEqual([{ Thumbprint: sandbox.line.serverThumbprint, CommunicationStyle: 2, Address: `https://127.0.0.1:${sandbox.line.commsPort}`, Squid: null, SubscriptionId: subscription }]);
  });

  test('A1, A2, A3, A4: over a swap, twins move to NEW by themselves, and every command of the document loses its machine', async () => {
    const old = sandbox.line.serverThumbprint;
    const restart = 'Tentacle service --instance Tentacle --stop --start';
    await on('twins', `sed -i -E 's/\\{("Thumbprint":")${old}("[^}]*)\\}/{\\1${old}\\2},{\\1${next}\\2}/' tentacle/tentacle.config; ${restart}`.replaceAll('tentacle/tentacle.config', '"$SANDBOX_MACHINE/tentacle/tentacle.config"'));
    expect((await truthOf('twins'))?.stored?.map(({ Thumbprint, CommunicationStyle }) => [Thumbprint, CommunicationStyle])).toEqual([[old, 2], [next, 2]]);
    await on('document', `Tentacle configure --instance=Tentacle --trust=${next}; Tentacle configure --instance=Tentacle --remove-trust=${old}; ${restart}`);
    expect((await truthOf('document'))?.stored).toEqual([{ Thumbprint: next, CommunicationStyle: 1, Address: null, Squid: null, SubscriptionId: null }]);
    await on('early', `Tentacle update-trust --instance=Tentacle --oldThumbprint=${old} --newThumbprint=${next}; ${restart}`);

    expect(await health()).toMatchObject({ twins: 'Healthy', document: 'Unavailable', early: 'Unavailable', worker: 'Healthy' });
    expect((await truthOf('document'))?.polling).toEqual([]);

    await on('octopus-01', `Octopus.Server import-certificate --instance=OctopusServer --from-file=${pfx}; systemctl restart octopusserver`);
    await vi.waitFor(async () => expect((await fetch(`${sandbox.line.url}/api`)).status).toBe(200), { timeout: 10_000 });
    expect((await sandbox.truth()).server.nodes[0]?.presents).toBe(next);
    await vi.waitFor(async () => expect((await truthOf('twins'))?.polling?.map(({ thumbprint, connected }) => [thumbprint, connected])).toEqual([[old, false], [next, true]]), { timeout: 120_000 / factor + 5_000, interval: 50 });
    await vi.waitFor(async () => expect((await truthOf('early'))?.polling?.[0]?.connected).toBe(true), { timeout: 120_000 / factor + 5_000, interval: 50 });
    expect(await health()).toMatchObject({ twins: 'Healthy', document: 'Unavailable', early: 'Healthy', worker: 'Unavailable' });

    await on('twins', `Tentacle configure --instance=Tentacle --remove-trust=${old}; ${restart}`);
    expect((await truthOf('twins'))?.stored?.map(({ Thumbprint, CommunicationStyle }) => [Thumbprint, CommunicationStyle])).toEqual([[next, 2]]);
    expect(await health()).toMatchObject({ twins: 'Healthy' });
  });
});
