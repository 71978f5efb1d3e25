import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPfx } from '../../src/certificates/pfx.ts';
import { createNetwork } from '../../src/runners/ports/network.ts';
import { probeTrust, readPeer } from '../../src/tentacle/trust-probe.ts';
import type { OpenedPfx } from '../../src/certificates/contract.ts';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import type { Network } from '../../src/ports/network.ts';
import { Listener, plainService } from './fakes/listener.ts';

const network = createNetwork();
const fixtures = join(import.meta.dirname, '..', 'conformance', 'fixtures', 'certificates');
let a: OpenedPfx, b: OpenedPfx, tentacle: OpenedPfx;
beforeAll(async () => {
  const golden = (name: string) => openPfx(readFileSync(join(fixtures, `${name}.pfx`)), '', name);
  [a, b, tentacle] = await Promise.all([golden('A'), golden('B'), golden('T')]);
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});
async function listener(trusted: string[], ...more: [Parameters<typeof Listener.start>[2]?, Parameters<typeof Listener.start>[3]?]): Promise<Listener> {
  const started = await Listener.start({ key: tentacle.identity.keyPem, cert: tentacle.identity.certificatePem }, trusted, ...more);
  stops.push(() => started.stop());
  return started;
}
async function service(...args: Parameters<typeof plainService>): Promise<number> {
  const started = await plainService(...args);
  stops.push(() => started.stop());
  return started.port;
}
const probe = (port: number, identity = a, options: { expectedPeer?: Thumbprint; timeoutMs?: number; network?: Network } = {}) =>
  probeTrust(options.network ?? network, { host: '127.0.0.1', port, identity: identity.identity, expectedPeer: options.expectedPeer ?? tentacle.facts.thumbprint, timeoutMs: options.timeoutMs ?? 5_000, monotonic: () => performance.now() });

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('the trust probe over %s', (version) => {
  const only = { minVersion: version, maxVersion: version };

  it('A36: trusted is said only after MX-SERVER, and the Tentacle logs no Error', async () => {
    const tentacleListener = await listener([a.facts.thumbprint], only);
    expect(await probe(tentacleListener.port)).toMatchObject({ verdict: 'trusted', peer: tentacle.facts.thumbprint });
    expect(tentacleListener.endings).toEqual(['null-request']);
    expect(tentacleListener.errors).toEqual([]);
    expect(tentacleListener.identityChunks).toEqual(['MX-CLIENT 1.0\r\n\r\n']);
  });

  it('A36: a close without a byte is not trusted, twenty times out of twenty', async () => {
    const tentacleListener = await listener([b.facts.thumbprint], only);
    for (let i = 0; i < 20; i += 1) expect(await probe(tentacleListener.port)).toMatchObject({ verdict: 'not-trusted' });
    expect(tentacleListener.endings).toEqual(Array(20).fill('refused'));
    expect(tentacleListener.errors).toEqual([]);
  });

  it('A36: another peer is told before a byte is sent, and ended in order', async () => {
    const tentacleListener = await listener([a.facts.thumbprint], only);
    expect(await probe(tentacleListener.port, a, { expectedPeer: b.facts.thumbprint })).toMatchObject({ verdict: 'wrong-peer', peer: tentacle.facts.thumbprint });
    expect(tentacleListener.endings).toEqual(['empty']);
    expect(tentacleListener.errors).toEqual([]);
  });

  it('reads the certificate at a listener and ends in order', async () => {
    const tentacleListener = await listener([], only);
    expect(await readPeer(network, { host: '127.0.0.1', port: tentacleListener.port })).toMatchObject({ thumbprint: tentacle.facts.thumbprint });
    expect(tentacleListener.endings).toEqual(['empty']);
    expect(tentacleListener.errors).toEqual([]);
  });
});

describe('what the trust probe cannot tell', () => {
  it('A36: any peer is taken only when none is expected', async () => {
    const tentacleListener = await listener([a.facts.thumbprint]);
    const verdict = await probeTrust(network, { host: '127.0.0.1', port: tentacleListener.port, identity: a.identity, monotonic: () => performance.now() });
    expect(verdict).toMatchObject({ verdict: 'trusted', peer: tentacle.facts.thumbprint });
  });

  it.each([
    ['a web page', 'HTTP/1.0 200 OK\r\n\r\n<html></html>', 'HTML'],
    ['something else', '220 mail.example ESMTP\r\n', 'UNEXPECTED_ANSWER'],
    ['half an answer', 'MX-SERV', 'CUT_OFF'],
    ['an answer with more behind it', 'MX-SERVER 1.0\r\n\r\nMX-PLEASE', 'UNEXPECTED_ANSWER'],
  ])('A36: %s is inconclusive', async (_name, answer, code) => {
    const tentacleListener = await listener([a.facts.thumbprint], {}, { answer });
    expect(await probe(tentacleListener.port)).toMatchObject({ verdict: 'inconclusive', code });
  });

  it('A36: an answer that arrives in pieces is one answer', async () => {
    const pieces = ['MX-', 'SERVER 1.0\r', '\n\r\n'];
    const sent: string[] = [];
    const slow: Network = { ...network, tls: () => Promise.resolve({
      peerThumbprint: tentacle.facts.thumbprint, peerCertificate: new Uint8Array(),
      write: (bytes) => Promise.resolve(void sent.push(Buffer.from(bytes).toString('hex'))),
      read: () => Promise.resolve(pieces.length > 0 ? { kind: 'data' as const, bytes: Buffer.from(pieces.shift()!) } : { kind: 'end' as const }),
      end: () => Promise.resolve(),
    }) };
    expect(await probe(1, a, { network: slow })).toMatchObject({ verdict: 'trusted' });
    expect(sent).toEqual(['4d580d0a0d0a', '4d582d434c49454e5420312e300d0a0d0a', 'e3636060e0f24d2d2e4e4c4f65600000']);
  });

  it('D3: silence after the handshake, and silence before it, are inconclusive', async () => {
    const tentacleListener = await listener([a.facts.thumbprint], {}, { silent: true });
    expect(await probe(tentacleListener.port, a, { timeoutMs: 300 })).toMatchObject({ verdict: 'inconclusive', code: 'SILENT' });
    const port = await service(() => undefined);
    expect(await probe(port, a, { timeoutMs: 300 })).toMatchObject({ verdict: 'inconclusive', code: 'ETIMEDOUT' });
  });

  it('A36: a service without TLS is inconclusive, whether it talks or hangs up', async () => {
    const talker = await service((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await probe(talker)).toMatchObject({ verdict: 'inconclusive', reason: expect.stringMatching(/does not speak TLS/) as string });
    const quitter = await service((socket) => socket.end());
    expect(await probe(quitter)).toMatchObject({ verdict: 'inconclusive', code: 'ECONNRESET' });
    const resetter = await service((socket) => socket.resetAndDestroy());
    expect(await probe(resetter)).toMatchObject({ verdict: 'inconclusive', code: 'ECONNRESET' });
  });

  it('A36: a closed port is inconclusive', async () => {
    const port = await service(() => undefined);
    await Promise.all(stops.splice(0).map((stop) => stop()));
    expect(await probe(port)).toMatchObject({ verdict: 'inconclusive', code: 'ECONNREFUSED' });
    await expect(readPeer(network, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'PEER_UNREADABLE' });
  });

  it('A20: a TLS alert is tried once more with old settings, and is inconclusive if that fails too', async () => {
    const tried: (boolean | undefined)[] = [];
    const counting: Network = { ...network, tls: (options) => (tried.push(options.legacy), network.tls(options)) };
    const old = await listener([a.facts.thumbprint], { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    expect(await probe(old.port, a, { network: counting })).toMatchObject({ verdict: 'trusted' });
    expect(old.errors).toEqual([]);
    expect(tried).toEqual([false, true]);
    tried.length = 0;
    const strict = await listener([a.facts.thumbprint], { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    expect(await probe(strict.port, a, { network: counting })).toMatchObject({ verdict: 'inconclusive', code: expect.stringMatching(/^ERR_SSL_/) as string });
    expect(tried).toEqual([false, true]);
  });
});

describe('reach', () => {
  it('rule 15: tells an open port from a closed one', async () => {
    const port = await service(() => undefined);
    expect(await network.reach('127.0.0.1', port, 1_000)).toEqual({ reached: true });
    await Promise.all(stops.splice(0).map((stop) => stop()));
    expect(await network.reach('127.0.0.1', port, 1_000)).toEqual({ reached: false, code: 'ECONNREFUSED' });
  });
});
