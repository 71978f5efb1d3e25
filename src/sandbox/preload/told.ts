import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { machineFaults, readFaultsFile, type MachineFaults } from '../machines/faults.ts';
import { homeOf } from '../machines/layout.ts';
import { readSandboxFile, type SandboxFile } from '../machines/sandbox-file.ts';

/** What a process of a machine is told by the sandbox, read again only when a file has changed. */
export class Told {
  readonly home: string;
  readonly name: string;
  #seen = '';
  #own: MachineFaults = {};
  #unreachable = new Set<number>();

  constructor(readonly machineDir: string) {
    this.home = homeOf(machineDir);
    this.name = basename(machineDir);
  }

  get faults(): MachineFaults {
    this.#look();
    return this.#own;
  }

  /** Whether the port belongs to a machine that this one is cut off from. */
  isUnreachable(port: number): boolean {
    this.#look();
    return this.#unreachable.has(port);
  }

  #look(): void {
    const seen = ['faults.json', 'sandbox.json'].map((name) => identity(join(this.home, name))).join(' ');
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#own = machineFaults(this.machineDir);
    this.#unreachable = new Set();
    if (seen.startsWith('- ')) return;
    try {
      const all = readFaultsFile(this.home).machines ?? {};
      const cutOff = new Set([...(this.#own.cutOffFrom ?? []), ...Object.keys(all).filter((other) => all[other]?.cutOffFrom?.includes(this.name))]);
      this.#unreachable = new Set(cutOff.size === 0 ? [] : portsOf(readSandboxFile(this.home), cutOff));
    } catch {
      // One of the two is just being written, or the sandbox is being made.
      this.#seen = '';
    }
  }
}

function portsOf({ machines, server, loadBalancer }: SandboxFile, names: Set<string>): number[] {
  return [
    ...machines.filter(({ name }) => names.has(name)).map(({ port }) => port),
    ...(server?.nodes ?? []).filter(({ machine }) => names.has(machine)).flatMap(({ webPort, commsPort }) => [webPort, commsPort]),
    ...(loadBalancer && names.has(loadBalancer.machine) ? [loadBalancer.port] : []),
  ];
}

function identity(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino}-${found.mtimeNs}-${found.size}` : '-';
}
