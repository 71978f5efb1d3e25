import { createHash, X509Certificate } from 'node:crypto';
import { certificateErrors } from '../errors/certificates.ts';
import type { CertificateFacts } from './contract.ts';
import type { Thumbprint } from './thumbprint.ts';

/**
 * Facts of one certificate, DER or PEM. Thumbprint and SHA-256 are taken over the DER as it is (octopus-server-cli.md section 9).
 * Throws CERTIFICATE_UNREADABLE.
 */
export function certificateFactsOf(certificate: Uint8Array | string): CertificateFacts {
  const parsed = parse(certificate);
  const der = parsed.raw;
  return {
    thumbprint: digest('sha1', der) as Thumbprint,
    sha256: digest('sha256', der),
    subject: parsed.subject.split('\n').join(', '),
    notBefore: new Date(parsed.validFrom).toISOString(),
    notAfter: new Date(parsed.validTo).toISOString(),
    signatureAlgorithm: signatureAlgorithmOf(der),
    key: keyOf(parsed),
  };
}

function parse(certificate: Uint8Array | string): X509Certificate {
  try {
    return new X509Certificate(typeof certificate === 'string' ? certificate : Buffer.from(certificate));
  } catch (error) {
    throw certificateErrors.CERTIFICATE_UNREADABLE({ bytes: certificate.length }, error);
  }
}

function digest(algorithm: 'sha1' | 'sha256', der: Uint8Array): string {
  return createHash(algorithm).update(der).digest('hex').toUpperCase();
}

function keyOf(parsed: X509Certificate): CertificateFacts['key'] {
  const key = parsed.publicKey;
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') return { type: 'RSA', bits: details?.modulusLength ?? 0 };
  if (key.asymmetricKeyType === 'ec') return { type: 'EC', bits: CURVE_BITS[details?.namedCurve ?? ''] ?? 0 };
  return { type: 'other', bits: 0 };
}

const CURVE_BITS: Record<string, number> = { prime256v1: 256, secp256k1: 256, secp384r1: 384, secp521r1: 521 };

/** .NET's friendly names (System.Security.Cryptography.Oid), as Octopus' REST shows them. */
const FRIENDLY: Record<string, string> = {
  '1.2.840.113549.1.1.4': 'md5RSA',
  '1.2.840.113549.1.1.5': 'sha1RSA',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.113549.1.1.11': 'sha256RSA',
  '1.2.840.113549.1.1.12': 'sha384RSA',
  '1.2.840.113549.1.1.13': 'sha512RSA',
  '1.2.840.10045.4.1': 'sha1ECDSA',
  '1.2.840.10045.4.3.2': 'sha256ECDSA',
  '1.2.840.10045.4.3.3': 'sha384ECDSA',
  '1.2.840.10045.4.3.4': 'sha512ECDSA',
};

/** Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OID, ... }, ... } (RFC 5280 section 4.1). Node 20 does not show it. */
function signatureAlgorithmOf(der: Uint8Array): string {
  const whole = element(der, 0);
  const signed = element(der, whole.start);
  const algorithm = element(der, signed.end);
  const oid = element(der, algorithm.start);
  const dotted = dottedOid(der.subarray(oid.start, oid.end));
  return FRIENDLY[dotted] ?? dotted;
}

/** Where the content of the DER element at `offset` begins and ends. */
function element(der: Uint8Array, offset: number): { start: number; end: number } {
  const first = der[offset + 1]!;
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first };
  const count = first & 0x7f;
  const length = der.subarray(offset + 2, offset + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return { start: offset + 2 + count, end: offset + 2 + count + length };
}

function dottedOid(bytes: Uint8Array): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of bytes) {
    part = part * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(part);
      part = 0;
    }
  }
  const first = parts.shift() ?? 0;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...parts].join('.');
}
