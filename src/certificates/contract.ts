/** What the certificates folder gives to others. Implemented in src/certificates/{pfx,lint,certificate}.ts. */
import type { ClientIdentity } from '../ports/network.ts';
import type { Thumbprint } from './thumbprint.ts';

export interface CertificateFacts {
  thumbprint: Thumbprint;
  sha256: string;
  subject: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  /** e.g. sha256WithRSAEncryption, in .NET's friendly form sha256RSA. */
  signatureAlgorithm: string;
  key: { type: 'RSA' | 'EC' | 'other'; bits: number };
}

export interface OpenedPfx { facts: CertificateFacts; identity: ClientIdentity; hasMac: boolean; certificates: number; keyMatches: boolean }

/** pfx.ts: opens a PFX with node-forge (RC2 included, A21), re-encodes to PEM. Throws pfxErrors: PFX_WRONG_PASSWORD, PFX_NOT_A_PFX, PFX_NO_KEY, PFX_NO_MAC, PFX_SEVERAL_CERTIFICATES (A33), PFX_KEY_NOT_RSA, PFX_KEY_MISMATCH ... */
export type OpenPfx = (bytes: Uint8Array, password: string, path: string) => Promise<OpenedPfx>;

/** lint.ts: every reason why a certificate is unfit to be the server's (A20, A33): SHA-1, RSA < 2048, EC, not yet valid, expired or soon. Pure. */
export type LintCertificate = (pfx: OpenedPfx, now: Date) => { code: string; message: string }[];

/** certificate.ts: facts of a DER or PEM certificate. Pure. */
export type CertificateFactsOf = (certificate: Uint8Array | string) => CertificateFacts;
