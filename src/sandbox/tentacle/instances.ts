import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An entry of the instance index. */
export interface Instance { name: string; configurationFile: string }

function indexFolder(root: string): string {
  return join(root, 'etc', 'octopus', 'Tentacle', 'Instances');
}

function indexFile(root: string, name: string): string {
  return join(indexFolder(root), `${name.toLowerCase().replaceAll(' ', '-')}.config`);
}

/** All instances below `root` (the machine's `/`), by name (tentacle-trust.md section 1). */
export function listInstances(root: string): Instance[] {
  let files: string[];
  try {
    files = readdirSync(indexFolder(root)).filter((file) => file.endsWith('.config')).sort();
  } catch {
    return [];
  }
  return files.map((file) => {
    const entry = JSON.parse(readFileSync(join(indexFolder(root), file), 'utf8')) as { Name: string; ConfigurationFilePath: string };
    return { name: entry.Name, configurationFile: entry.ConfigurationFilePath };
  });
}

export function registerInstance(root: string, instance: Instance): void {
  mkdirSync(indexFolder(root), { recursive: true });
  writeFileSync(indexFile(root, instance.name), `${JSON.stringify({ Name: instance.name, ConfigurationFilePath: instance.configurationFile }, null, 2)}\n`);
}

export function unregisterInstance(root: string, name: string): void {
  rmSync(indexFile(root, name), { force: true });
}
