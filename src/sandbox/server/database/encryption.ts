import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A value as it lies in the database: AES-CBC, PKCS7, random IV beside the value (octopus-server-cli.md section 7). */
export interface Protected { $protected: string }

export class DecryptionFailed extends Error {
  constructor() {
    super('Padding is invalid and cannot be removed.');
    this.name = 'DecryptionFailed';
  }
}

const cipherOf = (key: Buffer) => `aes-${key.length * 8}-cbc`;

/** Encrypts UTF-8 text under a 16 or 32 byte master key. */
export function protect(key: Buffer, text: string): Protected {
  const iv = randomBytes(16);
  const cipher = createCipheriv(cipherOf(key), key, iv);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { $protected: `${body.toString('base64')}|${iv.toString('base64')}` };
}

/** Throws {@link DecryptionFailed} under the wrong key. */
export function unprotect(key: Buffer, value: Protected): string {
  const [body = '', iv = ''] = value.$protected.split('|');
  try {
    const decipher = createDecipheriv(cipherOf(key), key, Buffer.from(iv, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(body, 'base64')), decipher.final()]).toString('utf8');
  } catch {
    throw new DecryptionFailed();
  }
}

export function isProtected(value: unknown): value is Protected {
  return typeof value === 'object' && value !== null && typeof (value as Protected).$protected === 'string';
}
