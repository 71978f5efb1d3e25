import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { lintCertificate } from '../../src/certificates/lint.ts';
import { makeServerCertificate } from '../../src/certificates/make.ts';
import { openPfx } from '../../src/certificates/pfx.ts';
import { systemRandom } from '../../src/runners/ports/random.ts';

const now = new Date('2026-11-24T13:14:15Z');
const make = (keyBits: 2048 | 3072 | 4096, lifetimeYears = 100, random = systemRandom) => makeServerCertificate({ keyBits, lifetimeYears, now, random, password: 'p#{w}"\'$' });

describe('a certificate that is made here', () => {
  it.each([2048, 3072, 4096] as const)('RSA %i: opens with its password, and the linter finds nothing', async (keyBits) => {
    const opened = await openPfx(await make(keyBits), 'p#{w}"\'$', 'made.pfx');
    expect(opened.facts).toMatchObject({ subject: 'CN=Octopus Portal', signatureAlgorithm: 'sha256RSA', key: { type: 'RSA', bits: keyBits } });
    expect(opened).toMatchObject({ hasMac: true, certificates: 1, keyMatches: true });
    expect(lintCertificate(opened, now)).toEqual([]);
    const certificate = new X509Certificate(opened.identity.certificatePem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it('lasts from midnight of the day before, for as many years as asked', async () => {
    const { facts } = await openPfx(await make(2048, 7), 'p#{w}"\'$', 'made.pfx');
    expect([facts.notBefore, facts.notAfter]).toEqual(['2026-11-23T00:00:00.000Z', '2033-11-24T00:00:00.000Z']);
  });

  it('does not open with another password', async () => {
    await expect(openPfx(await make(2048), 'another', 'made.pfx')).rejects.toMatchObject({ code: 'PFX_WRONG_PASSWORD' });
  });

  it.each([0x00, 0xff])('has a serial number that is positive and not shortened, also of random bytes %i', async (byte) => {
    const opened = await openPfx(await make(2048, 1, { bytes: (length) => new Uint8Array(length).fill(byte) }), 'p#{w}"\'$', 'made.pfx');
    const serial = new X509Certificate(opened.identity.certificatePem).serialNumber;
    expect(serial).toMatch(/^[4-7][0-9A-F]{15}$/);
  });
});
