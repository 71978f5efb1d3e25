import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TentacleTruth, TestSandbox } from './sandbox.ts';

/** What a rotation may change, as it is now: certificates, trust, configuration files, services. Two of them are compared with toEqual. */
export interface World {
  database: string | null;
  nodes: { name: string; pid: number | null; presents: string | null }[];
  tentacles: { machine: string; on: boolean; pid: number | null; starts: number; own: string | null; stored: TentacleTruth['stored']; effective: TentacleTruth['effective']; configurationFile: string }[];
  units: string[];
}

/** The ground truth without what moves by itself. */
export async function worldOf(sandbox: TestSandbox): Promise<World> {
  const { server, tentacles } = await sandbox.truth();
  const machines = await sandbox.machines();
  return {
    database: server.database.thumbprint,
    nodes: server.nodes.map(({ name, pid, presents }) => ({ name, pid, presents })),
    tentacles: tentacles.map(({ machine, on, pid, starts, ownThumbprint, stored, effective, config }) => ({
      machine, on, pid, starts, own: ownThumbprint, stored, effective,
      configurationFile: createHash('sha256').update(readFileSync(config)).digest('hex'),
    })),
    units: machines.flatMap(({ name, units }) => units.map((unit) => `${name} ${unit.name} ${unit.unitFileState} ${unit.activeState}`)).filter((text) => !text.includes('octopus-rotation-')).sort(),
  };
}

/** Hashes of the files below a folder, by relative path; `skip` leaves out by that path. Empty when there is no folder. */
export function fileHashes(folder: string, skip: RegExp = /^$/): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (below: string): void => {
    let names: string[];
    try {
      names = readdirSync(join(folder, below));
    } catch {
      return;
    }
    for (const name of names) {
      const path = below === '' ? name : `${below}/${name}`;
      const facts = lstatSync(join(folder, path), { throwIfNoEntry: false });
      if (facts?.isDirectory()) walk(path);
      else if (facts?.isFile() && !skip.test(path)) found[path] = createHash('sha256').update(readFileSync(join(folder, path))).digest('hex');
    }
  };
  walk('');
  return found;
}
