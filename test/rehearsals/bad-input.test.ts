import { execFileSync } from 'node:child_process';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octopusRotation } from '../support/programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
const fixtures = join(import.meta.dirname, '..', 'conformance', 'fixtures', 'certificates');
const openServers: (Server | HttpServer)[] = [];
const openSockets = new Set<Socket>();
afterAll(async () => {
  const closed = openServers.map((server) => new Promise((done) => server.close(done)));
  for (const socket of openSockets) socket.destroy();
  await Promise.all(closed);
  rmSync(folder, { recursive: true });
});

function listen(server: Server | HttpServer): Promise<string> {
  openServers.push(server);
  server.on('connection', (socket: Socket) => openSockets.add(socket));
  return new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(`127.0.0.1:${(server.address() as AddressInfo).port}`)));
}

/** A port at which a connection would be noticed. */
async function watchedPort(): Promise<{ address: string; connections: () => number }> {
  let connections = 0;
  const address = await listen(createTcpServer((socket) => { connections += 1; socket.destroy(); }));
  return { address, connections: () => connections };
}

describe('a PFX that cannot be used, given to the probe', () => {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  const hasLegacy = (() => {
    try {
      execFileSync('openssl', ['list', '-providers', '-provider', 'legacy'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();
  let watched: Awaited<ReturnType<typeof watchedPort>>;
  beforeAll(async () => {
    watched = await watchedPort();
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'certificate.pem', '-subj', '/CN=Octopus Portal', '-days', '30');
    const both = ['pkcs12', '-export', '-inkey', 'key.pem', '-in', 'certificate.pem'];
    openssl(...both, '-out', 'good.pfx', '-passout', 'pass:correct-horse');
    openssl('pkcs12', '-export', '-nokeys', '-in', 'certificate.pem', '-out', 'without-key.pfx', '-passout', 'pass:correct-horse');
    openssl(...both, '-out', 'without-mac.pfx', '-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE', '-passout', 'pass:correct-horse');
    if (hasLegacy) openssl(...both, '-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES', '-out', 'rc2.pfx', '-passout', 'pass:correct-horse');
    writeFileSync(join(folder, 'certificate.pfx'), readFileSync(join(folder, 'certificate.pem')));
  });

  it.each([
    ['a wrong password', 'good.pfx', 'wrong', 'PFX_WRONG_PASSWORD', /with the password given/, /Give the password/],
    ['A20: no private key in it', 'without-key.pfx', 'correct-horse', 'PFX_NO_KEY', /holds no private key/, /Export it again with its private key/],
    ['A20: no MAC', 'without-mac.pfx', 'correct-horse', 'PFX_NO_MAC', /has no MAC/, /openssl pkcs12 -export/],
    ['a certificate under the name of a PFX', 'certificate.pfx', 'correct-horse', 'PFX_NOT_A_PFX', /is not a PFX/, /holds no private key/],
    ['a file that is not there', 'none.pfx', 'correct-horse', 'PFX_UNREADABLE', /ENOENT/, /Look at the path/],
  ])('%s is refused with its remedy, before anything is connected to', async (_name, file, password, code, value, remedy) => {
    const { code: exit, out, error } = await octopusRotation(['probe', watched.address, '--pfx', file, '--pfx-password-env', 'PFX_PASSWORD'], { folder, env: { PFX_PASSWORD: password } });
    expect({ exit, out, code: error.split(':')[0] }).toEqual({ exit: 1, out: '', code });
    expect(error).toContain(`"${file}"`);
    expect(error).toMatch(value);
    expect(error).toMatch(new RegExp(`Safe: .*[.]\\n\\s+Next: .*${remedy.source}`));
    expect(error).not.toContain('correct-horse');
    expect(error).not.toMatch(/\n\s+at /);
    expect(watched.connections()).toBe(0);
  });

  it.skipIf(!hasLegacy)('A21: an RC2-40 PFX, which Node itself refuses, is opened by other means, and its wrong password is refused as any other (skipped where openssl cannot make one)', async () => {
    const probe = (password: string) => octopusRotation(['probe', '127.0.0.1:1', '--pfx', 'rc2.pfx', '--pfx-password-env', 'PFX_PASSWORD', '--json'], { folder, env: { PFX_PASSWORD: password } });
    const thumbprint = execFileSync('openssl', ['x509', '-in', 'certificate.pem', '-noout', '-fingerprint', '-sha1'], { cwd: folder, encoding: 'utf8' }).split('=')[1]!.trim().replaceAll(':', '');
    const opened = await probe('correct-horse');
    expect(opened.code).toBe(5);
    expect(JSON.parse(opened.out)).toMatchObject({ certificate: thumbprint, verdict: 'inconclusive' });
    expect(await probe('wrong')).toMatchObject({ code: 1, out: '', error: expect.stringMatching(/^PFX_WRONG_PASSWORD: /) as string });
  });

  it('A19: a thumbprint with U+200E in it is refused with the character named, and never printed raw', async () => {
    const { code, out, error } = await octopusRotation(['probe', watched.address, '--pfx', 'good.pfx', '--pfx-password-env', 'PFX_PASSWORD', '--peer', `\u200e${'AB'.repeat(20)}`], { folder, env: { PFX_PASSWORD: 'correct-horse' } });
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(/^THUMBPRINT_MALFORMED: "<U\+200E>(AB){20}"/);
    expect(error).toMatch(/invisible character/);
    expect(error).not.toContain('\u200e');
    expect(watched.connections()).toBe(0);
  });
});

describe('a Tentacle that speaks something else, asked by the probe', () => {
  const probe = (address: string) => octopusRotation(['probe', address, '--pfx', 'A.pfx', '--json'], { folder: fixtures });
  const identity = () => ({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'certificate.pem')) });

  it.each<[string, () => Promise<string>]>([
    ['plain HTTP', () => listen(createHttpServer((_request, response) => response.end('It works')))],
    ['a banner without TLS (SSH)', () => listen(createTcpServer((socket) => { socket.on('error', () => undefined); socket.write('SSH-2.0-OpenSSH_9.2\r\n'); }))],
    ['a service that hangs up at once', async () => (await watchedPort()).address],
    ['a TLS service with another protocol (HTTPS)', () => listen(createTlsServer(identity(), (socket) => { socket.on('error', () => undefined); socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')); }))],
    ['nothing at all', () => Promise.resolve('127.0.0.1:1')],
  ])('A36: %s is inconclusive (exit code 5), and never called trusted or not trusted', async (_name, address) => {
    const at = await address();
    const { code, out, error } = await probe(at);
    expect({ code, error }).toEqual({ code: 5, error: '' });
    const verdict = JSON.parse(out) as { verdict: string; reason: string; port: number };
    expect(verdict).toMatchObject({ verdict: 'inconclusive', port: Number(at.split(':')[1]) });
    expect(verdict.reason).toMatch(/\w/);
    const { out: told } = await octopusRotation(['probe', at, '--pfx', 'A.pfx'], { folder: fixtures });
    expect(told).toMatch(/^inconclusive: .*This says nothing about trust\.\n$/);
  });

  it('A36: another certificate than the one expected is a wrong peer (exit code 4), and gets not one byte', async () => {
    let bytes = 0;
    const address = await listen(createTlsServer(identity(), (socket) => { socket.on('error', () => undefined).on('data', (data: Buffer) => { bytes += data.length; }); }));
    const { code, out } = await octopusRotation(['probe', address, '--pfx', 'A.pfx', '--peer', 'AB'.repeat(20)], { folder: fixtures });
    expect({ code, bytes }).toEqual({ code: 4, bytes: 0 });
    expect(out).toMatch(/^wrong peer: .* not (AB){20}\. Nothing was sent\.\n$/);
  });
});

describe('a server that answers HTML', () => {
  const requests: { method: string; url: string }[] = [];
  let url = '';
  const env = { OCTOPUS_KEY: 'API-CANARYCANARYCANARYCANARYCANARYCA' };
  beforeAll(async () => {
    url = `http://${await listen(createHttpServer((request, response) => {
      requests.push({ method: request.method ?? '', url: request.url ?? '' });
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Sign in</title>');
    }))}`;
  });

  it.each([
    ['install', ['--environment', 'Octopus', '--host-tentacle', 'octopus-01']],
    ['status', []],
  ])('is refused by %s, which says what answered, and writes nothing', async (command, more) => {
    requests.length = 0;
    const { code, out, error } = await octopusRotation([command, '--server', url, '--api-key-env', 'OCTOPUS_KEY', '--space', 'Default', ...more], { folder, env });
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(/^OCTOPUS_NOT_JSON: .*"text\/html" instead of JSON.*<!doctype html><title>Sign in<\/title>/);
    expect(error).toContain(url);
    expect(error).toMatch(/Next: .*Give the address of Octopus Server itself/);
    expect(error).not.toContain('CANARY');
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('is refused as well where no variable holds a key, without a request', async () => {
    requests.length = 0;
    const { code, error } = await octopusRotation(['status', '--server', url, '--api-key-env', 'NOT_SET', '--space', 'Default'], { folder });
    expect(code).toBe(1);
    expect(error).toMatch(/^CLI_VARIABLE_MISSING: .*NOT_SET/);
    expect(requests).toEqual([]);
  });
});
