import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseThumbprint, type Thumbprint } from '../../src/certificates/thumbprint.ts';
import { readLease } from '../../src/journal/held-lease.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { plan, proofOf } from '../../src/journal/views.ts';
import { LEADER, nodeKey, sealMessage, type CommandBody } from '../../src/mailbox/message.ts';
import { MAILBOX_SET } from '../../src/mailbox/octopus-set.ts';
import { leaderMailbox, nodeControls, type NodesAccess } from '../../src/phases/node-controls.ts';
import { sharedFolderOf } from '../../src/phases/prepared-nodes.ts';
import type { NodeControl } from '../../src/phases/node-control.ts';
import { LIMIT_MS, remoteNode } from '../../src/phases/remote-node.ts';
import type { Rotation } from '../../src/phases/rotation.ts';
import { phaseContext } from '../../src/runners/phase-context.ts';
import { relayUnit } from '../../src/runners/relay-control.ts';
import { Scenario } from '../support/scenario.ts';
import { until } from '../support/sandbox.ts';

const voice = { info: () => undefined, verbose: () => undefined, highlight: () => undefined, warn: () => undefined, error: () => undefined, progress: () => undefined, secret: () => undefined };

/** Three nodes with their relays, in a rotation that stopped at Prove because of a machine that is off; the test leads, under the lease's own fence. */
let story: Scenario;
let rotation: Rotation;
let access: NodesAccess;
let controls: NodeControl[];
let log: string;
const context = phaseContext({ runner: 'relay', voice, localTentacle: null, scriptEnvironment: {}, programs: '', artifact: () => Promise.resolve() });

beforeAll(async () => {
  story = await Scenario.start('test/estates/three-nodes.json');
  await story.begin();
  await story.sandbox.power('web-01', 'stop');
  const run = await story.run('three nodes');
  log = run.log;
  expect(run.refusals, run.log.slice(-3000)).toContain('TRUST_NOT_PROVED');
  const { line } = story.sandbox;
  const marker = (await readLease(story.client, story.installed.spaceId))!;
  const folder = join(story.installed.stateFolder, 'rotations', story.rotationId);
  rotation = { id: parseRotationId(story.rotationId), fence: marker.fence, folder, entries: () => story.journal(), get plan() { return plan(story.journal())!; }, get scope() { return plan(story.journal())!; }, guard: () => Promise.resolve() } as unknown as Rotation;
  access = { serverUrl: line.url, apiKey: line.apiKey, secret: story.installed.secret, spaceId: story.installed.spaceId, octopusServer: join(line.nodes[0]!.bin, 'Octopus.Server'), restartCommand: null };
  controls = await nodeControls(context, rotation, access);
}, 300_000);
afterAll(() => story?.stop());

const nodeOf = (name: string) => story.sandbox.line.nodes.find((one) => one.name === name)!;
const idOf = (name: string) => plan(story.journal())!.nodes.find((one) => one.name === name)!.id;
const control = (name: string) => controls.find((one) => one.name === name)!;
const unitOf = (name: string) => relayUnit(`${story.rotationId}-${nodeKey(idOf(name))}`);
const process = async (name: string) => (await story.sandbox.truth()).server.nodes.find((one) => one.name === name)!;
const relayLog = (name: string) => readFileSync(join(rotation.folder, `relay-${nodeKey(idOf(name))}.log`), 'utf8');
const old = (): Thumbprint => parseThumbprint(story.old);
const restarted = (name: string, pid: number | null) => until(`${name} runs as another process`, 60_000, async () => {
  const node = await process(name);
  return node.running && node.pid !== pid;
});

describe('relays of several server nodes', () => {
  it('A15: each node has its own relay, proved to answer, with the address by which polling Tentacles know it; the host comes last', () => {
    expect(controls.map((one) => one.name)).toEqual(['NODE2', 'NODE3', 'NODE1']);
    expect(controls.map((one) => one.isHost)).toEqual([false, false, true]);
    for (const { name, commsPort } of story.sandbox.line.nodes) {
      const detail = proofOf(story.journal(), idOf(name), 'node-ready')!.data.detail;
      expect(String(detail['addresses']).split(' ')).toContain(`127.0.0.1:${commsPort}`);
      expect(detail['isHost']).toBe(name === 'NODE1');
    }
    expect(log).toContain('The relay of server node NODE2 is there');
  });

  it('A15: running the runbook again leaves relays of the same program alone', async () => {
    const pids = async () => (await story.sandbox.machines()).flatMap(({ units }) => units.filter(({ name, mainPid }) => name.includes('relay') && mainPid > 0).map(({ mainPid }) => mainPid)).sort();
    const before = await pids();
    expect(before).toHaveLength(2);
    const again = await story.run('three nodes');
    expect(again.refusals).toContain('TRUST_NOT_PROVED');
    expect(again.log).toContain('is there and stays');
    expect(await pids()).toEqual(before);
    Object.assign(rotation, { fence: (await readLease(story.client, story.installed.spaceId))!.fence });
  });

  it('A15: a look shows what the node presents and what its database shows', async () => {
    for (const one of controls) expect(await one.look()).toEqual({ presents: story.old, database: story.old, text: '' });
  });

  it('rule 10: a restart towards a certificate that the database does not show is refused in the node\'s own words', async () => {
    const { pid } = await process('NODE2');
    await expect(control('NODE2').restart('A'.repeat(40) as Thumbprint)).rejects.toMatchObject({ code: 'IMPORT_NOT_EXPECTED' });
    expect((await process('NODE2')).pid).toBe(pid);
  });

  it('D17: a relay that is killed in the middle of a restart first starts the node, then answers', async () => {
    const { pid } = await process('NODE2');
    const done = control('NODE2').restart(old());
    await until('the restart has begun', 60_000, async () => (await process('NODE2')).pid !== pid || !(await process('NODE2')).running, 10);
    await story.sandbox.unit('octopus-02', unitOf('NODE2'), 'kill');
    await done;
    await restarted('NODE2', pid);
    expect(await control('NODE2').look()).toMatchObject({ presents: story.old });
  });

  it('D17: a machine that is rebooted in the middle of a restart comes back with its node, and the relay answers', async () => {
    const { pid } = await process('NODE3');
    const done = control('NODE3').restart(old());
    await until('the restart has begun', 60_000, async () => (await process('NODE3')).pid !== pid || !(await process('NODE3')).running, 10);
    await story.sandbox.power('octopus-03', 'reboot');
    await done;
    expect(await control('NODE3').look()).toMatchObject({ presents: story.old });
  });

  it('rule 11: a relay that was suspended does not do afterwards what nobody waits for any more', async () => {
    const { pid } = await process('NODE2');
    await story.sandbox.unit('octopus-02', unitOf('NODE2'), 'suspend');
    const mailbox = await leaderMailbox(context, rotation, access, sharedFolderOf(rotation));
    const impatient = remoteNode(context, rotation, mailbox, { id: idOf('NODE2'), name: 'NODE2' }, { ...LIMIT_MS, restart: 2_000 });
    await expect(impatient.restart(old())).rejects.toMatchObject({ code: 'NODE_UNKNOWN' });
    await story.sandbox.unit('octopus-02', unitOf('NODE2'), 'resume');
    expect(await impatient.look()).toMatchObject({ presents: story.old });
    expect((await process('NODE2')).pid).toBe(pid);
    controls = await nodeControls(context, rotation, access);
  });

  it('A15: with the share gone they talk through Octopus', async () => {
    await story.sandbox.setFaults({ share: 'gone' });
    expect(await control('NODE2').look()).toMatchObject({ presents: story.old });
    await story.sandbox.setFaults({});
  });

  it('A15: with Octopus gone they talk through the share, and a node is restarted', async () => {
    await story.sandbox.power('balancer-01', 'stop');
    const { pid } = await process('NODE3');
    await control('NODE3').restart(old());
    await restarted('NODE3', pid);
    await story.sandbox.power('balancer-01', 'start');
  });

  it('rule 11: of a wrong authentication code, an old place, an old fence or another rotation nothing is done', async () => {
    const { pid } = await process('NODE2');
    const body: CommandBody = { kind: 'command', command: 'restart', expected: story.old };
    const key = rotationSecrets(story.installed.secret).mailboxKey(rotation.id);
    const to = nodeKey(idOf('NODE2'));
    const message = { format: 1 as const, rotationId: rotation.id as string, fence: rotation.fence, from: LEADER, to, sequence: 999, at: '2026-01-05T10:00:00.000Z', body };
    const share = join(nodeOf('NODE2').share!, 'octopus-rotation', rotation.id);
    mkdirSync(share, { recursive: true, mode: 0o700 });
    const leave = (number: number, text: string) => writeFileSync(join(share, `${LEADER}-${to}-${String(rotation.fence).padStart(16, '0')}-${String(number).padStart(16, '0')}.json`), text, { mode: 0o600 });
    leave(1001, sealMessage(message, new Uint8Array(32)));
    leave(1002, sealMessage({ ...message, sequence: 1 }, key));
    leave(1003, sealMessage({ ...message, fence: 1 }, key));
    leave(1004, sealMessage({ ...message, rotationId: 'sc-20260105-ffffffff' }, key));
    await until('the relay has refused them', 30_000, () => Promise.resolve(['its authentication code is wrong', `its fence 1 is below ${rotation.fence}`, 'it belongs to rotation sc-20260105-ffffffff'].every((one) => relayLog('NODE2').includes(one))));
    expect(await control('NODE2').look()).toMatchObject({ presents: story.old });
    expect((await process('NODE2')).pid).toBe(pid);
  });

  it('D4: a command under a fence that Octopus does not name is refused by the node', async () => {
    const elsewhere = join(story.sandbox.line.home, 'impostor');
    mkdirSync(elsewhere, { mode: 0o700 });
    const mailbox = await leaderMailbox(context, { ...rotation, folder: elsewhere }, access, sharedFolderOf(rotation));
    const impostor = remoteNode(context, { ...rotation, fence: rotation.fence + 1 }, mailbox, { id: idOf('NODE3'), name: 'NODE3' });
    const { pid } = await process('NODE3');
    await expect(impostor.restart(old())).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect((await process('NODE3')).pid).toBe(pid);
  });

  it('A23: dismissed, a relay removes its unit, its job and itself', async () => {
    await control('NODE2').dismiss();
    const key = nodeKey(idOf('NODE2'));
    await until('its folder is gone, with job and program', 30_000, () => Promise.resolve(!readdirSync(join(story.installed.stateFolder, 'relay')).some((name) => name.includes(key))));
    await until('its unit has ended and is not enabled', 30_000, async () => {
      const { units } = (await story.sandbox.machines()).find(({ name }) => name === 'octopus-02')!;
      return units.filter(({ name }) => name === unitOf('NODE2')).every((unit) => unit.activeState === 'inactive' && unit.unitFileState !== 'enabled');
    });
    expect((await story.client.librarySet(story.installed.spaceId, MAILBOX_SET))).not.toBeNull();
  });
});
