import { generateKeyPairSync } from 'node:crypto';
import type { Random } from '../ports/random.ts';

export interface CertificateWish { keyBits: 2048 | 3072 | 4096; lifetimeYears: number; now: Date; random: Random; password: string }

/**
 * A server certificate like the one that Octopus Server makes (octopus-server-cli.md section 9): RSA, SHA-256, self-signed, subject
 * `CN=Octopus Portal`, valid from midnight UTC of the day before, no extensions. As a PFX with 3DES, which every Windows reads, a
 * MAC, exactly one certificate and its key.
 */
export async function makeServerCertificate({ keyBits, lifetimeYears, now, random, password }: CertificateWish): Promise<Uint8Array> {
  const { default: forge } = await import('node-forge');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyBits, publicExponent: 0x10001, privateKeyEncoding: { type: 'pkcs1', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const key = forge.pki.privateKeyFromPem(privateKey);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.rsa.setPublicKey(key.n, key.e);
  // A positive serial number of 64 bits that does not begin with a zero byte.
  const serial = Buffer.from(random.bytes(8));
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  certificate.serialNumber = serial.toString('hex');
  certificate.validity.notBefore = midnight(now, -1, 0);
  certificate.validity.notAfter = midnight(now, 0, lifetimeYears);
  const subject = [{ name: 'commonName', value: 'Octopus Portal' }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.sign(key, forge.md.sha256.create());
  const pfx = forge.pkcs12.toPkcs12Asn1(key, [certificate], password, { algorithm: '3des' });
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'binary');
}

function midnight(now: Date, days: number, years: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear() + years, now.getUTCMonth(), now.getUTCDate() + days));
}
