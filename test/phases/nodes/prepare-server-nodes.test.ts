import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type PrepareServerNodesInputs from '../../../steps/prepare-server-nodes/inputs.ts';
import type { RelayJob } from '../../../schemas/types/relay-job.ts';
import type { LeaseMarker } from '../../../src/journal/contract.ts';
import { LEASE_SET, LEASE_VARIABLE } from '../../../src/journal/lease-store.ts';
import type { OctopusClient } from '../../../src/octopus/contract.ts';
import type { PhaseContext, RelayControl } from '../../../src/phases/context.ts';
import { phase } from '../../../src/phases/prepare-server-nodes.ts';
import { refusalsOf } from '../../../src/errors/refusal.ts';
import { systemFiles } from '../../../src/runners/ports/files.ts';
import { systemProcesses } from '../../../src/runners/ports/processes.ts';
import { NEW, OLD } from '../../support/estate-pieces.ts';

const ID = 'sc-20261124-0a1b2c3d';
const marker: LeaseMarker = {
  format: 1, rotation: 'server-certificate', rotationId: ID, host: 'octopus-01', stateFolder: '/var/lib/octopus-rotation', fence: 7, entries: 4,
  holder: { runner: 'runbook', taskId: 'ServerTasks-1', process: null }, openedAt: '2026-11-24T08:00:00.000Z', heldSince: '2026-11-24T08:00:00.000Z',
};

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'prepare-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Machine { node?: string; open?: LeaseMarker | null; nodes?: string[]; check?: { ready: true; thumbprint: string } | { ready: false; reason: string }; stands?: boolean }

/** The machine of a server node: its own Octopus.Server and Tentacle, and a service manager that notes what is asked of it. */
function machine({ node = 'NODE2', open = marker, nodes = ['NODE1', 'NODE2'], check = { ready: true, thumbprint: OLD }, stands = false }: Machine) {
  const asked: string[] = [];
  const jobs: Omit<RelayJob, 'relaySha256' | 'folder'>[] = [];
  const server = join(folder, 'Octopus.Server');
  const tentacle = join(folder, 'Tentacle');
  const configuration = JSON.stringify({ 'Octopus.Communications.ServicesPort': '10943', 'Octopus.Storage.NodeName': node, 'Octopus.Folder.ClusterShared': '/mnt/octopus' });
  writeFileSync(server, `#!/bin/sh\n[ "$1" = show-configuration ] && echo '${configuration}'\n`, { mode: 0o755 });
  writeFileSync(tentacle, `#!/bin/sh\necho ${NEW}\n`, { mode: 0o755 });
  const octopus: Partial<OctopusClient> = {
    registrations: () => Promise.resolve([]),
    nodes: () => Promise.resolve(nodes.map((name, at) => ({ id: `OctopusServerNodes-${at + 1}`, name, isOffline: false, isDraining: false, maxConcurrentTasks: 5, runningTasks: 0, version: '2026.2.1', lastSeen: marker.openedAt }))),
    librarySet: (_space, name) => Promise.resolve(name === LEASE_SET && open !== null ? { id: 'LibraryVariableSets-1', name, variableSetId: 'variableset-1', version: 1, variables: { [LEASE_VARIABLE]: JSON.stringify(open) } } : null),
  };
  const relay: RelayControl = {
    async start(job, announce) {
      asked.push('start');
      jobs.push(job);
      await announce({ unit: 'a.service', relaySha256: 'x' });
    },
    alive: () => Promise.resolve(stands),
    stands: () => Promise.resolve(stands),
    checkResult: () => Promise.resolve(check),
    async remove() { asked.push('remove'); },
  };
  const silent = () => undefined;
  const context: PhaseContext = {
    runner: 'runbook', clock: undefined as never, random: undefined as never, files: systemFiles, processes: systemProcesses,
    network: { ownAddresses: ['192.0.2.12'] } as unknown as PhaseContext['network'],
    voice: { info: silent, verbose: silent, highlight: silent, warn: silent, error: silent, progress: silent, secret: silent },
    relay, localTentacle: { executable: tentacle, instance: 'Tentacle', home: folder }, scriptEnvironment: { PATH: process.env['PATH']! },
    octopus: () => octopus as OctopusClient, artifact: () => Promise.resolve(),
  };
  const inputs = (more: Partial<PrepareServerNodesInputs> = {}): PrepareServerNodesInputs => ({
    ServerUrl: 'https://octopus.test', ApiKey: 'API-KEY', Secret: 'c2VjcmV0', StateFolder: join(folder, 'state'), TaskId: 'ServerTasks-1', SpaceId: 'Spaces-1', ProjectName: 'Octopus Rotation', RunbookName: 'Rotate server certificate',
    EnvironmentName: 'Octopus', SnapshotName: 'Snapshot 1', RotationId: ID, PlanHash: 'a'.repeat(64), OldThumbprint: OLD, OctopusServer: server, ...more,
  });
  const run = async (more?: Partial<PrepareServerNodesInputs>) => {
    try {
      return { headline: (await phase.run(context, inputs(more))).headline, codes: [] };
    } catch (error) {
      return { headline: null, codes: refusalsOf(error).map((one) => one.code), text: refusalsOf(error).map((one) => one.message).join('\n') };
    }
  };
  return { run, asked, jobs };
}

describe('A15: the machine of a server node that does not lead', () => {
  it('puts up the relay of its node, which tries out what it will need and stays', async () => {
    const { run, asked, jobs } = machine({});
    expect((await run({ NodeAddresses: 'NODE1=10.0.0.1:10943, node2=polling.example:20943' })).headline).toContain('The relay of server node NODE2 is there');
    expect(asked).toEqual(['start']);
    expect(jobs[0]).toMatchObject({ kind: 'node', rotationId: ID, node: { id: 'OctopusServerNodes-2', name: 'NODE2', port: 10943, fence: 7, sharedFolder: '/mnt/octopus' } });
    expect(jobs[0]!.node!.addresses[0]).toBe('polling.example:20943');
    expect(jobs[0]!.node!.addresses).toContain('192.0.2.12:10943');
    expect(jobs[0]!.node!.addresses).not.toContain('10.0.0.1:10943');
  });

  it('leaves a relay that is there as it is', async () => {
    const { run, asked } = machine({ stands: true });
    expect((await run()).headline).toContain('is there and stays');
    expect(asked).toEqual([]);
  });

  it('takes a relay away whose trial failed, and tells why it did', async () => {
    const { run, asked } = machine({ check: { ready: false, reason: 'the shared folder "/mnt/octopus" is full' } });
    const told = await run();
    expect([told.codes, asked]).toEqual([['RELAY_NOT_READY'], ['start', 'remove']]);
    expect(told.text).toContain('the shared folder "/mnt/octopus" is full');
  });

  it('D4: does nothing for a rotation that Octopus does not name as open', async () => {
    for (const open of [null, { ...marker, rotationId: 'sc-20261124-ffffffff' }]) {
      const { run, asked } = machine({ open });
      expect([(await run()).codes, asked]).toEqual([['NODE_OF_ANOTHER_ROTATION'], []]);
    }
  });

  it('is refused when its node is not one of this server, a renamed one for instance, and whatever its case', async () => {
    const renamed = machine({ node: 'NODE9' });
    const told = await renamed.run();
    expect([told.codes, renamed.asked]).toEqual([['NODE_NOT_PLANNED'], []]);
    expect(told.text).toContain('NODE1, NODE2');
    expect((await machine({ node: 'node2' }).run()).codes).toEqual([]);
  });

  it('has nothing to do where the server has one node', async () => {
    const { run, asked } = machine({ nodes: ['NODE2'] });
    expect((await run()).headline).toContain('one node');
    expect(asked).toEqual([]);
  });

  it('refuses addresses that cannot be read, before anything is done', async () => {
    const { run, asked } = machine({});
    const told = await run({ NodeAddresses: 'NODE2=somewhere' });
    expect([told.codes, asked]).toEqual([['INPUT_INVALID'], []]);
    expect(told.text).toContain('NODE2=somewhere');
  });
});
