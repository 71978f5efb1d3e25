import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { machineKey } from '../machines/machine-key.ts';
import { isProtected, protect, unprotect } from './database/encryption.ts';

/** The keys of an Octopus.Server configuration file, by full name (`Octopus.Storage.MasterKey`). */
export type Configuration = Map<string, string>;

export const masterKeyName = 'Octopus.Storage.MasterKey';
export const defaultInstance = 'OctopusServer';

export interface InstanceRecord { name: string; configurationFile: string }

const indexOf = (machineDir: string) => join(machineDir, 'etc', 'octopus', 'OctopusServer', 'Instances');

/** Instances of this machine, by name. */
export function listInstances(machineDir: string): InstanceRecord[] {
  const index = indexOf(machineDir);
  if (!existsSync(index)) return [];
  return readdirSync(index).filter((name) => name.endsWith('.config')).map((name) => {
    const { Name, ConfigurationFilePath } = JSON.parse(readFileSync(join(index, name), 'utf8')) as { Name: string; ConfigurationFilePath: string };
    return { name: Name, configurationFile: ConfigurationFilePath };
  }).sort((a, b) => a.name.localeCompare(b.name));
}

export function registerInstance(machineDir: string, record: InstanceRecord): void {
  const index = indexOf(machineDir);
  mkdirSync(index, { recursive: true });
  const file = `${record.name.toLowerCase().replaceAll(' ', '-')}.config`;
  writeFileSync(join(index, file), JSON.stringify({ Name: record.name, ConfigurationFilePath: record.configurationFile }));
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const unescape = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

export function readConfiguration(path: string): Configuration {
  const configuration: Configuration = new Map();
  for (const match of readFileSync(path, 'utf8').matchAll(/<set key="([^"]*)"(?:\s*\/>|>([^<]*)<\/set>)/g)) {
    configuration.set(unescape(match[1] ?? ''), unescape(match[2] ?? ''));
  }
  return configuration;
}

export function writeConfiguration(path: string, configuration: Configuration): void {
  mkdirSync(dirname(path), { recursive: true });
  const lines = [...configuration].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => (value === '' ? `  <set key="${escape(key)}" />` : `  <set key="${escape(key)}">${escape(value)}</set>`));
  const next = `${path}.${process.pid}`;
  writeFileSync(next, `<?xml version="1.0" encoding="utf-8"?>\n<octopus-settings xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n${lines.join('\n')}\n</octopus-settings>`, { mode: 0o600 });
  renameSync(next, path);
}

export function protectMasterKey(machineDir: string, masterKey: Buffer): string {
  return protect(machineKey(machineDir).key, masterKey.toString('base64')).$protected;
}

/** Throws with the text of a real server when the file came from another machine (OctopusDeploy/Issues #7271). */
export function masterKeyOf(machineDir: string, configuration: Configuration): Buffer {
  const value = { $protected: configuration.get(masterKeyName) ?? '' };
  try {
    if (!isProtected(value) || value.$protected === '') throw new Error('absent');
    return Buffer.from(unprotect(machineKey(machineDir).key, value), 'base64');
  } catch {
    throw new Error(`Unable to parse configuration key '${masterKeyName}' as a 'Byte[]'.`);
  }
}
