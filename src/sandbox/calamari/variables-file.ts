import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';

const salt = 'Octopuss';
const prefix = Buffer.from('IV__', 'ascii');

/** PBKDF2-HMAC-SHA1, 1000 iterations, 32 bytes (step-packages.md section 4, `AesEncryption.cs`). */
function keyOf(password: string): Buffer {
  return pbkdf2Sync(password, salt, 1000, 32, 'sha1');
}

/** Calamari's encrypted variables file: `IV__`, IV, AES-256-CBC of a UTF-8 JSON object from name to value. */
export function encryptVariables(variables: Record<string, string>, password: string): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', keyOf(password), iv);
  return Buffer.concat([prefix, iv, cipher.update(JSON.stringify(variables), 'utf8'), cipher.final()]);
}

/** Throws when the prefix or the password is wrong. */
export function decryptVariables(file: Buffer, password: string): Record<string, string> {
  if (!file.subarray(0, prefix.length).equals(prefix)) throw new Error('The variables file does not begin with IV__.');
  const decipher = createDecipheriv('aes-256-cbc', keyOf(password), file.subarray(4, 20));
  return JSON.parse(Buffer.concat([decipher.update(file.subarray(20)), decipher.final()]).toString('utf8')) as Record<string, string>;
}
