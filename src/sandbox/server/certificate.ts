import { createHash, createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync, randomBytes, X509Certificate, type KeyPairKeyObjectResult } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate with its key. `thumbprint` = SHA-1 of the DER, 40 upper-case hex digits. */
export interface CertificateWithKey {
  thumbprint: string;
  subject: string;
  certificatePem: string;
  keyPem: string;
}

/** What differs from the certificates that Octopus makes today. */
export interface CertificateKind {
  now?: Date;
  keys?: KeyPairKeyObjectResult;
  /** SHA-1 until 3.14, and on old Windows (failure-modes.md B6). */
  digest?: 'sha1' | 'sha256';
  notAfter?: Date;
}

export class UnreadablePfx extends Error {
  override name = 'UnreadablePfx';
}

export function thumbprintOf(der: Buffer): string {
  return createHash('sha1').update(der).digest('hex').toUpperCase();
}

const dayMs = 86_400_000;

const rsa = { modulusLength: 2048, publicExponent: 0x10001 };

/** A key pair made beside whatever else goes on: making ten of them is most of the time that a sandbox takes to be made. */
export function makeKeyPair(): Promise<KeyPairKeyObjectResult> {
  return promisify(generateKeyPair)('rsa', rsa);
}

/**
 * As Octopus makes them: RSA 2048, SHA-256, self-signed, no extensions, NotBefore = UTC midnight less one day, NotAfter = today +
 * 100 years (octopus-server-cli.md section 9, CertificateGenerator.cs).
 */
export function generateCertificate(commonName: string, { now = new Date(), keys, digest = 'sha256', notAfter }: CertificateKind = {}): CertificateWithKey {
  const { privateKey, publicKey } = keys ?? generateKeyPairSync('rsa', rsa);
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = forge.pki.createCertificate();
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const end = new Date(midnight);
  end.setUTCFullYear(end.getUTCFullYear() + 100);
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(midnight - dayMs);
  certificate.validity.notAfter = notAfter ?? end;
  const name = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  certificate.sign(forge.pki.privateKeyFromPem(keyPem), digest === 'sha1' ? forge.md.sha1.create() : forge.md.sha256.create());
  return withKey(forge.pki.certificateToPem(certificate), keyPem);
}

/** A certificate and its key, as PEM. */
export function withKey(certificatePem: string, keyPem: string): CertificateWithKey {
  const x509 = new X509Certificate(certificatePem);
  return { thumbprint: thumbprintOf(x509.raw), subject: x509.subject.split('\n').join(', '), certificatePem: x509.toString(), keyPem };
}

/** 3DES for key and certificate, SHA-1 MAC, as .NET's `Export(Pkcs12)` does. `null` = no password. */
export function toPfx(certificate: CertificateWithKey, password: string | null): Buffer {
  const key = forge.pki.privateKeyFromPem(certificate.keyPem);
  const x509 = forge.pki.certificateFromPem(certificate.certificatePem);
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, [x509], password, { algorithm: '3des', count: 2000 });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

function parsePfx(pfx: Buffer, password: string | null): forge.pkcs12.Pkcs12Pfx {
  const candidates = password === null || password === '' ? [undefined, ''] : [password];
  let failure: unknown;
  for (const candidate of candidates) {
    try {
      const asn1 = forge.asn1.fromDer(forge.util.createBuffer(pfx.toString('binary')));
      return candidate === undefined ? forge.pkcs12.pkcs12FromAsn1(asn1, false) : forge.pkcs12.pkcs12FromAsn1(asn1, false, candidate);
    } catch (error) {
      failure = error;
    }
  }
  const text = failure instanceof Error ? failure.message : String(failure);
  throw new UnreadablePfx(/password|MAC|decrypt/i.test(text) ? 'The certificate data cannot be read with the provided password, the password may be incorrect.' : 'ASN1 corrupted data.');
}

interface PfxCertificate { subject: string; certificatePem: string; /** Its RSA key, as PKCS#8; null without one. */ keyPem: string | null }

/** The certificates in a PFX in its own order, each with its RSA key. Throws {@link UnreadablePfx}. */
function readPfx(pfx: Buffer, password: string | null): PfxCertificate[] {
  const parsed = parsePfx(pfx, password);
  const bagsOf = (type: string) => parsed.getBags({ bagType: type })[type] ?? [];
  const keys = [...bagsOf(forge.pki.oids.pkcs8ShroudedKeyBag as string), ...bagsOf(forge.pki.oids.keyBag as string)].flatMap((bag) => {
    if (bag.key) return [forge.pki.privateKeyToPem(bag.key)];
    return bag.asn1 ? [derToPem(bag.asn1)] : [];
  });
  const spki = (key: ReturnType<typeof createPublicKey>) => key.export({ type: 'spki', format: 'der' }).toString('hex');
  return bagsOf(forge.pki.oids.certBag as string).map((bag) => {
    // forge reads only RSA certificates; of the others it gives what is in the bag.
    const certificatePem = bag.cert ? forge.pki.certificateToPem(bag.cert) : new X509Certificate(Buffer.from(forge.asn1.toDer(bag.asn1 as forge.asn1.Asn1).getBytes(), 'binary')).toString();
    const x509 = new X509Certificate(certificatePem);
    const key = x509.publicKey.asymmetricKeyType === 'rsa' ? keys.find((pem) => spki(createPublicKey(createPrivateKey(pem))) === spki(x509.publicKey)) : undefined;
    return { subject: x509.subject.split('\n').join(', '), certificatePem, keyPem: key === undefined ? null : createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString() };
  });
}

/**
 * The certificates in a PFX in the order in which .NET on Linux gives them: those without a key come first
 * (octopus-server-cli.md section 9). Throws {@link UnreadablePfx} with .NET's wording for a wrong password or other data.
 */
export function certificatesIn(pfx: Buffer, password: string | null): PfxCertificate[] {
  const certificates = readPfx(pfx, password);
  return [...certificates.filter(({ keyPem }) => keyPem === null), ...certificates.filter(({ keyPem }) => keyPem !== null)];
}

/**
 * Reads a PFX as the server's `import-certificate` does: the first certificate and its RSA key. `several` when there are more.
 * Throws {@link UnreadablePfx} with .NET's wording for a wrong password, other data, no private key, or a key that is not RSA.
 */
export function fromPfx(pfx: Buffer, password: string | null): { certificate: CertificateWithKey; several: boolean } {
  const certificates = readPfx(pfx, password);
  const [first] = certificates;
  if (!first) throw new UnreadablePfx('The PFX file holds no certificate.');
  if (first.keyPem !== null) return { certificate: withKey(first.certificatePem, first.keyPem), several: certificates.length > 1 };
  if (new X509Certificate(first.certificatePem).publicKey.asymmetricKeyType !== 'rsa') throw new UnreadablePfx('The certificate in the PFX file does not have an RSA key.');
  throw new UnreadablePfx(`The X509 certificate ${first.subject} was loaded but the private key was not loaded.`);
}

function derToPem(asn1: forge.asn1.Asn1): string {
  const der = Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

/** The certificate that a new sandbox starts with. */
export function createServerCertificate(keys?: KeyPairKeyObjectResult): CertificateWithKey {
  return generateCertificate('Octopus Portal', keys === undefined ? {} : { keys });
}
