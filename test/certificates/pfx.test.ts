import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintCertificate } from '../../src/certificates/lint.ts';
import { openPfx } from '../../src/certificates/pfx.ts';
import { certificateFactsOf } from '../../src/certificates/certificate.ts';
import type { OpenedPfx } from '../../src/certificates/contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'rotation-pfx-'));
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
const hasLegacy = spawnSync('openssl', ['list', '-providers', '-provider', 'legacy']).status === 0;

function selfSigned(name: string, key: string[], ...more: string[]): void {
  openssl('req', '-x509', '-newkey', ...key, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`, '-days', '3650', ...more);
}
function pfx(name: string, ...args: string[]): void {
  openssl('pkcs12', '-export', '-out', name, ...args);
}
const open = (name: string, password: string) => openPfx(readFileSync(at(name)), password, name);
const thumbprintOf = (name: string) => createHash('sha1').update(new X509Certificate(readFileSync(at(name))).raw).digest('hex').toUpperCase();

beforeAll(() => {
  selfSigned('one', ['rsa:2048']);
  selfSigned('two', ['rsa:2048']);
  selfSigned('curve', ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']);
  const one = ['-inkey', 'one.key', '-in', 'one.crt'];
  pfx('aes.pfx', ...one, '-passout', 'pass:secret');
  pfx('3des.pfx', ...one, '-passout', 'pass:secret', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1');
  pfx('plain.pfx', ...one, '-passout', 'pass:');
  pfx('nomac.pfx', ...one, '-passout', 'pass:', '-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE');
  pfx('several.pfx', ...one, '-certfile', 'two.crt', '-passout', 'pass:secret');
  pfx('nokey.pfx', '-nokeys', '-in', 'one.crt', '-passout', 'pass:secret');
  pfx('curve.pfx', '-inkey', 'curve.key', '-in', 'curve.crt', '-passout', 'pass:secret');
  writeFileSync(at('text.pfx'), '-----BEGIN CERTIFICATE-----\n');
  writeFileSync(at('empty.pfx'), '');
  if (hasLegacy) pfx('rc2.pfx', ...one, '-legacy', '-passout', 'pass:secret');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('openPfx', () => {
  it.each(['aes.pfx', '3des.pfx'])('opens %s as openssl writes it', async (name) => {
    const opened = await open(name, 'secret');
    expect(opened).toMatchObject({ hasMac: true, certificates: 1, keyMatches: true });
    expect(opened.facts).toMatchObject({ thumbprint: thumbprintOf('one.crt'), subject: 'CN=one', signatureAlgorithm: 'sha256RSA', key: { type: 'RSA', bits: 2048 } });
    expect(new X509Certificate(opened.identity.certificatePem).raw).toEqual(new X509Certificate(readFileSync(at('one.crt'))).raw);
  });

  it.skipIf(!hasLegacy)('A21: opens an RC2-40 file, which Node\'s own TLS refuses (skipped where openssl has no legacy provider)', async () => {
    expect((await open('rc2.pfx', 'secret')).facts.thumbprint).toBe(thumbprintOf('one.crt'));
  });

  it('takes an empty password as "no password", in the form of OpenSSL', async () => {
    expect((await open('plain.pfx', '')).facts.thumbprint).toBe(thumbprintOf('one.crt'));
  });

  it('takes an empty password as "no password", in the form of .NET', async () => {
    const key = forge.pki.privateKeyFromPem(readFileSync(at('one.key'), 'utf8'));
    const certificate = forge.pki.certificateFromPem(readFileSync(at('one.crt'), 'utf8'));
    const asn1 = forge.pkcs12.toPkcs12Asn1(key, [certificate], null as unknown as string, { algorithm: '3des' });
    const opened = await openPfx(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary'), '', 'dotnet.pfx');
    expect(opened.facts.thumbprint).toBe(thumbprintOf('one.crt'));
  });

  const fixtures = join(import.meta.dirname, '..', 'conformance', 'fixtures', 'certificates');
  it.each(readdirSync(fixtures))('opens the golden %s', async (name) => {
    const opened = await openPfx(readFileSync(join(fixtures, name)), '', name);
    expect(opened.facts.thumbprint).toMatch(/^[0-9A-F]{40}$/);
    expect(opened.facts.thumbprint).toBe(certificateFactsOf(opened.identity.certificatePem).thumbprint);
  });

  it.each([
    ['aes.pfx', 'wrong', 'PFX_WRONG_PASSWORD'],
    ['aes.pfx', '', 'PFX_WRONG_PASSWORD'],
    ['aes.pfx', 'secret ', 'PFX_WRONG_PASSWORD'],
    ['plain.pfx', 'secret', 'PFX_WRONG_PASSWORD'],
    ['nomac.pfx', '', 'PFX_NO_MAC'],
    ['nomac.pfx', 'anything', 'PFX_NO_MAC'],
    ['several.pfx', 'secret', 'PFX_SEVERAL_CERTIFICATES'],
    ['nokey.pfx', 'secret', 'PFX_NO_KEY'],
    ['curve.pfx', 'secret', 'PFX_KEY_NOT_RSA'],
    ['text.pfx', 'secret', 'PFX_NOT_A_PFX'],
    ['empty.pfx', 'secret', 'PFX_NOT_A_PFX'],
  ])('A20, A33: %s with the password "%s" is refused as %s, with path and remedy', async (name, password, code) => {
    const refusal = await open(name, password).then(() => null, (error: unknown) => error as { code: string; message: string; next: string; stack?: string });
    expect(refusal).toMatchObject({ code, message: expect.stringContaining(name) as string });
    expect(refusal!.next.length).toBeGreaterThan(20);
    if (password.length > 3) expect(refusal!.message).not.toContain(password);
  });

  it('A20: a certificate in place of a PFX is refused as such', async () => {
    const der = new X509Certificate(readFileSync(at('one.crt'))).raw;
    await expect(openPfx(der, '', 'one.cer')).rejects.toMatchObject({ code: expect.stringMatching(/^PFX_(NOT_A_PFX|UNSUPPORTED)$/) as string });
  });

  it('A20: a key that belongs to another certificate is refused', async () => {
    const key = forge.pki.privateKeyFromPem(readFileSync(at('two.key'), 'utf8'));
    const certificate = forge.pki.certificateFromPem(readFileSync(at('one.crt'), 'utf8'));
    const asn1 = forge.pkcs12.toPkcs12Asn1(key, [certificate], 'secret', { algorithm: '3des' });
    await expect(openPfx(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary'), 'secret', 'mixed.pfx')).rejects.toMatchObject({ code: 'PFX_KEY_MISMATCH' });
  });

  it('A33: a wrong path with invisible characters in its name is shown harmlessly', async () => {
    await expect(openPfx(new Uint8Array(), '', 'a\u202eb.pfx')).rejects.toThrow(/a<U\+202E>b\.pfx/);
  });

  it('is not loaded before it is needed: node-forge stays out until a PFX is opened', () => {
    const source = readFileSync(join(import.meta.dirname, '..', '..', 'src', 'certificates', 'pfx.ts'), 'utf8');
    expect(source).not.toMatch(/^import (?!type)[^;]*node-forge/m);
  });
});

describe('lintCertificate', () => {
  const now = new Date('2026-11-24T00:00:00Z');
  const fit: OpenedPfx = {
    facts: { thumbprint: 'A'.repeat(40) as never, sha256: 'B'.repeat(64), subject: 'CN=x', notBefore: '2026-11-23T00:00:00.000Z', notAfter: '2126-11-24T00:00:00.000Z', signatureAlgorithm: 'sha256RSA', key: { type: 'RSA', bits: 2048 } },
    identity: { keyPem: '', certificatePem: '' }, hasMac: true, certificates: 1, keyMatches: true,
  };
  const codes = (facts: Partial<OpenedPfx['facts']>, rest: Partial<OpenedPfx> = {}) => lintCertificate({ ...fit, ...rest, facts: { ...fit.facts, ...facts } }, now).map((found) => found.code);

  it('finds nothing in what Octopus makes', () => expect(codes({})).toEqual([]));

  it('A20, A33: names every reason at once', () => {
    expect(codes({ signatureAlgorithm: 'sha1RSA', key: { type: 'RSA', bits: 1024 }, notAfter: '2026-11-23T12:00:00.000Z' }, { certificates: 2 }))
      .toEqual(['CERTIFICATE_WEAK_SIGNATURE', 'CERTIFICATE_SHORT_KEY', 'CERTIFICATE_NOT_ALONE', 'CERTIFICATE_EXPIRED']);
    expect(codes({ key: { type: 'EC', bits: 256 }, signatureAlgorithm: 'sha256ECDSA' })).toEqual(['CERTIFICATE_NOT_RSA']);
    expect(codes({ notBefore: '2026-11-25T00:00:00.000Z' })).toEqual(['CERTIFICATE_NOT_YET_VALID']);
    expect(codes({ notAfter: '2026-12-01T00:00:00.000Z' })).toEqual(['CERTIFICATE_EXPIRES_SOON']);
  });

  it('A20: a real SHA-1 certificate of 1024 bits is found unfit', async () => {
    openssl('req', '-x509', '-newkey', 'rsa:1024', '-sha1', '-nodes', '-keyout', 'weak.key', '-out', 'weak.crt', '-subj', '/CN=weak', '-days', '10');
    pfx('weak.pfx', '-inkey', 'weak.key', '-in', 'weak.crt', '-passout', 'pass:secret');
    const found = lintCertificate(await open('weak.pfx', 'secret'), new Date());
    expect(found.map((entry) => entry.code)).toEqual(['CERTIFICATE_WEAK_SIGNATURE', 'CERTIFICATE_SHORT_KEY', 'CERTIFICATE_EXPIRES_SOON']);
  });
});

describe('certificateFactsOf', () => {
  it('reads years past 2050', () => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey.export({ type: 'spki', format: 'pem' }) as string);
    certificate.serialNumber = '01';
    certificate.validity.notBefore = new Date('2026-11-03T00:00:00Z');
    certificate.validity.notAfter = new Date('2126-11-24T00:00:00Z');
    certificate.setSubject([{ name: 'commonName', value: 'Octopus Portal' }]);
    certificate.setIssuer([{ name: 'commonName', value: 'Octopus Portal' }]);
    certificate.sign(forge.pki.privateKeyFromPem(keys.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string), forge.md.sha512.create());
    expect(certificateFactsOf(forge.pki.certificateToPem(certificate))).toMatchObject({
      subject: 'CN=Octopus Portal', notBefore: '2026-11-03T00:00:00.000Z', notAfter: '2126-11-24T00:00:00.000Z', signatureAlgorithm: 'sha512RSA',
    });
  });

  it('A20: refuses what is no certificate', () => {
    expect(() => certificateFactsOf('nonsense')).toThrow(/not an X\.509 certificate/);
  });
});
