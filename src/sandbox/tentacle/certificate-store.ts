import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { thumbprintOf } from './thumbprint.ts';

/** A certificate with its key as this Tentacle has it: PFX without password. `thumbprint` is that of the certificate itself. */
export interface LoadedCertificate { pfx: Buffer; der: Buffer; thumbprint: string }

/** What was read already, by the bytes: the ground truth asks often. */
const known = new Map<string, LoadedCertificate>();
const mostKnown = 500;

/**
 * Reads a PFX without password, with its private key.
 * @throws when OpenSSL cannot read it, or it has no private key.
 */
export function loadPfx(pfx: Buffer): LoadedCertificate {
  const key = createHash('sha256').update(pfx).digest('base64');
  const found = known.get(key);
  if (found) return found;
  // Not in the type definitions, but the only way to read a PFX without another library.
  const { context } = createSecureContext({ pfx, passphrase: '' }) as unknown as { context: { getCertificate(): Buffer } };
  const der = context.getCertificate();
  const loaded = { pfx, der, thumbprint: thumbprintOf(der) };
  if (known.size >= mostKnown) known.clear();
  known.set(key, loaded);
  return loaded;
}

/**
 * .NET's store `My` of a user on Linux: one PFX a certificate in `~/.dotnet/corefx/cryptography/x509stores/my`, named by thumbprint
 * when .NET writes it, but found by what is in it (tentacle-trust.md section 9). What cannot be read is passed over.
 */
export class CertificateStore {
  readonly folder: string;

  constructor(userHome: string) {
    this.folder = join(userHome, '.dotnet', 'corefx', 'cryptography', 'x509stores', 'my');
  }

  find(thumbprint: string): LoadedCertificate | null {
    const wanted = thumbprint.trim().toUpperCase();
    return this.certificates().find((certificate) => certificate.thumbprint === wanted) ?? null;
  }

  /** Every certificate in it that can be read, by the name of its file. */
  certificates(): LoadedCertificate[] {
    return this.#names().flatMap((name) => {
      try {
        return [loadPfx(readFileSync(join(this.folder, name)))];
      } catch {
        return [];
      }
    });
  }

  /** Nothing when it is there already. */
  add(certificate: LoadedCertificate): void {
    if (this.find(certificate.thumbprint)) return;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    chmodSync(this.folder, 0o700);
    let path = join(this.folder, `${certificate.thumbprint}.pfx`);
    for (let count = 1; existsSync(path); count += 1) path = join(this.folder, `${certificate.thumbprint}.${count}.pfx`);
    writeFileSync(path, certificate.pfx, { mode: 0o600 });
  }

  #names(): string[] {
    try {
      return readdirSync(this.folder).filter((name) => name.toLowerCase().endsWith('.pfx')).sort();
    } catch {
      return [];
    }
  }
}
