import { createPrivateKey, X509Certificate } from 'node:crypto';
import type Forge from 'node-forge';
import { pfxErrors } from '../errors/certificates.ts';
import { certificateFactsOf } from './certificate.ts';
import type { OpenedPfx } from './contract.ts';

/**
 * Opens a PFX and gives certificate and key as PEM, whatever its encryption (RC2-40 too, which Node's own TLS refuses: A21).
 * An empty password means "no password": .NET and OpenSSL encode that differently, so both forms are tried.
 * Throws a pfxErrors refusal for anything but exactly one certificate with its RSA key and a MAC (A20, A33; octopus-server-cli.md section 9).
 */
export async function openPfx(bytes: Uint8Array, password: string, path: string): Promise<OpenedPfx> {
  const forge = await loadForge();
  const asn1 = parseAsn1(forge, bytes, path);
  // PFX ::= SEQUENCE { version, authSafe, macData OPTIONAL } (RFC 7292 section 4)
  if (!Array.isArray(asn1.value) || asn1.value.length < 2) throw pfxErrors.PFX_NOT_A_PFX({ path });
  if (asn1.value.length < 3) throw pfxErrors.PFX_NO_MAC({ path });
  const pfx = decrypt(forge, asn1, password, path);

  const certificates = bags(pfx, forge.pki.oids.certBag!);
  const keys = [...bags(pfx, forge.pki.oids.pkcs8ShroudedKeyBag!), ...bags(pfx, forge.pki.oids.keyBag!)];
  if (certificates.length > 1) throw pfxErrors.PFX_SEVERAL_CERTIFICATES({ path, count: certificates.length });
  const certificateBag = certificates[0];
  if (certificateBag === undefined) throw pfxErrors.PFX_NO_CERTIFICATE({ path });
  const der = derOf(forge, certificateBag);
  const facts = certificateFactsOf(der);
  if (keys.length === 0) throw pfxErrors.PFX_NO_KEY({ path });
  if (keys.length > 1) throw pfxErrors.PFX_SEVERAL_KEYS({ path, count: keys.length });
  const key = keys[0]?.key;
  if (!key || facts.key.type !== 'RSA') throw pfxErrors.PFX_KEY_NOT_RSA({ path, type: facts.key.type });

  const keyPem = forge.pki.privateKeyToPem(key);
  const certificate = new X509Certificate(der);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) throw pfxErrors.PFX_KEY_MISMATCH({ path, thumbprint: facts.thumbprint });
  return { facts, identity: { keyPem, certificatePem: certificate.toString() }, hasMac: true, certificates: 1, keyMatches: true };
}

/** Loaded when first needed: a phase that opens no PFX must not pay for it. */
async function loadForge(): Promise<typeof Forge> {
  const loaded = await import('node-forge');
  return (loaded as { default?: typeof Forge }).default ?? (loaded as unknown as typeof Forge);
}

function parseAsn1(forge: typeof Forge, bytes: Uint8Array, path: string): Forge.asn1.Asn1 {
  try {
    return forge.asn1.fromDer(Buffer.from(bytes).toString('binary'));
  } catch (error) {
    throw pfxErrors.PFX_NOT_A_PFX({ path }, error);
  }
}

function decrypt(forge: typeof Forge, asn1: Forge.asn1.Asn1, password: string, path: string): Forge.pkcs12.Pkcs12Pfx {
  // The types want a text; undefined is what .NET's "no password" needs.
  const forms: (string | undefined)[] = password === '' ? [undefined, ''] : [password];
  const failures: string[] = [];
  for (const form of forms) {
    try {
      return forge.pkcs12.pkcs12FromAsn1(asn1, false, form as string);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  const told = failures.join(' ');
  if (/MAC could not be verified/.test(told)) throw pfxErrors.PFX_WRONG_PASSWORD({ path, given: password !== '' });
  if (/not an? PKCS#12 PFX|Cannot read PKCS#12/i.test(told)) throw pfxErrors.PFX_NOT_A_PFX({ path });
  if (/[^\x00-\x7f]/.test(password)) throw pfxErrors.PFX_PASSWORD_NOT_ASCII({ path });
  throw pfxErrors.PFX_UNSUPPORTED({ path, detail: failures[0] ?? '' });
}

function bags(pfx: Forge.pkcs12.Pkcs12Pfx, bagType: string): Forge.pkcs12.Bag[] {
  return pfx.getBags({ bagType })[bagType] ?? [];
}

/** forge leaves a certificate that it cannot interpret (EC) as ASN.1. */
function derOf(forge: typeof Forge, bag: Forge.pkcs12.Bag): Buffer {
  const asn1 = bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1;
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}
