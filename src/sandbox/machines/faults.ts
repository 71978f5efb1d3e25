import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ServerFaults } from '../server/faults.ts';
import type { TentacleTrouble } from '../tentacle/command.ts';
import { homeOf, machineLayout } from './layout.ts';

/** How one machine misbehaves: `machines.<name>` in DIR/faults.json. `true` always, a number that many times. */
export interface MachineFaults {
  /** Starting the Tentacle's unit fails; it stays down. */
  startFails?: true | number;
  /** `configure` with an option about trust exits 100 and writes nothing. */
  configureFails?: true | number;
  /** `import-certificate` exits 100 and writes nothing. */
  importFails?: true | number;
  /** Whatever Tentacle's commands write, its configuration and exported certificates, finds no space: exit 100; of an exported file an empty one stays. */
  diskFull?: true | number;
  /** Certificates that Tentacle makes come out with SHA-1, as on old Windows (failure-modes.md B6). */
  sha1Certificates?: true | number;
  /** The version of Tentacle that is installed here, from the next command or start on; 3.x has no --export-pfx. */
  tentacleVersion?: string;
  /** The agent ends with code 100 whenever its list has more entries than this. */
  failsAboveTrusted?: number;
  /** Milliseconds before the agent listens. */
  slowStart?: number;
  /** Accepted connections are closed before TLS. */
  dropConnections?: true;
  /** Scripts whose output matches (all, when it does not say) run to their end, and their result never reaches the server: the connection breaks. */
  losesResults?: true | number | { count?: number; match: string };
  /** What its Octopus Server and `Octopus.Server` see of the database: nothing, or only what is in it. */
  database?: 'gone' | 'readOnly';
  /** What it sees of the nodes' shared folder: nothing, no space left, or only what is in it. */
  share?: 'gone' | 'full' | 'readOnly';
  /** Machines that it cannot connect to, nor they to it. */
  cutOffFrom?: string[];
  /** Seconds by which its clock is wrong; negative = behind. Its Tentacle, `date`, and in an estate with several nodes every Node process there. */
  clock?: number;
  /** The switches of the server (server/faults.ts), for its node alone. */
  server?: ServerFaults;
  /** The version of Octopus Server that is installed here, from the next start on. */
  serverVersion?: string;
}

/** What DIR/faults.json says of machines; `database` and `share` are for all that have nothing of their own. */
export interface FaultsOfMachines extends Pick<MachineFaults, 'database' | 'share'> { machines?: Record<string, MachineFaults> }

/** @throws when there is no file, or it is just being written. */
export function readFaultsFile(home: string): FaultsOfMachines {
  return JSON.parse(readFileSync(join(home, 'faults.json'), 'utf8')) as FaultsOfMachines;
}

/** What the machine is told now; nothing when there is no file, or when it is just being written. */
export function machineFaults(machineDir: string): MachineFaults {
  try {
    const { machines, database, share } = readFaultsFile(homeOf(machineDir));
    return { ...(database === undefined ? {} : { database }), ...(share === undefined ? {} : { share }), ...machines?.[basename(machineDir)] };
  } catch {
    return {};
  }
}

function usedFile(machineDir: string): string {
  return join(machineLayout(machineDir).run, 'faults-used.json');
}

/** Whether the fault strikes now; each yes uses up one of its times. */
export function faultStrikes(machineDir: string, name: 'startFails' | TentacleTrouble): boolean {
  return strikes(machineDir, name, machineFaults(machineDir)[name]);
}

/** Whether the result of a script that printed this is lost. */
export function resultIsLost(machineDir: string, output: string): boolean {
  const fault = machineFaults(machineDir).losesResults;
  if (typeof fault !== 'object') return strikes(machineDir, 'losesResults', fault);
  return new RegExp(fault.match).test(output) && strikes(machineDir, 'losesResults', fault.count ?? true);
}

function strikes(machineDir: string, name: string, times: true | number | undefined): boolean {
  if (times === undefined || times === true) return times ?? false;
  let used: Record<string, number> = {};
  try {
    used = JSON.parse(readFileSync(usedFile(machineDir), 'utf8')) as Record<string, number>;
  } catch {
    // Nothing was used yet.
  }
  const count = used[name] ?? 0;
  if (count >= times) return false;
  mkdirSync(machineLayout(machineDir).run, { recursive: true });
  writeFileSync(usedFile(machineDir), JSON.stringify({ ...used, [name]: count + 1 }));
  return true;
}

/** New switches count from the beginning. */
export function forgetUsedFaults(machineDir: string): void {
  rmSync(usedFile(machineDir), { force: true });
}
