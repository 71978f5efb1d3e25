import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Carrier } from '../../src/mailbox/carrier.ts';
import { openMailbox } from '../../src/mailbox/mailbox.ts';
import { LEADER, sealMessage } from '../../src/mailbox/message.ts';
import { MAILBOX_SET, octopusCarrier } from '../../src/mailbox/octopus-set.ts';
import { sharedFolderCarrier } from '../../src/mailbox/shared-folder.ts';
import type { LibrarySet, OctopusClient } from '../../src/octopus/contract.ts';
import { systemClock } from '../../src/runners/ports/clock.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import { KEY, LOOK, MemoryCarrier, NODE, ROTATION, unsealed } from './support.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'mailbox-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const impatient = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 200, signal) };
const notices: string[] = [];
function open(self: string, ...carriers: Carrier[]) {
  notices.length = 0;
  return openMailbox({ carriers, clock: impatient, files: systemFiles, statePath: join(folder, `${self}.json`), rotationId: ROTATION, key: KEY, self, notice: (text) => notices.push(text) });
}

describe('the mailbox', () => {
  it('A15: a message goes through as long as one carrier works on both sides, and is received until it is settled, once', async () => {
    const [one, other] = [new MemoryCarrier(), new MemoryCarrier()];
    one.state = 'gone';
    const place = await (await open(LEADER, one, other)).send(NODE, 3, LOOK);
    const node = await open(NODE, one, other);
    const { message } = await node.receive(LEADER);
    expect(message).toMatchObject({ ...place, body: LOOK });
    expect((await node.receive(LEADER)).message).toMatchObject(place);
    await node.settle(message!);
    expect(await node.receive(LEADER)).toEqual({ message: null, read: true });
  });

  it('rule 20: with no carrier nothing is sent, and nothing received is not "no message"', async () => {
    const carrier = new MemoryCarrier();
    carrier.state = 'gone';
    await expect((await open(LEADER, carrier)).send(NODE, 3, LOOK)).rejects.toMatchObject({ code: 'MAILBOX_UNREACHABLE' });
    expect(await (await open(NODE, carrier)).receive(LEADER)).toEqual({ message: null, read: false });
  });

  it('a carrier that was away gets the last message when it is back', async () => {
    const [one, other] = [new MemoryCarrier(), new MemoryCarrier()];
    one.state = 'gone';
    const leader = await open(LEADER, one, other);
    await leader.send(NODE, 3, LOOK);
    one.state = 'works';
    await leader.receive(NODE);
    expect(one.letters.get(`${LEADER} ${NODE}`)).toBe(other.letters.get(`${LEADER} ${NODE}`));
  });

  it('a share that hangs holds up neither the other carrier nor, again and again, itself', async () => {
    const [one, other] = [new MemoryCarrier(), new MemoryCarrier()];
    const leader = await open(LEADER, one, other);
    one.state = 'hangs';
    await leader.send(NODE, 3, LOOK);
    const { calls } = one;
    expect(await leader.receive(NODE)).toEqual({ message: null, read: true });
    expect(one.calls).toBe(calls);
    expect(notices[0]).toContain('did not answer within');
  });

  it('A15: several nodes are asked at once over the same carriers', async () => {
    const carrier = new MemoryCarrier();
    const leader = await open(LEADER, carrier);
    const places = await Promise.all(['00000000000000aa', '00000000000000bb', NODE].map((to) => leader.send(to, 3, LOOK)));
    expect(places.map((each) => each.sequence)).toEqual([1, 2, 3]);
    expect(carrier.letters.size).toBe(3);
  });

  it('rule 11: nothing settled comes again, over restarts, from another carrier or under an older fence', async () => {
    const [one, other] = [new MemoryCarrier(), new MemoryCarrier()];
    const node = await open(NODE, one, other);
    one.letters.set(`${LEADER} ${NODE}`, sealMessage(unsealed({ fence: 5, sequence: 2 }), KEY));
    await node.settle((await node.receive(LEADER)).message!);
    for (const place of [{ fence: 5, sequence: 1 }, { fence: 5, sequence: 2 }, { fence: 4, sequence: 99 }]) {
      other.letters.set(`${LEADER} ${NODE}`, sealMessage(unsealed(place), KEY));
      expect((await (await open(NODE, one, other)).receive(LEADER)).message).toBeNull();
    }
    expect(notices).toContain(`A message from ${LEADER} is refused: its fence 4 is below 5.`);
  });

  it('rule 11: a leader that is started again under the same fence goes on counting; under a lower one it may not write', async () => {
    const carrier = new MemoryCarrier();
    const first = await (await open(LEADER, carrier)).send(NODE, 5, LOOK);
    const again = await open(LEADER, carrier);
    expect(await again.send(NODE, 5, LOOK)).toEqual({ fence: 5, sequence: first.sequence + 1 });
    await expect(again.send(NODE, 4, LOOK)).rejects.toMatchObject({ code: 'MAILBOX_OVERTAKEN' });
  });

  it('D4: a leader that was suspended puts nothing over what the next one said', async () => {
    const [one, other] = [new MemoryCarrier(), new MemoryCarrier()];
    const suspended = await open(LEADER, one, other);
    one.state = 'gone';
    await suspended.send(NODE, 5, LOOK);
    one.state = 'works';
    const next = sealMessage(unsealed({ fence: 6 }), KEY);
    one.letters.set(`${LEADER} ${NODE}`, next);
    await suspended.receive(NODE);
    expect(one.letters.get(`${LEADER} ${NODE}`)).toBe(next);
  });
});

describe('the shared folder', () => {
  const share = () => sharedFolderCarrier(systemFiles, join(folder, 'share'), ROTATION);
  const letter = (sequence: number, text = `text ${sequence}`) => ({ from: LEADER, to: NODE, fence: 1, sequence, text });
  const place = () => join(folder, 'share', 'octopus-rotation', ROTATION);
  const never = () => false;

  it('A15: is used only where it is mounted; a folder that is not there is not made', async () => {
    await expect(share().put(letter(1), never)).rejects.toThrow();
    await expect(share().read(LEADER, NODE)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('A23: holds one message of each writer, for its own account only', async () => {
    mkdirSync(join(folder, 'share'));
    for (const sequence of [1, 2, 10]) await share().put(letter(sequence), never);
    expect(await share().read(LEADER, NODE)).toEqual(['text 10']);
    const names = readdirSync(place());
    expect(names).toHaveLength(1);
    expect(statSync(join(place(), names[0]!)).mode & 0o777).toBe(0o600);
    expect(statSync(place()).mode & 0o777).toBe(0o700);
    await share().clear();
    expect(readdirSync(join(folder, 'share', 'octopus-rotation'))).toEqual([]);
  });

  it('D17: a file that a kill cut off is written whole by whoever puts the same message again', async () => {
    mkdirSync(join(folder, 'share'));
    await share().put(letter(1), never);
    const [name] = readdirSync(place());
    writeFileSync(join(place(), name!), 'te');
    await share().put(letter(1), never);
    expect(readFileSync(join(place(), name!), 'utf8')).toBe('text 1');
  });

  it('rule 12: follows no link, neither for its folder nor for a message', async () => {
    mkdirSync(join(folder, 'share'));
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'share', 'octopus-rotation'));
    await expect(share().put(letter(1), never)).rejects.toMatchObject({ code: 'SHARED_FOLDER_UNUSABLE' });
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
    rmSync(join(folder, 'share', 'octopus-rotation'));
    await share().put(letter(1), never);
    writeFileSync(join(folder, 'planted'), 'planted');
    symlinkSync(join(folder, 'planted'), join(place(), `${LEADER}-${NODE}-0000000000000009-0000000000000009.json`));
    expect(await share().read(LEADER, NODE)).toEqual(['text 1']);
  });
});

describe('Octopus as a carrier', () => {
  /** A library set with its compare-and-swap, and somebody who may write in between. */
  function octopus() {
    let set: LibrarySet | null = null;
    let meanwhile = () => undefined as void;
    const client = {
      librarySet: () => Promise.resolve(set === null ? null : structuredClone(set)),
      createLibrarySet: (_space: string, name: string) => Promise.resolve(structuredClone((set = { id: 'LibraryVariableSets-9', name, variableSetId: 'v', version: 0, variables: {} }))),
      writeLibrarySet: (_space: string, seen: LibrarySet, variables: Record<string, string>) => {
        meanwhile();
        meanwhile = () => undefined;
        if (seen.version !== set!.version) return Promise.reject(Object.assign(new Error('stale'), { code: 'OCTOPUS_STALE' }));
        set = { ...set!, version: set!.version + 1, variables };
        return Promise.resolve(set);
      },
    } as unknown as OctopusClient;
    return { client, carrier: octopusCarrier(client, 'Spaces-1', ROTATION), between: (work: () => void) => { meanwhile = work; }, get set() { return set; }, write: (name: string, text: string) => { set = { ...set!, version: set!.version + 1, variables: { ...set!.variables, [name]: text } }; } };
  }

  it('D4: writes by compare-and-swap: what another node writes at the same moment stays', async () => {
    const there = octopus();
    await there.carrier.put({ from: NODE, to: LEADER, fence: 1, sequence: 1, text: 'mine' }, () => false);
    there.between(() => there.write('Rotation.Message.other', 'theirs'));
    await there.carrier.put({ from: NODE, to: LEADER, fence: 1, sequence: 2, text: 'mine 2' }, () => false);
    expect(Object.values(there.set!.variables).sort()).toEqual(['mine 2', 'theirs']);
    expect(there.set!.name).toBe(MAILBOX_SET);
    expect(await there.carrier.read(NODE, LEADER)).toEqual(['mine 2']);
    await there.carrier.clear();
    expect(Object.values(there.set!.variables)).toEqual(['theirs']);
  });
});
