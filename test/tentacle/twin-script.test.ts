import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { describe, it } from 'vitest';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { configurationFile } from './fakes/configuration.ts';
import { longScript, Machine, OWN, passive, polling, type Entry } from './fakes/machine.ts';

const OLD = 'A'.repeat(40) as Thumbprint;
const NEW = 'B'.repeat(40) as Thumbprint;
const OTHER = 'C'.repeat(40) as Thumbprint;
const POLLING = { route: 'polling' as const };
const ADD = { ...POLLING, beside: OLD };
const REMOVE = { ...POLLING, keep: NEW };
const LOCAL = { restart: 'none' as const };
const node = (name: string, Thumbprint: string): Entry => ({ ...polling(Thumbprint), Address: `https://${name}:10943` });

async function withFile(onTestFinished: (stop: () => void) => void, configuration: string | Buffer): Promise<Machine> {
  const machine = await Machine.start([], configuration);
  onTestFinished(() => machine.stop());
  return machine;
}

const file = (machine: Machine) => machine.read('Tentacle.config');

describe('twins on a polling Tentacle', () => {
  it.concurrent('A2: adds a twin, restarts behind the script, is effective then, and ends by dropping OLD; no command writes trust', async ({ onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, configurationFile([polling(OLD), passive(OTHER)]));
    const first = await machine.run('add', NEW, ADD);
    expect(first).toMatchObject({ own: OWN, outcome: 'changed', reason: null, effective: 'no', restart: 'armed' });
    expect(await machine.ended()).toBe('good');
    expect(file(machine)).toBe(configurationFile([polling(OLD), polling(NEW), passive(OTHER)]));
    expect(await machine.run('observe', NEW, POLLING)).toMatchObject({ effective: 'yes', lastRestart: 'good' });
    const runs = machine.read('systemd-run.log');
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'unchanged', effective: 'yes', restart: 'not-needed' });
    expect(machine.read('systemd-run.log')).toBe(runs);
    expect(await machine.run('remove', OLD, REMOVE)).toMatchObject({ outcome: 'changed', effective: 'no', restart: 'armed' });
    expect(await machine.ended()).toBe('good');
    expect(file(machine)).toBe(configurationFile([polling(NEW), passive(OTHER)]));
    expect(await machine.run('remove', OLD, REMOVE)).toMatchObject({ outcome: 'unchanged', effective: 'yes', restart: 'not-needed' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('A16: each node gets its twin, addresses compared as URIs and written as found', async ({ onTestFinished, expect }) => {
    const half = [node('n1', OLD), { ...polling(OLD), Address: 'https://N2:10943/' }, node('n2', NEW)];
    const machine = await withFile(onTestFinished, configurationFile(half));
    const result = await machine.run('add', NEW, { ...ADD, ...LOCAL });
    expect(result).toMatchObject({ outcome: 'changed', effective: 'no' });
    expect(file(machine)).toBe(configurationFile([half[0]!, node('n1', NEW), ...half.slice(1)]));
  });

  it.concurrent('A16: a twin written but not started is not in force, although that certificate is polled at another node', async ({ onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, configurationFile([node('n1', OLD), node('n1', NEW), node('n2', OLD)]));
    expect(await machine.run('observe', NEW, POLLING)).toMatchObject({ effective: 'yes' });
    expect(await machine.run('add', NEW, { ...ADD, ...LOCAL })).toMatchObject({ outcome: 'changed', effective: 'no' });
  });

  it.concurrent('A19: a twin in lower case is never polled with success, so it gets its exact form', async ({ onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, configurationFile([polling(OLD), polling(NEW.toLowerCase())]));
    expect(await machine.run('add', NEW, { ...ADD, ...LOCAL })).toMatchObject({ outcome: 'changed', effective: 'no' });
    expect(file(machine)).toBe(configurationFile([polling(OLD), polling(NEW)]));
  });

  it.concurrent('A25: foreign entries stay byte-equal, whatever their form', async ({ onTestFinished, expect }) => {
    const foreign = `{ &quot;thumbprint&quot; :\n "${OTHER.toLowerCase()}", "Note":{"a":[1, 2.50]},"communicationstyle":"TentacleActive","Address":"https:\\/\\/z\\u00fcrich/?a=1&amp;b=&#x3C;","SubscriptionId":"poll://\u00fc/"}`;
    const old = JSON.stringify(polling(OLD));
    const machine = await withFile(onTestFinished, configurationFile(`[\n  ${foreign},\n  ${old}\n]`));
    expect(await machine.run('add', NEW, { ...ADD, ...LOCAL })).toMatchObject({ outcome: 'changed' });
    expect(file(machine)).toBe(configurationFile(`[\n  ${foreign},\n  ${old},\n  ${old.replace(OLD, NEW)}\n]`));
    expect(await machine.run('remove', OLD, { ...REMOVE, ...LOCAL })).toMatchObject({ outcome: 'changed' });
    expect(file(machine)).toBe(configurationFile(`[\n  ${foreign},\n  ${old.replace(OLD, NEW)}\n]`));
  });

  it.concurrent.for([
    ['CRLF', configurationFile([polling(OLD)], { end: '\r\n' })],
    ['no BOM, a line end at the end', `${configurationFile([polling(OLD)], { bom: false })}\n`],
    ['other keys and comments', configurationFile([polling(OLD)], { before: '<!-- <set key="Tentacle.Communication.TrustedOctopusServers">[]</set> -->\n <set key=\'Own &amp; "key"\'>a &lt; b</set>', after: ' <set\n key="Tentacle.Certificate">AAAA</set><set key="Empty" /> <![CDATA[ <x> ]]>\n\n' })],
    ['another case of the key', configurationFile([polling(OLD)]).replace('Tentacle.Communication.Trusted', 'tentacle.communication.trusted')],
    ['a null address and a style by name', configurationFile([{ ...polling(OTHER), Address: null }, { ...polling(OLD), CommunicationStyle: 'TentacleActive' }, { ...passive('D'.repeat(40)), CommunicationStyle: 'TentaclePassive' }])],
    ['ampersands in the address', configurationFile([{ ...polling(OLD), Address: 'https://server/?a&b<c>' }])],
    ['several hundred entries', configurationFile([...Array.from({ length: 400 }, (_, n) => node(`n${n}`, OTHER)), node('x', OLD), ...Array.from({ length: 400 }, (_, n) => node(`m${n}`, OTHER))])],
  ] as const)('A40: keeps every other byte of a file with %s', async ([, before], { onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, before);
    expect(await machine.run('add', NEW, { ...ADD, ...LOCAL })).toMatchObject({ outcome: 'changed', reason: null });
    const twin = /\{[^{}]*A{40}[^{}]*\}/.exec(before)![0];
    expect(file(machine)).toBe(before.replace(twin, () => `${twin},${twin.replace(OLD, NEW)}`));
    expect(machine.read('Tentacle.config.octopus-rotation.old')).toBe(before);
    expect(await machine.run('remove', NEW, { ...POLLING, keep: OLD, ...LOCAL })).toMatchObject({ outcome: 'changed' });
    expect(file(machine)).toBe(before);
  });

  it.concurrent('A40: keeps owner and permissions, leaves a copy of the old file beside it and nothing else', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD)]);
    const machine = await withFile(onTestFinished, before);
    chmodSync(join(machine.dir, 'Tentacle.config'), 0o640);
    await machine.run('add', NEW, { ...ADD, ...LOCAL });
    for (const name of ['Tentacle.config', 'Tentacle.config.octopus-rotation.old']) expect(statSync(join(machine.dir, name)).mode & 0o777).toBe(0o640);
    expect(machine.read('Tentacle.config.octopus-rotation.old')).toBe(before);
    expect(readdirSync(machine.dir).filter((name) => name.startsWith('Tentacle.config'))).toEqual(['Tentacle.config', 'Tentacle.config.octopus-rotation.old']);
  });

  it.concurrent('A38: two scripts at once on one Tentacle end with one twin', async ({ onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, configurationFile([polling(OLD)]));
    const results = await Promise.all([machine.run('add', NEW, { ...ADD, ...LOCAL }), machine.run('add', NEW, { ...ADD, ...LOCAL })]);
    expect(results.map((result) => result.outcome).sort()).toEqual(['changed', 'unchanged']);
    expect(file(machine)).toBe(configurationFile([polling(OLD), polling(NEW)]));
  });
});

describe('what it refuses, with the file as it was', () => {
  it.concurrent.for([
    ['configuration-doctype', 'a DOCTYPE', configurationFile([polling(OLD)]).replace('<octopus', '<!DOCTYPE octopus-settings [<!ENTITY x "y">]>\n<octopus')],
    ['configuration-encoding', 'UTF-16', Buffer.from(configurationFile([polling(OLD)]), 'utf16le')],
    ['configuration-encoding', 'another encoding by its declaration', configurationFile([polling(OLD)], { bom: false }).replace('utf-8', 'iso-8859-1')],
    ['duplicate-key', 'the key twice', configurationFile([polling(OLD)], { before: '<set key="TENTACLE.Communication.TrustedOctopusServers">[]</set>' })],
    ['configuration-malformed', 'a comment inside the value', configurationFile([polling(OLD)]).replace('[{', '[<!-- x -->{').replace('</set>\n  <set key="Tentacle.C', '</set>\n  <set key="Tentacle.C')],
    ['configuration-malformed', 'an element left open', configurationFile([polling(OLD)]).replace('</octopus-settings>', '')],
    ['duplicate-entries', 'two equal entries', configurationFile([polling(OLD), { ...polling(OLD.toLowerCase()), Address: 'https://SERVER:10943' }])],
    ['no-pollable-entry', 'nothing that polls with OLD', configurationFile([passive(OLD), polling(OTHER)])],
    ['no-pollable-entry', 'an entry by WebSocket only (A13)', configurationFile([{ ...polling(OLD), Address: 'wss://server/OctopusComms' }])],
    ['no-pollable-entry', 'an entry without an address only', configurationFile([{ ...polling(OLD), Address: null }])],
    ['twin-differs', 'an entry with NEW there under another subscription', configurationFile([polling(OLD), { ...polling(NEW), SubscriptionId: 'poll://other/' }])],
    ['list-broken', 'an entry without thumbprint (A39)', configurationFile([polling(OLD), polling('')])],
    ['list-broken', 'a property twice in an entry (A39)', configurationFile(`[{"Thumbprint":"${OLD}","thumbprint":"${OLD}","CommunicationStyle":2,"Address":"https://a","SubscriptionId":"poll://x/"}]`)],
  ] as const)('%s: %s', async ([reason, , before], { onTestFinished, expect }) => {
    const machine = await Machine.start([polling(OLD)], configurationFile([polling(OLD)]));
    onTestFinished(() => machine.stop());
    machine.write('Tentacle.config', before);
    const bytes = file(machine);
    // What the Tentacle itself says of such a file is its own affair; where it cannot be shown at all that is the reason.
    const result = await machine.run('add', NEW, ADD);
    expect(result.outcome).toBe('refused');
    expect([reason, ...(reason.startsWith('configuration-') ? ['configuration-unreadable', 'configuration-differs'] : [])]).toContain(result.reason);
    expect(file(machine)).toBe(bytes);
    expect(machine.read('systemd-run.log')).toBe('');
  });

  it.concurrent('A3: refuses to drop OLD where one node has no twin, and drops none', async ({ onTestFinished, expect }) => {
    const before = configurationFile([node('n1', OLD), node('n1', NEW), node('n2', OLD)]);
    const machine = await withFile(onTestFinished, before);
    expect(await machine.run('remove', OLD, REMOVE)).toMatchObject({ outcome: 'refused', reason: 'twin-missing' });
    expect(file(machine)).toBe(before);
  });

  it.concurrent('A2: a passive entry with NEW, as the document makes it, is no twin', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD), passive(NEW)]);
    const machine = await withFile(onTestFinished, before);
    expect(await machine.run('remove', OLD, REMOVE)).toMatchObject({ outcome: 'refused', reason: 'keep-missing' });
    expect(file(machine)).toBe(before);
  });

  it.concurrent('refuses where the environment stands in for the file, or the file is not the one that is shown', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD)]);
    const machine = await withFile(onTestFinished, before);
    const answer = await machine.raw(`export TENTACLE_TRUSTED_SERVERS='[]'\n${machine.script('add', NEW, ADD)}`);
    expect(JSON.parse(Buffer.from(/octopus-rotation-result (\S+)/.exec(answer.stdout)![1]!, 'base64').toString())).toMatchObject({ outcome: 'refused', reason: 'environment-override' });
    machine.write('elsewhere', configurationFile([polling(OTHER)]));
    machine.change({ configuration: join(machine.dir, 'elsewhere') });
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'refused', reason: 'configuration-differs' });
    machine.change({ configuration: join(machine.dir, 'nowhere') });
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'refused', reason: 'no-configuration-file' });
    expect(file(machine)).toBe(before);
  });

  it.concurrent('A38: a list changed between the look and the write is not overwritten', async ({ onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, configurationFile([polling(OLD)]));
    const changed = configurationFile([polling(OLD), polling(OTHER)]);
    machine.write('elsewhere', changed);
    // Somebody else writes while the script notes what it is about to do: "sync" is called between the two.
    machine.write('bin/sync', `#!/bin/sh\ncase $1 in */value-old) cp '${machine.dir}/elsewhere' '${machine.dir}/Tentacle.config' ;; esac\nexec /usr/bin/sync "$@"\n`);
    chmodSync(join(machine.dir, 'bin/sync'), 0o755);
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'failed', reason: 'configuration-changed', restart: 'none' });
    expect(file(machine)).toBe(changed);
  });

  it.concurrent.for(['awk', 'cp', 'mv'])('A40: a disk that is full while %s writes leaves the old file whole', async (tool, { onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD)]);
    const machine = await withFile(onTestFinished, before);
    // Writes half of what it should and says that all is well, or says so: neither may reach the file.
    const half = tool === 'awk' ? 'if [ -n "$OR_TO" ]; then /usr/bin/awk "$@" | head -c 300; exit 0; fi\nexec /usr/bin/awk "$@"' : `case "$*" in *.octopus-rotation.*) exit 1 ;; esac\nexec /usr/bin/${tool} "$@"`;
    writeFileSync(join(machine.dir, 'bin', tool), `#!/bin/sh\n${half}\n`, { mode: 0o755 });
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'failed', reason: 'write-failed', restart: 'none' });
    expect(file(machine)).toBe(before);
    expect(readdirSync(machine.dir).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});

describe('the net under the restart of a polling Tentacle (rule 3)', () => {
  it.concurrent('A6: a restart that fails gets the old value back by the same exchange', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD), passive(OTHER)], { end: '\r\n' });
    const machine = await withFile(onTestFinished, before);
    machine.write('poison', NEW);
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'changed', restart: 'armed' });
    expect(await machine.ended()).toBe('reverted');
    expect(file(machine)).toBe(before);
    expect(await machine.run('observe', NEW, POLLING)).toMatchObject({ effective: 'yes', lastRestart: 'reverted' });
    expect(machine.read('configured.log')).toBe('');
  });

  it.concurrent('A5: a service that runs but does not poll as written is none that came back', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD)]);
    const machine = await withFile(onTestFinished, before);
    machine.write('polls-nothing', '');
    await machine.run('add', NEW, { ...ADD, restartWatchSeconds: 2 });
    expect(await machine.ended()).toBe('failed');
    expect(file(machine)).toBe(before);
  });

  it.concurrent('rule 3: a list changed by somebody else meanwhile is not put back', async ({ onTestFinished, expect }) => {
    const machine = await withFile(onTestFinished, configurationFile([polling(OLD)]));
    machine.write('poison', NEW);
    const script = longScript(machine);
    await machine.run('add', NEW, ADD);
    const changed = configurationFile([polling(OLD), polling(NEW), passive(OTHER)]);
    machine.write('Tentacle.config', changed);
    script.end();
    expect(await machine.ended()).toBe('failed');
    expect(file(machine)).toBe(changed);
  });

  it.concurrent('D17: a run killed between writing and arming is completed by the next one, with the same net', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD)]);
    const machine = await withFile(onTestFinished, before);
    await machine.run('add', NEW, { ...ADD, ...LOCAL });
    machine.write('poison', NEW);
    expect(await machine.run('add', NEW, ADD)).toMatchObject({ outcome: 'unchanged', effective: 'no', restart: 'armed' });
    expect(await machine.ended()).toBe('reverted');
    expect(file(machine)).toBe(before);
  });
});

describe('PollingRoute: update-trust', () => {
  const TURN = { ...POLLING, beside: OLD, returnAfterSeconds: 0 };

  it.concurrent('A4: turns OLD into NEW, and back by itself when no server shows NEW in time', async ({ onTestFinished, expect }) => {
    const before = configurationFile([node('127.0.0.1', OLD), passive(OTHER)]);
    const machine = await withFile(onTestFinished, before);
    expect(await machine.run('update-trust', NEW, TURN)).toMatchObject({ outcome: 'changed', effective: 'no', restart: 'armed' });
    expect(file(machine)).toBe(configurationFile([node('127.0.0.1', NEW), passive(OTHER)]));
    expect(await machine.ended()).toBe('reverted');
    expect(file(machine)).toBe(before);
  });

  it.concurrent('A4, A34: stays once the server shows exactly NEW', async ({ onTestFinished, expect }) => {
    const pfx = readFileSync(join(import.meta.dirname, '..', 'conformance', 'fixtures', 'certificates', 'A.pfx'));
    const server = createTlsServer({ pfx, passphrase: '' }, (socket) => socket.on('error', () => undefined).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const shown = await new Promise<string>((resolve) => {
      const socket = connectTls({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint.replaceAll(':', ''));
        socket.end();
      });
    });
    const machine = await withFile(onTestFinished, configurationFile([{ ...polling(OLD), Address: address }]));
    await machine.run('update-trust', shown, { ...TURN, returnAfterSeconds: 30 });
    expect(await machine.ended()).toBe('good');
    expect(file(machine)).toBe(configurationFile([{ ...polling(shown), Address: address }]));
    expect(await machine.run('update-trust', shown, TURN)).toMatchObject({ outcome: 'unchanged', effective: 'yes', restart: 'not-needed' });
  });

  it.concurrent('A31: never where NEW is there already, as two equal entries would come of it', async ({ onTestFinished, expect }) => {
    const before = configurationFile([polling(OLD), polling(NEW)]);
    const machine = await withFile(onTestFinished, before);
    expect(await machine.run('update-trust', NEW, TURN)).toMatchObject({ outcome: 'refused', reason: 'duplicate-entries' });
    expect(file(machine)).toBe(before);
    expect(() => machine.script('update-trust', NEW, { ...TURN, shell: 'PowerShell' })).toThrow(/may not enter a script/);
    expect(() => machine.script('update-trust', NEW, { ...POLLING, beside: OLD })).toThrow(/may not enter a script/);
  });
});
