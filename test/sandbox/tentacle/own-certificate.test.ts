import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromPfx } from '../../../src/sandbox/server/certificate.ts';
import { TentacleConfiguration } from '../../../src/sandbox/tentacle/configuration.ts';
import type { TentacleTrouble } from '../../../src/sandbox/tentacle/command.ts';
import { signatureAlgorithmOf } from '../../../src/sandbox/tentacle/thumbprint.ts';
import { X509Certificate } from 'node:crypto';
import { newRoot, tentacle } from './host.ts';

const pfxOf = (name: string) => join(import.meta.dirname, '../../conformance/fixtures/certificates', `${name}.pfx`);
const thumbprintOf = (name: string) => fromPfx(readFileSync(pfxOf(name)), null).certificate.thumbprint;
const [T, B] = [thumbprintOf('T'), thumbprintOf('B')];

let root: string;
let store: string;
beforeEach(async () => {
  root = newRoot();
  store = join(root, 'root', '.dotnet', 'corefx', 'cryptography', 'x509stores', 'my');
  await run('create-instance', `--config=${configPath()}`, '--instance=Tentacle');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const configPath = () => join(root, 'Tentacle.config');
const configuration = () => new TentacleConfiguration(configPath());
const run = (...args: string[]) => tentacle(root, args);
const withTrouble = (trouble: TentacleTrouble, ...args: string[]) => tentacle(root, args, { strikes: (asked) => asked === trouble });
const old = (...args: string[]) => tentacle(root, args, { version: '3.12.4' });
const shown = async () => (await run('show-thumbprint', '--instance=Tentacle')).stdout;
const importing = (name: string) => run('import-certificate', '--instance=Tentacle', `--from-file=${pfxOf(name)}`);

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: root, stdio: 'ignore' });
}

describe("Where a Tentacle's own certificate is kept", () => {
  test('B1: the configuration holds it protected by the machine, so that it cannot be exported from there', async () => {
    await importing('T');
    const value = configuration().get('Tentacle.Certificate') ?? '';
    expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(() => fromPfx(Buffer.from(value, 'base64'), null)).toThrow();
    expect(configuration().get('Tentacle.CertificateThumbprint')).toBe(T);
    expect(await shown()).toBe(T);
    expect(readFileSync(join(root, 'etc', 'octopus', 'machinekey'), 'utf8')).toMatch(/^[A-Za-z0-9+/=]{44}\.[A-Za-z0-9+/=]{24}$/);
    rmSync(join(root, 'etc', 'octopus', 'machinekey'));
    rmSync(store, { recursive: true });
    const elsewhere = await run('show-thumbprint', '--instance=Tentacle');
    expect([elsewhere.exit, elsewhere.stdout]).toEqual([100, '']);
    expect(elsewhere.stderr).toContain("Unable to parse configuration key 'Tentacle.Certificate' as a 'String'.");
  });

  test('the first look puts it into the x509stores of the user, for that user alone; an import does not', async () => {
    await importing('T');
    expect(existsSync(store)).toBe(false);
    await shown();
    expect(readdirSync(store)).toEqual([`${T}.pfx`]);
    expect([statSync(store).mode & 0o777, statSync(join(store, `${T}.pfx`)).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(fromPfx(readFileSync(join(store, `${T}.pfx`)), null).certificate.thumbprint).toBe(T);
    await importing('B');
    expect(await shown()).toBe(B);
    expect(readdirSync(store).sort()).toEqual([`${B}.pfx`, `${T}.pfx`].sort());
  });

  test('B1: the store is preferred to the value in the configuration, by the thumbprint that the configuration names', async () => {
    await importing('T');
    await shown();
    const before = { certificate: configuration().get('Tentacle.Certificate') ?? '', thumbprint: T };
    await importing('B');
    configuration().set({ 'Tentacle.CertificateThumbprint': before.thumbprint });
    expect(await shown()).toBe(T);
    // Without the file in the store it is the value that counts, whatever the name says: half of a way back is none.
    rmSync(join(store, `${T}.pfx`));
    expect(await shown()).toBe(B);
    configuration().set({ 'Tentacle.Certificate': before.certificate });
    expect(await shown()).toBe(T);
    expect(readdirSync(store).sort()).toEqual([`${B}.pfx`, `${T}.pfx`].sort());
  });

  test('a file in the store is found by what is in it, not by its name, and what cannot be read is passed over', async () => {
    await importing('T');
    await shown();
    renameSync(join(store, `${T}.pfx`), join(store, `${B}.pfx`));
    writeFileSync(join(store, '0.pfx'), 'no certificate');
    configuration().set({ 'Tentacle.CertificateThumbprint': B });
    expect(await shown()).toBe(T);
  });

  test('without the thumbprint in the configuration there is no certificate, though its value is there', async () => {
    await importing('T');
    configuration().set({ 'Tentacle.CertificateThumbprint': '' });
    expect(await run('show-thumbprint', '--instance=Tentacle', '--format=json')).toMatchObject({ exit: 0, stdout: '{"Thumbprint":null}' });
    expect((await run('new-certificate', '--instance=Tentacle', '--if-blank')).stdout).toContain('A new certificate has been generated and installed.');
  });

  test('--if-blank and show-configuration see the certificate that would be presented', async () => {
    await importing('T');
    expect(await run('new-certificate', '--instance=Tentacle', '--if-blank')).toEqual({ exit: 0, stdout: 'A certificate already exists, no changes will be applied.\n', stderr: '' });
    expect(JSON.parse((await run('show-configuration', '--instance=Tentacle')).stdout)).toMatchObject({ Tentacle: { CertificateThumbprint: T } });
    expect(await run('new-certificate', '--instance=Tentacle', '--if-blank', '--export-pfx=x.pfx')).toMatchObject({ exit: 1, stderr: 'Invalid command: --if-blank and --export-pfx cannot be specified together\n' });
  });
});

describe('new-certificate', () => {
  test('B1: exports a certificate that is known before it is used, and changes nothing', async () => {
    await importing('T');
    const before = readFileSync(configPath(), 'utf8');
    const path = join(root, 'new.pfx');
    const { exit, stdout } = await run('new-certificate', '--instance=Tentacle', `--export-pfx=${path}`, '--pfx-password=secret word');
    const [, thumbprint = ''] = /Thumbprint:\n([0-9A-F]{40})\n$/.exec(stdout) ?? [];
    expect([exit, fromPfx(readFileSync(path), 'secret word').certificate.thumbprint]).toEqual([0, thumbprint]);
    expect(stdout).not.toContain('restart');
    expect(() => fromPfx(readFileSync(path), 'wrong')).toThrow('password may be incorrect');
    expect(readFileSync(configPath(), 'utf8')).toBe(before);
    expect(await run('import-certificate', '--instance=Tentacle', `--from-file=${path}`, '--pfx-password=secret word')).toMatchObject({ exit: 0 });
    expect(await shown()).toBe(thumbprint);
  });

  test('B6: comes out with SHA-1 where it is told to be an old Windows, without a word about it', async () => {
    const { exit, stdout } = await withTrouble('sha1Certificates', 'new-certificate', '--instance=Tentacle', `--export-pfx=${join(root, 'n.pfx')}`, '--pfx-password=p');
    expect([exit, stdout.toLowerCase().includes('sha')]).toEqual([0, false]);
    expect(signatureAlgorithmOf(new X509Certificate(fromPfx(readFileSync(join(root, 'n.pfx')), 'p').certificate.certificatePem).raw)).toBe('sha1RSA');
  });

  test('leaves an empty file and exit code 100 on a full disk; a file that is there is lost', async () => {
    writeFileSync(join(root, 'n.pfx'), 'something else');
    const full = await withTrouble('diskFull', 'new-certificate', '--instance=Tentacle', `--export-pfx=${join(root, 'n.pfx')}`, '--pfx-password=p');
    expect([full.exit, full.stdout]).toEqual([100, '']);
    expect(full.stderr).toContain(`No space left on device : '${join(root, 'n.pfx')}'`);
    expect(readFileSync(join(root, 'n.pfx'), 'utf8')).toBe('');
    expect(await run('new-certificate', '--instance=Tentacle', `--export-pfx=${join(root, 'none', 'n.pfx')}`)).toMatchObject({ exit: 100, stderr: expect.stringContaining('Could not find a part of the path') });
  });

  test('of a Tentacle that is too old does not know --export-pfx, and installs nothing', async () => {
    await importing('T');
    expect(await old('new-certificate', '--instance=Tentacle', '--export-pfx=n.pfx', '--pfx-password=p')).toEqual({ exit: 1, stdout: '', stderr: 'Unrecognized command line arguments: --export-pfx=n.pfx --pfx-password=p\n' });
    expect((await old('show-thumbprint', '--instance=Tentacle')).stdout).toMatch(new RegExp(`^Octopus Deploy: Tentacle version 3\\.12\\.4 .*\\nThe thumbprint of this Tentacle is: ${T}\\n$`));
    expect((await old('update-trust', '--instance=Tentacle')).exit).toBe(2);
    expect(await shown()).toBe(T);
  });
});

describe('import-certificate', () => {
  const refused = async (file: string, ...more: string[]) => {
    const before = readFileSync(configPath(), 'utf8');
    const result = await run('import-certificate', '--instance=Tentacle', `--from-file=${join(root, file)}`, ...more);
    expect(readFileSync(configPath(), 'utf8')).toBe(before);
    return result;
  };

  test('A33: takes the first of several certificates, which on Linux is the one without a key, and fails', async () => {
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k.pem', '-out', 'c.pem', '-subj', '/CN=Octopus Tentacle', '-days', '9');
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k2.pem', '-out', 'extra.pem', '-subj', '/CN=Extra', '-days', '9');
    openssl('pkcs12', '-export', '-inkey', 'k.pem', '-in', 'c.pem', '-certfile', 'extra.pem', '-out', 'two.pfx', '-passout', 'pass:p');
    const result = await refused('two.pfx', '--pfx-password=p');
    expect(result).toMatchObject({ exit: 100, stdout: expect.stringContaining('contains multiple certificates, taking the first one.') });
    expect(result.stderr).toContain('does not include the private key. Please make sure the private key is included');
    openssl('pkcs12', '-export', '-inkey', 'k.pem', '-in', 'c.pem', '-out', 'one.pfx', '-passout', 'pass:p');
    expect(await run('import-certificate', '--instance=Tentacle', `--from-file=${join(root, 'one.pfx')}`, '--pfx-password=p')).toMatchObject({ exit: 0 });
  });

  test('A20: refuses a certificate without a key, and one whose key is not RSA, with the same words', async () => {
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k.pem', '-out', 'c.pem', '-subj', '/CN=a', '-days', '9');
    openssl('pkcs12', '-export', '-nokeys', '-in', 'c.pem', '-out', 'keyless.pfx', '-passout', 'pass:');
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ek.pem', '-out', 'ec.pem', '-subj', '/CN=a', '-days', '9');
    openssl('pkcs12', '-export', '-inkey', 'ek.pem', '-in', 'ec.pem', '-out', 'ec.pfx', '-passout', 'pass:');
    for (const file of ['keyless.pfx', 'ec.pfx']) expect(await refused(file)).toMatchObject({ exit: 100, stderr: expect.stringContaining('does not include the private key') });
  });

  test('warns of a small key, and takes it', async () => {
    openssl('req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-keyout', 'k.pem', '-out', 'c.pem', '-subj', '/CN=a', '-days', '9');
    openssl('pkcs12', '-export', '-inkey', 'k.pem', '-in', 'c.pem', '-out', 'small.pfx', '-passout', 'pass:');
    expect(await run('import-certificate', '--instance=Tentacle', `--from-file=${join(root, 'small.pfx')}`)).toMatchObject({ exit: 0, stdout: expect.stringContaining('smaller than the currently-recommended bit length') });
  });

  test('takes whatever is not named .pfx for an old export first, and for a PFX when it is no base64', async () => {
    writeFileSync(join(root, 'T.txt'), `\uFEFF${readFileSync(pfxOf('T')).toString('base64')}`);
    expect((await run('import-certificate', '--instance=Tentacle', `--from-file=${join(root, 'T.txt')}`)).stdout).toContain(`Importing the certificate stored in ${join(root, 'T.txt')}...\nCertificate with thumbprint ${T} imported`);
    expect(readdirSync(store)).toEqual([`${T}.pfx`]);
    writeFileSync(join(root, 'B.bin'), readFileSync(pfxOf('B')));
    expect((await run('import-certificate', '--instance=Tentacle', `--from-file=${join(root, 'B.bin')}`)).stdout).toContain(`stored in ${join(root, 'B.bin')}...\nImporting the certificate stored in PFX file in ${join(root, 'B.bin')}...\n`);
    writeFileSync(join(root, 'bad.txt'), 'QUJD');
    expect(await refused('bad.txt')).toMatchObject({ exit: 100, stderr: expect.stringContaining('Unable to load certificate') });
  });

  test('told to fail, or on a full disk, ends with exit code 100 and has written nothing', async () => {
    await importing('T');
    for (const trouble of ['importFails', 'diskFull'] as const) {
      expect(await withTrouble(trouble, 'import-certificate', '--instance=Tentacle', `--from-file=${pfxOf('B')}`)).toMatchObject({ exit: 100 });
      expect(await shown()).toBe(T);
    }
  });

  test('B1: writes the certificate and then its name: whoever is killed in between presents what the store has', async () => {
    await importing('T');
    const writes: (string | null)[] = [];
    mkdirSync(join(root, 'root'), { recursive: true });
    await tentacle(root, ['import-certificate', '--instance=Tentacle', `--from-file=${pfxOf('B')}`], { configurationWritten: () => { writes.push(configuration().get('Tentacle.CertificateThumbprint')); } });
    expect(writes).toEqual([T, B]);
  });
});
