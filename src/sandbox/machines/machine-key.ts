import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a machine keeps the key that protects single values of configuration files, for Octopus Server and Tentacle alike. */
export function machineKeyPath(machineDir: string): string {
  return join(machineDir, 'etc', 'octopus', 'machinekey');
}

/** That key, made when absent: `base64(key).base64(iv)` (octopus-server-cli.md section 6, LinuxGeneratedMachineKey.cs). */
export function machineKey(machineDir: string): { key: Buffer; iv: Buffer } {
  const path = machineKeyPath(machineDir);
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    try {
      writeFileSync(path, `${randomBytes(32).toString('base64')}.${randomBytes(16).toString('base64')}`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const [key = '', iv = ''] = readFileSync(path, 'utf8').split('.').map((part) => part.trim());
  return { key: Buffer.from(key, 'base64'), iv: Buffer.from(iv, 'base64') };
}

/** A value as only this machine can read it, in base64 (LinuxMachineKeyEncryptor.cs: AES-CBC). */
export function protectForMachine(machineDir: string, text: string): string {
  const { key, iv } = machineKey(machineDir);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
}

/** @throws when the value was protected by another machine, or is none. */
export function unprotectForMachine(machineDir: string, value: string): string {
  const { key, iv } = machineKey(machineDir);
  const decipher = createDecipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([decipher.update(Buffer.from(value, 'base64')), decipher.final()]).toString('utf8');
}
