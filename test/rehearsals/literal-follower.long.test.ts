import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverAccess } from '../../src/cli/runs/server-access.ts';
import { connectedBy, healthByOctopus, shell } from '../support/fleet.ts';
import { waitForRun, type Installed } from '../support/rotation.ts';
import { startSandbox, until, type TestSandbox } from '../support/sandbox.ts';

const MACHINES = ['web-01', 'dmz-01', 'worker-02'];
const POLLING = ['dmz-01', 'worker-02'];
const PASSWORD = 'a-password-of-the-follower';
const folder = mkdtempSync(join(tmpdir(), 'lit-'));
const pfx = (name: string) => join(folder, `${name}.pfx`);

let sandbox: TestSandbox;
/** Nothing of ours is installed: only what the support asks of any installation. */
let plain: Installed;
let fresh: string;
beforeAll(async () => {
  sandbox = await startSandbox({ estate: 'test/estates/polling-fleet.json' });
  const spaceId = await serverAccess(sandbox.line.url, sandbox.line.apiKey).spaceId('Default');
  plain = { sandbox, stateFolder: join(folder, 'state'), space: 'Default', spaceId, environment: 'Octopus', hostTentacle: sandbox.line.serverMachine, secret: '' };
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true });
});

async function typed(machine: string, command: string): Promise<string> {
  const { code, out, error } = await shell(sandbox, machine, command);
  expect(code, out + error).toBe(0);
  return out;
}

/** A script of the follower, as a task of Octopus on targets and workers; answers with the states of the tasks. */
async function throughOctopus(names: readonly string[], body: string): Promise<string[]> {
  const { client } = serverAccess(sandbox.line.url, sandbox.line.apiKey);
  const states: string[] = [];
  for (const kind of ['target', 'worker'] as const) {
    const ids = (await client.registrations(plain.spaceId)).filter((one) => names.includes(one.name) && one.kind === kind).map((one) => one.id);
    if (ids.length === 0) continue;
    const task = await client.runScript({ description: 'As the document says', syntax: 'Bash', body, spaceId: plain.spaceId, targets: { kind, ids: ids as [string, ...string[]] } });
    states.push((await waitForRun(plain, task.id)).state);
  }
  return states;
}

async function restartTentacles(): Promise<void> {
  for (const machine of ['octopus-01', ...MACHINES]) await typed(machine, 'Tentacle service --instance Tentacle --stop --start');
  await until('all Tentacles run', 20_000, async () => (await sandbox.truth()).tentacles.every((one) => one.running || !one.on));
}

async function importAndRestart(name: string, thumbprint: string): Promise<void> {
  await typed('octopus-01', `Octopus.Server import-certificate --instance=OctopusServer --from-file='${pfx(name)}' --pfx-password=${PASSWORD} && systemctl restart octopusserver`);
  await until('the server presents it', 30_000, async () => (await sandbox.truth()).server.nodes[0]!.presents === thumbprint && (await fetch(`${sandbox.line.url}/api`)).ok);
}

const tentacle = async (machine: string) => (await sandbox.truth()).tentacles.find((one) => one.machine === machine)!;
const healthy = Object.fromEntries(MACHINES.map((name) => [name, 'Healthy']));
const onlyListening = { 'web-01': 'Healthy', 'dmz-01': 'Unavailable', 'worker-02': 'Unavailable' };

describe('somebody who follows the document to the letter', () => {
  it('steps 1 to 4: A2: trusts the new certificate everywhere by Octopus, and everything looks well', async () => {
    expect(await healthByOctopus(plain, MACHINES)).toEqual(healthy);
    await typed('octopus-01', `Octopus.Server export-certificate --instance=OctopusServer --export-pfx='${pfx('old')}' --pfx-password=${PASSWORD}`);
    fresh = /has been generated with thumbprint:\s*([0-9a-fA-F]{40})/.exec(await typed('octopus-01', `Octopus.Server new-certificate --instance=OctopusServer --export-pfx='${pfx('new')}' --pfx-password=${PASSWORD}`))![1]!.toUpperCase();
    expect(await throughOctopus(['octopus-01', ...MACHINES], `Tentacle configure --instance Tentacle --trust ${fresh}`)).toEqual(['Success', 'Success']);
    await restartTentacles();
    for (const machine of MACHINES) expect((await tentacle(machine)).effective!.map((one) => one.Thumbprint), machine).toContain(fresh);
    // Right after a restart a polling Tentacle may still be on its way.
    await until('all are healthy', 30_000, async () => Object.values(await healthByOctopus(plain, MACHINES)).every((one) => one === 'Healthy'));
  });

  it('step 5: A4: after the swap the polling Tentacles refuse the server, although its certificate is in their lists', async () => {
    await importAndRestart('new', fresh);
    expect(await healthByOctopus(plain, MACHINES)).toEqual(onlyListening);
    for (const machine of POLLING) expect(connectedBy(await tentacle(machine)), machine).toEqual([]);
  });

  it('step 6: A3: distrusting the old certificate takes away the only entry that they polled', async () => {
    const old = sandbox.line.serverThumbprint;
    const remove = `Tentacle configure --instance Tentacle --remove-trust ${old}`;
    expect(await throughOctopus(['web-01'], remove)).toEqual(['Success']);
    expect(await throughOctopus(POLLING, remove)).toEqual(['Failed', 'Failed']);
    for (const machine of ['octopus-01', ...POLLING]) await typed(machine, remove);
    await restartTentacles();
    for (const machine of POLLING) {
      const { running, effective, polling } = await tentacle(machine);
      expect([running, polling], machine).toEqual([true, []]);
      expect(effective!.filter((one) => one.CommunicationStyle === 2), machine).toEqual([]);
    }
    expect(await healthByOctopus(plain, MACHINES)).toEqual(onlyListening);
  });

  it('they are orphaned: not even the old certificate, put back, brings them to the server again', async () => {
    await importAndRestart('old', sandbox.line.serverThumbprint);
    expect(await healthByOctopus(plain, POLLING)).toEqual({ 'dmz-01': 'Unavailable', 'worker-02': 'Unavailable' });
    for (const machine of POLLING) expect((await tentacle(machine)).polling, machine).toEqual([]);
  });
});
