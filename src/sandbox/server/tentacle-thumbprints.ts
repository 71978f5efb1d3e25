import type { Database } from './database/database.ts';
import type { MachineBase } from './database/documents.ts';

/**
 * Which certificate this node expects of each registered Tentacle. With several nodes each keeps what it read at its start, and
 * what was changed through itself: what was changed through another node it learns at its next start (failure-modes.md B5).
 */
export class TentacleThumbprints {
  readonly #database: Database;
  /** By id of the registration; null with a single node, which always knows. */
  readonly #known: Map<string, string> | null;

  constructor(database: Database) {
    this.#database = database;
    this.#known = database.read().Collections.OctopusServerNodes.length > 1 ? new Map() : null;
    for (const machine of this.#registered()) this.remember(machine);
  }

  /** The thumbprint that this node expects; one that it meets for the first time it remembers. */
  of(machine: Pick<MachineBase, 'Id' | 'Endpoint'>): string {
    const known = this.#known?.get(machine.Id);
    if (known !== undefined) return known;
    this.remember(machine);
    return machine.Endpoint.Thumbprint ?? '';
  }

  /** A registration was written through this node. */
  remember(machine: Pick<MachineBase, 'Id' | 'Endpoint'>): void {
    this.#known?.set(machine.Id, machine.Endpoint.Thumbprint ?? '');
  }

  /** A registration was deleted through this node. */
  forget(id: string): void {
    this.#known?.delete(id);
  }

  /** Whether a poller that presents this certificate is let in. */
  isRegistered(thumbprint: string): boolean {
    if (this.#known === null) return this.#registered().some(({ Endpoint }) => Endpoint.Thumbprint === thumbprint);
    if ([...this.#known.values()].includes(thumbprint)) return true;
    const unmet = this.#registered().filter(({ Id }) => !this.#known?.has(Id));
    for (const machine of unmet) this.remember(machine);
    return unmet.some(({ Endpoint }) => Endpoint.Thumbprint === thumbprint);
  }

  #registered(): MachineBase[] {
    const { Machines, Workers } = this.#database.read().Collections;
    return [...Machines, ...Workers];
  }
}
