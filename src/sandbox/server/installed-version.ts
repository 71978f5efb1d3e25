import { readFileSync } from 'node:fs';
import { machineFaults } from '../machines/faults.ts';
import { machineLayout } from '../machines/layout.ts';

/** The version that is installed on this machine, where that is not the version of the database. */
export function installedVersion(machineDir: string): string | null {
  const told = machineFaults(machineDir).serverVersion;
  if (told !== undefined) return told;
  try {
    return (JSON.parse(readFileSync(machineLayout(machineDir).about, 'utf8')) as { serverVersion?: string }).serverVersion ?? null;
  } catch {
    return null;
  }
}
