import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createNetwork } from '../../../src/runners/ports/network.ts';
import { parseTrustList } from '../../../src/tentacle/trust-list.ts';
import { probeTrust, readPeer } from '../../../src/tentacle/trust-probe.ts';
import { repairCommand } from '../../../src/tentacle/repair.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';
import type { ProbeVerdict } from '../../../src/tentacle/contract.ts';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';
import { certificate } from '../../sandbox/tentacle/agent.ts';
import { passive, polling } from '../../tentacle/fakes/machine.ts';
import { pwsh, Rig, shells, type Subject } from './rig.ts';
import { ofEachSubject } from './subjects.ts';

type Identity = Awaited<ReturnType<typeof certificate>>;
let [A, B, C, T]: Identity[] = [];
const thumbprint = (identity: Identity | undefined) => identity!.thumbprint as Thumbprint;
let [a, b, c, own] = ['', '', '', ''] as Thumbprint[] as [Thumbprint, Thumbprint, Thumbprint, Thumbprint];

beforeAll(async () => {
  [A, B, C, T] = [await certificate('A'), await certificate('B'), await certificate('C'), await certificate('T')];
  [a, b, c, own] = [thumbprint(A), thumbprint(B), thumbprint(C), thumbprint(T)];
});

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

ofEachSubject(suite);
if (pwsh === null) test.skip('the scripts for Windows (skipped: no pwsh, in PATH or named by SANDBOX_PWSH)', () => undefined);

function suite(subject: Subject): void {
  const machine = async (...trusted: unknown[]): Promise<Rig> => (rig = await Rig.create(subject, trusted));

  describe(`What is shipped, against ${subject.name}`, () => {
    test('reads its own thumbprint and its list, entry for entry, as it shows them', async () => {
      const one = await machine(passive(a), polling(b), { ...polling(c), Address: null, CommunicationStyle: 'TentacleActive' });
      const shown = await one.tentacle('show-configuration', '--instance=Tentacle');
      const list = (JSON.parse(shown.stdout) as { Tentacle: { Communication: { TrustedOctopusServers: unknown } } }).Tentacle.Communication.TrustedOctopusServers;
      const entries = parseTrustList(one.list);
      expect(parseTrustList(JSON.stringify(list))).toEqual(entries);
      const observed = await one.script('observe', a);
      expect(observed).toMatchObject({ own, outcome: 'unchanged', effective: 'unknown', restart: 'none' });
      expect(sorted(observed.before)).toEqual(sorted(entries));
      expect((await one.tentacle('show-thumbprint', '--instance=Tentacle')).stdout.trim()).toContain(own);
    });

    test('reads a list behind the log lines of a Tentacle that logs everything', async () => {
      const one = await machine(passive(a));
      const observed = await one.script('observe', a, {}, { OCTOPUS__TENTACLE__LOGLEVEL: 'Trace' });
      expect(observed).toMatchObject({ own, outcome: 'unchanged', before: [{ thumbprint: a }] });
    });

    describe('adding trust', () => {
      test('A37: adds to an empty list, reads it back, and writes nothing the second time', async () => {
        const one = await machine();
        const added = await one.script('add', a);
        expect(added).toMatchObject({ outcome: 'changed', reason: null, before: [], after: [{ thumbprint: a, style: 'TentaclePassive', address: null, subscriptionId: null }] });
        expect(one.trusted).toEqual([passive(a)]);
        const file = one.read('machines/one/Tentacle.config');
        expect(await one.script('add', a)).toMatchObject({ outcome: 'unchanged', reason: null });
        expect(one.read('machines/one/Tentacle.config')).toBe(file);
      });

      test('A25: leaves the entries of other Octopus Servers as they are', async () => {
        const others = [passive(b), { ...polling(c), Address: 'https://z\u00fcrich:10943/', Squid: 'SQ-1' }, { ...passive('not a thumbprint'), Squid: 'a "quoted" & <odd> one' }];
        const one = await machine(...others);
        expect(await one.script('add', a)).toMatchObject({ outcome: 'changed', reason: null });
        expect(one.trusted).toEqual([...others, passive(a)]);
      });

      test('an entry that is polled is trust already: nothing is added beside it', async () => {
        const one = await machine(polling(a));
        expect(await one.script('add', a)).toMatchObject({ outcome: 'unchanged', reason: null });
        expect(one.trusted).toEqual([polling(a)]);
      });

      test('A19: an entry in lower case is replaced by the exact form', async () => {
        const one = await machine(passive(b), passive(a.toLowerCase()));
        expect(await one.script('add', a)).toMatchObject({ outcome: 'changed', reason: null });
        expect(one.trusted).toEqual([passive(b), passive(a)]);
      });
    });

    describe('removing trust', () => {
      test('A19: removes exactly the stored text, and only while the other one is there', async () => {
        const one = await machine(passive(a.toLowerCase()), passive(b), passive(c));
        expect(await one.script('remove', a, { keep: b })).toMatchObject({ outcome: 'changed', reason: null });
        expect(one.trusted).toEqual([passive(b), passive(c)]);
        expect(await one.script('remove', a, { keep: b })).toMatchObject({ outcome: 'unchanged', reason: null });
        expect(await one.script('remove', b, { keep: a })).toMatchObject({ outcome: 'refused', reason: 'keep-missing' });
        expect(one.trusted).toEqual([passive(b), passive(c)]);
      });

      test('A3: refuses to remove an entry that is polled, and leaves the file untouched', async () => {
        const one = await machine(passive(b), polling(a));
        const file = one.read('machines/one/Tentacle.config');
        expect(await one.script('remove', a, { keep: b })).toMatchObject({ outcome: 'refused', reason: 'pollable-entry' });
        expect(one.read('machines/one/Tentacle.config')).toBe(file);
      });
    });

    describe('what it refuses', () => {
      test('a Tentacle whose list comes from its environment', async () => {
        const one = await machine(passive(b));
        const file = one.read('machines/one/Tentacle.config');
        expect(await one.script('add', a, {}, { OCTOPUS_CONTRIBUTE_ENV_SETTINGS: 'true', TENTACLE_TRUSTED_SERVERS: '[]' })).toMatchObject({ outcome: 'refused', reason: 'environment-override' });
        expect(one.read('machines/one/Tentacle.config')).toBe(file);
      });

      test.each<[string, string]>([
        ['is cut off', '[{"Thumbprint":"AA"'],
        ['is no list', '{}'],
        ['holds null', '[null]'],
        ['holds an entry without thumbprint', '[{"CommunicationStyle":1}]'],
        ['holds an empty thumbprint', '[{"Thumbprint":"","CommunicationStyle":1}]'],
        ['names an unknown style', '[{"Thumbprint":"AA","CommunicationStyle":"Telepathy"}]'],
        ['holds an entry without style beside an equal one', `[{"Thumbprint":"${'D'.repeat(40)}"},{"Thumbprint":"${'D'.repeat(40)}","CommunicationStyle":1}]`],
      ])('A39: a list that %s', async (_, list) => {
        const one = await machine();
        one.list = list;
        const file = one.read('machines/one/Tentacle.config');
        const result = await one.script('add', a);
        expect(result.outcome).toBe('refused');
        expect(['list-broken', 'configuration-unreadable']).toContain(result.reason);
        expect(one.read('machines/one/Tentacle.config')).toBe(file);
      });
    });

    describe('in force only after a start', () => {
      test('A5: the probe tells before and after, and leaves no Error in the log', async () => {
        const one = await machine(passive(a));
        await one.start();
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'not-trusted', C: 'not-trusted' });
        expect(await one.script('observe', a)).toMatchObject({ effective: 'yes' });

        expect(await one.script('add', b)).toMatchObject({ outcome: 'changed', effective: 'no', restart: 'none' });
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'not-trusted', C: 'not-trusted' });
        await one.start();
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'trusted', C: 'not-trusted' });
        expect(await one.script('observe', b)).toMatchObject({ effective: 'yes' });

        expect(await one.script('remove', a, { keep: b })).toMatchObject({ outcome: 'changed', effective: 'no' });
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'trusted', C: 'not-trusted' });
        await one.start();
        expect(await verdicts(one)).toEqual({ A: 'not-trusted', B: 'trusted', C: 'not-trusted' });
        expect(errors(one)).toEqual([]);
      });

      test('A36: the probe names a wrong peer, the bare certificate and a closed port, without an Error in the log', async () => {
        const one = await machine(passive(a));
        await one.start();
        expect(await probe(one, A!, b)).toMatchObject({ verdict: 'wrong-peer', peer: own });
        expect((await readPeer(createNetwork(), { host: '127.0.0.1', port: one.port })).thumbprint).toBe(own);
        expect(await probeTrust(createNetwork(), { host: '127.0.0.1', port: await freePort(), identity: A!, expectedPeer: own, monotonic })).toMatchObject({ verdict: 'inconclusive', code: 'ECONNREFUSED' });
        await expect(createNetwork().reach('127.0.0.1', one.port, 5_000)).resolves.toEqual({ reached: true });
        // What the listener logged of all that is on disk once a later connection has been served.
        expect(await verdicts(one)).toMatchObject({ A: 'trusted' });
        expect(errors(one)).toEqual([]);
      });

      test('A36: whoever hangs up before TLS is up does leave an Error', async () => {
        const one = await machine(passive(a));
        await one.start();
        const ends = await hangUp(one, (socket) => socket.end());
        const resets = await hangUp(one, (socket) => socket.resetAndDestroy());
        await expect.poll(() => errors(one).map((line) => line.slice(line.indexOf('  ', 60)).trim().replace(/^\d+ +/, '')), { timeout: 20_000 }).toEqual([
          `Unhandled error when handling request from client: [::ffff:127.0.0.1]:${ends}`,
          `Socket IO exception: [::ffff:127.0.0.1]:${resets}`,
        ]);
        expect(one.log).toContain(`:${ends}\nSystem.IO.IOException: Received an unexpected EOF or 0 bytes from the transport stream.`);
        expect(one.log).toContain(`:${resets}\nSystem.Net.Sockets.SocketException (104): Connection reset by peer`);
      });

      test('an agent without trust lets nobody in, and one with several entries lets in each of them', async () => {
        const one = await machine();
        await one.start();
        expect(await verdicts(one)).toEqual({ A: 'not-trusted', B: 'not-trusted', C: 'not-trusted' });
        one.list = JSON.stringify([passive(a.toLowerCase()), { ...polling(c), Address: null }]);
        await one.start();
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'not-trusted', C: 'trusted' });
        expect(await one.script('observe', a)).toMatchObject({ effective: 'yes' });
      });
    });

    describe.each(shells)('the detached restart and its net (%s)', (shell) => {
      const machine = async (...trusted: unknown[]): Promise<Rig> => (rig = await Rig.create(subject, trusted, shell));

      test('A6: a script of the Tentacle itself adds trust, and the restart behind it puts it in force', async () => {
        const one = await machine(passive(a));
        const before = one.pid;
        expect(await one.inside('add', b, { restart: 'detached' })).toMatchObject({ own, outcome: 'changed', reason: null, effective: 'no', restart: 'armed', lastRestart: 'none' });
        expect(await one.ended()).toBe('good');
        expect(one.pid).not.toBe(before);
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'trusted', C: 'not-trusted' });
        expect(await one.script('add', b, { restart: 'detached' })).toMatchObject({ outcome: 'unchanged', effective: 'yes', restart: 'not-needed', lastRestart: 'good' });
        expect(await one.script('remove', a, { keep: b, restart: 'detached' })).toMatchObject({ outcome: 'changed', effective: 'no', restart: 'armed' });
        expect(await one.ended()).toBe('good');
        expect(await verdicts(one)).toEqual({ A: 'not-trusted', B: 'trusted', C: 'not-trusted' });
        expect(errors(one)).toEqual([]);
      });

      test('A6: a Tentacle that does not start with the new list gets the old one back, and runs', async () => {
        const one = await machine(passive(a), { ...polling(c), Address: 'https://127.0.0.1:1/' });
        await one.start();
        one.write('poison', b);
        expect(await one.script('add', b, { restart: 'detached' })).toMatchObject({ outcome: 'changed', restart: 'armed' });
        expect(await one.ended()).toBe('reverted');
        expect(one.trusted).toEqual([passive(a), { ...polling(c), Address: 'https://127.0.0.1:1/' }]);
        expect(await verdicts(one)).toMatchObject({ A: 'trusted', B: 'not-trusted' });
      });

      test('D15: does not guess a service that is not this Tentacle', async () => {
        const one = await machine(passive(a));
        const file = one.read('machines/one/Tentacle.config');
        expect(await one.script('add', b, { restart: 'detached' })).toMatchObject({ outcome: 'refused', reason: 'service-unknown' });
        expect(one.read('machines/one/Tentacle.config')).toBe(file);
      });
    });

    describe.each(shells)('twins in the configuration file (%s)', (shell) => {
      const machine = async (...trusted: unknown[]): Promise<Rig> => (rig = await Rig.create(subject, trusted, shell));
      // Nothing answers there: the agent tries, waits and tries again.
      const node = (at: number, trusted: string) => ({ ...polling(trusted), Address: `https://127.0.0.1:${at}/`, SubscriptionId: `poll://node${at}/` });
      const twins = { route: 'polling' as const };

      test('A2: makes them, and the restarted Tentacle has loaded NEW; then drops OLD, all other entries byte-equal', async () => {
        const list = [node(1, a), passive(b), node(2, a), node(3, b)];
        const one = await machine(...list);
        expect(await one.inside('add', c, { ...twins, beside: a, restart: 'detached' })).toMatchObject({ own, outcome: 'changed', reason: null, effective: 'no', restart: 'armed' });
        expect(await one.ended()).toBe('good');
        expect(one.list).toBe(JSON.stringify([node(1, a), node(1, c), passive(b), node(2, a), node(2, c), node(3, b)]));
        expect(one.effective).toEqual(expect.arrayContaining([a, b, c]));
        expect(await verdicts(one)).toEqual({ A: 'trusted', B: 'trusted', C: 'trusted' });
        expect(await one.script('add', c, { ...twins, beside: a })).toMatchObject({ outcome: 'unchanged', effective: 'yes', lastRestart: 'good' });

        expect(await one.script('remove', a, { ...twins, keep: c, restart: 'detached' })).toMatchObject({ outcome: 'changed', reason: null, restart: 'armed' });
        expect(await one.ended()).toBe('good');
        expect(one.list).toBe(JSON.stringify([node(1, c), passive(b), node(2, c), node(3, b)]));
        expect(one.effective).not.toContain(a);
        expect(await verdicts(one)).toEqual({ A: 'not-trusted', B: 'trusted', C: 'trusted' });
      });

      test('touches nothing but that value: mark, line ends, comments and unknown keys stay', async () => {
        const one = await machine(node(1, a));
        const before = one.read('machines/one/Tentacle.config').replace('<octopus-settings', '<!-- kept -->\n<octopus-settings').replace('</octopus-settings>', '<set key="Somebody.Elses">1 &amp; 2</set>\n</octopus-settings>').replaceAll(/\r?\n/g, '\r\n');
        one.write('machines/one/Tentacle.config', before);
        expect(await one.script('add', c, { ...twins, beside: a })).toMatchObject({ outcome: 'changed', reason: null });
        expect(one.read('machines/one/Tentacle.config')).toBe(before.replace(JSON.stringify([node(1, a)]), JSON.stringify([node(1, a), node(1, c)])));
        expect(await one.script('remove', a, { ...twins, keep: c })).toMatchObject({ outcome: 'changed', reason: null });
        expect(one.read('machines/one/Tentacle.config')).toBe(before.replace(JSON.stringify([node(1, a)]), JSON.stringify([node(1, c)])));
      });

      test.each<[string, (text: string) => string | Buffer]>([
        ['UTF-16', (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text.replace(/^\ufeff/, '').replace('utf-8', 'utf-16'), 'utf16le')])],
        ['a DOCTYPE', (text) => text.replace('<octopus-settings', '<!DOCTYPE octopus-settings>\n<octopus-settings')],
        ['the key twice', (text) => text.replace('</octopus-settings>', '<set key="tentacle.communication.trustedoctopusservers">[]</set></octopus-settings>')],
      ])('A39: refuses a file with %s and leaves it untouched', async (_, change) => {
        const one = await machine(node(1, a));
        writeFileSync(one.config, change(one.read('machines/one/Tentacle.config')));
        const before = readFileSync(one.config);
        expect(await one.script('add', c, { ...twins, beside: a })).toMatchObject({ outcome: 'refused' });
        expect(readFileSync(one.config).equals(before)).toBe(true);
      });

      test('A39: a Tentacle that cannot read its file does not tell its thumbprint, so nothing is done', async () => {
        const one = await machine(node(1, a));
        const broken = one.read('machines/one/Tentacle.config').replace('</octopus-settings>', '');
        one.write('machines/one/Tentacle.config', broken);
        await expect(one.script('add', c, { ...twins, beside: a })).rejects.toThrow('does not tell its own thumbprint, so nothing was done');
        expect(one.read('machines/one/Tentacle.config')).toBe(broken);
      });

      test('A3: refuses to drop OLD while an entry has no twin', async () => {
        const one = await machine(node(1, a), node(2, a), node(1, c));
        const before = one.read('machines/one/Tentacle.config');
        expect(await one.script('remove', a, { ...twins, keep: c })).toMatchObject({ outcome: 'refused', reason: 'twin-missing' });
        expect(one.read('machines/one/Tentacle.config')).toBe(before);
      });
    });

    test('the repair command mends a Tentacle left behind, and may run twice', async () => {
      const one = await machine(passive(a), passive(c));
      await one.start();
      const command = repairCommand({ trust: b, distrust: a });
      const first = await one.shell(command);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      await expect.poll(() => one.listening(), { timeout: 60_000 }).toBe(true);
      expect(await verdicts(one)).toEqual({ A: 'not-trusted', B: 'trusted', C: 'trusted' });
      expect(await one.shell(command)).toMatchObject({ code: 0, stderr: '' });
      expect(one.trusted).toEqual([passive(c), passive(b)]);
    });
  });
}

const monotonic = () => performance.now();

function probe(one: Rig, identity: Identity, expectedPeer: Thumbprint): Promise<ProbeVerdict> {
  return probeTrust(createNetwork(), { host: '127.0.0.1', port: one.port, identity, expectedPeer, monotonic });
}

async function verdicts(one: Rig): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, identity] of Object.entries({ A, B, C })) result[name] = (await probe(one, identity!, own)).verdict;
  return result;
}

/** A bare TCP connection, ended once the listener has it; answers with its port once it is gone. */
async function hangUp(one: Rig, how: (socket: Socket) => void): Promise<number> {
  const socket = connect(one.port, '127.0.0.1');
  await once(socket, 'connect');
  const port = socket.localPort!;
  await expect.poll(() => one.log, { timeout: 20_000 }).toContain(`Accepted TCP client: [::ffff:127.0.0.1]:${port}`);
  const gone = once(socket.resume(), 'close');
  how(socket);
  await gone;
  return port;
}

function errors(one: Rig): string[] {
  return one.log.split('\n').filter((line) => /^\S+ \S+ +\d+ +\d+ +(ERROR|FATAL) /.test(line));
}

function sorted<Value>(values: readonly Value[]): Value[] {
  return [...values].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}
