import { openDatabase } from '../creation.ts';
import { installedVersion } from '../installed-version.ts';
import { listInstances } from '../instance.ts';

/** The version that the estate gave the server; without an instance there is no product on this machine to ask. */
export function version(machineDir: string): string {
  const installed = installedVersion(machineDir);
  if (installed !== null) return installed;
  const [first] = listInstances(machineDir);
  return first ? openDatabase(machineDir, first.name).read().ServerVersion : '0.0.0';
}
