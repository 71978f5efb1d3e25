import type { OpenedPfx } from './contract.ts';

/** A certificate with less than this before it is worth nothing as a new one. */
const SOON_DAYS = 30;
const DAY = 86_400_000;
const LEAST_RSA_BITS = 2048;

/**
 * Every reason why a certificate is unfit to be the server's, all at once (A20, A33). Empty: fit. Pure.
 * Source: octopus-server-cli.md section 9; failure-modes.md A20 (SHA-1 since 2025.2/2025.3).
 */
export function lintCertificate(pfx: OpenedPfx, now: Date): { code: string; message: string }[] {
  const { facts } = pfx;
  const found: { code: string; message: string }[] = [];
  const add = (code: string, message: string) => found.push({ code, message });
  if (/^(md5|sha1)/.test(facts.signatureAlgorithm)) {
    add('CERTIFICATE_WEAK_SIGNATURE', `The certificate is signed with ${facts.signatureAlgorithm}; SHA-256 or better is needed (A20).`);
  }
  if (facts.key.type !== 'RSA') add('CERTIFICATE_NOT_RSA', `The certificate has a key of type ${facts.key.type}; Octopus can use RSA only (A20).`);
  else if (facts.key.bits < LEAST_RSA_BITS) add('CERTIFICATE_SHORT_KEY', `The RSA key has ${facts.key.bits} bits; at least ${LEAST_RSA_BITS} are needed (A20).`);
  if (pfx.certificates !== 1) add('CERTIFICATE_NOT_ALONE', `The PFX holds ${pfx.certificates} certificates; Octopus takes the first, so exactly one is needed (A33).`);
  if (!pfx.keyMatches) add('CERTIFICATE_KEY_MISMATCH', 'The private key in the PFX does not belong to its certificate (A20).');
  if (!pfx.hasMac) add('CERTIFICATE_NO_MAC', 'The PFX has no MAC, so nobody can tell whether it was changed.');
  const [from, to] = [Date.parse(facts.notBefore), Date.parse(facts.notAfter)];
  if (now.getTime() < from) add('CERTIFICATE_NOT_YET_VALID', `The certificate is valid from ${facts.notBefore} on, which is later than now.`);
  if (now.getTime() > to) add('CERTIFICATE_EXPIRED', `The certificate was valid until ${facts.notAfter}.`);
  else if (to - now.getTime() < SOON_DAYS * DAY) add('CERTIFICATE_EXPIRES_SOON', `The certificate is valid until ${facts.notAfter} only, less than ${SOON_DAYS} days.`);
  return found;
}
