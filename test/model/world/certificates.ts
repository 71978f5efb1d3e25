import { generateCertificate, toPfx, type CertificateWithKey } from '../../../src/sandbox/server/certificate.ts';

/** The certificates of every sequence, made once: what is tried here is who trusts them, not how they are made. */
export interface Certificates {
  old: CertificateWithKey;
  /** What `new-certificate` makes, one after the other. */
  made: readonly CertificateWithKey[];
  /** What an administrator imports. */
  foreign: CertificateWithKey;
}

/** Long enough ago for clocks that jump. */
const MADE = new Date('2026-10-01T00:00:00Z');

let shared: Certificates | null = null;

export function certificates(): Certificates {
  shared ??= { old: generateCertificate('Octopus Portal', { now: MADE }), made: [1, 2, 3, 4].map(() => generateCertificate('Octopus Portal', { now: MADE })), foreign: generateCertificate('Octopus Portal', { now: MADE }) };
  return shared;
}

export function allCertificates(): CertificateWithKey[] {
  const { old, made, foreign } = certificates();
  return [old, ...made, foreign];
}

const files = new Map<string, Buffer>();

/** A PFX of one of them; encrypted once per password. */
export function pfxOf(certificate: CertificateWithKey, password: string): Buffer {
  const known = `${certificate.thumbprint} ${password}`;
  const pfx = files.get(known) ?? toPfx(certificate, password);
  files.set(known, pfx);
  return pfx;
}

/** Which one a PFX holds; null when the password is not its own. */
export function inPfx(content: Buffer, password: string): CertificateWithKey | null {
  return allCertificates().find((one) => files.get(`${one.thumbprint} ${password}`)?.equals(content)) ?? null;
}
