import { createHash } from 'node:crypto';

/** SHA-1 of the DER, 40 upper-case hex digits. */
export function thumbprintOf(der: Buffer): string {
  return createHash('sha1').update(der).digest('hex').toUpperCase();
}

const algorithms: Record<string, string> = { '05': 'sha1RSA', '0b': 'sha256RSA', '0c': 'sha384RSA', '0d': 'sha512RSA' };

/** .NET's friendly name of the signature algorithm, read from the object identifier 1.2.840.113549.1.1.x in the certificate. */
export function signatureAlgorithmOf(der: Buffer): string {
  const at = der.lastIndexOf(Buffer.from('06092a864886f70d0101', 'hex'));
  return algorithms[der.subarray(at + 10, at + 11).toString('hex')] ?? 'unknown';
}
