import { join } from 'node:path';
import { protectForMachine, unprotectForMachine } from '../machines/machine-key.ts';
import { CertificateStore, loadPfx, type LoadedCertificate } from './certificate-store.ts';
import { UnexpectedFailure } from './failures.ts';

/** The machine that a Tentacle is on, and whose store it uses; `userHome` null where the store is not part of the sandbox (Windows). */
export interface CertificatePlace { machineDir: string; userHome: string | null }

export const certificateKey = 'Tentacle.Certificate';
export const thumbprintKey = 'Tentacle.CertificateThumbprint';

interface Values { get(key: string): string | null; set(values: Record<string, string>): void }

/**
 * The home of whoever runs a Tentacle. Outside the sandbox nothing is ever written, so a home that is not below it, or none at all
 * as in a unit without `User=`, is that of the machine's root.
 */
export function userHomeOn(machineDir: string, sandboxHome: string, env: Record<string, string | undefined>): string {
  const home = env.HOME ?? '';
  return home === sandboxHome || home.startsWith(`${sandboxHome}/`) ? home : join(machineDir, 'root');
}

/**
 * The Tentacle's own certificate, as TentacleConfiguration.cs and CertificateEncoder.cs read and write it: `Tentacle.CertificateThumbprint`
 * names it; the user's store is asked first, by that thumbprint, and preferred; else it is `Tentacle.Certificate` (a PFX in base64,
 * protected by the machine's key), which is put into the store whenever it is loaded from there, whatever its own thumbprint.
 * Writing writes the certificate first, and then, on its own, the thumbprint.
 */
export class OwnCertificate {
  readonly #values: Values;
  readonly #place: CertificatePlace;

  constructor(values: Values, place: CertificatePlace) {
    this.#values = values;
    this.#place = place;
  }

  /**
   * Null when there is none: without a thumbprint the certificate is not looked at.
   * `keep` false only looks: nothing is put into the store.
   * @throws UnexpectedFailure when the value is another machine's, or is no PFX with a key.
   */
  load(keep = true): LoadedCertificate | null {
    const thumbprint = this.#values.get(thumbprintKey)?.trim() ?? '';
    const value = this.#values.get(certificateKey)?.trim() ?? '';
    if (thumbprint === '' || value === '') return null;
    const encoded = this.#unprotected(value);
    const store = this.#store();
    const found = store?.find(thumbprint);
    if (found) return found;
    const certificate = this.#read(encoded);
    if (keep) store?.add(certificate);
    return certificate;
  }

  /** What `Tentacle.Certificate` holds, whatever names it and whatever is in the store; null when it cannot be read. */
  stored(): LoadedCertificate | null {
    try {
      return loadPfx(Buffer.from(unprotectForMachine(this.#place.machineDir, this.#values.get(certificateKey) ?? ''), 'base64'));
    } catch {
      return null;
    }
  }

  /** The thumbprints in the user's store. */
  inStore(): string[] {
    return this.#store()?.certificates().map(({ thumbprint }) => thumbprint) ?? [];
  }

  install(pfx: Buffer, thumbprint: string): void {
    this.#values.set({ [certificateKey]: protectForMachine(this.#place.machineDir, pfx.toString('base64')) });
    this.#values.set({ [thumbprintKey]: thumbprint });
  }

  /** What is read from base64, not from a PFX file, is put into the store at once. */
  addToStore(pfx: Buffer): void {
    this.#store()?.add(loadPfx(pfx));
  }

  #store(): CertificateStore | null {
    return this.#place.userHome === null ? null : new CertificateStore(this.#place.userHome);
  }

  #unprotected(value: string): string {
    try {
      return unprotectForMachine(this.#place.machineDir, value);
    } catch {
      throw new UnexpectedFailure(`Unable to parse configuration key '${certificateKey}' as a 'String'.`, 'System.FormatException');
    }
  }

  #read(encoded: string): LoadedCertificate {
    try {
      return loadPfx(Buffer.from(encoded, 'base64'));
    } catch {
      throw new UnexpectedFailure('Unable to load certificate', 'System.InvalidOperationException');
    }
  }
}
