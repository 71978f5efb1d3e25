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
  readonly #isStale: () => boolean;
  readonly #changed: (expected: Record<string, string>) => void;

  /**
   * `isStale`: whether this node is one that does not refresh; asked whenever it matters. `changed`: told what is expected now.
   * With a single node neither is asked.
   */
  constructor(database: Database, { isStale = () => true, changed = () => undefined }: { isStale?(): boolean; changed?(expected: Record<string, string>): void } = {}) {
    this.#database = database;
    this.#isStale = isStale;
    this.#changed = () => undefined;
    this.#known = database.read().Collections.OctopusServerNodes.length > 1 ? new Map() : null;
    for (const machine of this.#registered()) this.remember(machine);
    this.#changed = changed;
    this.#tell();
  }

  /** The thumbprint that this node expects; one that it meets for the first time it remembers. */
  of(machine: Pick<MachineBase, 'Id' | 'Endpoint'>): string {
    this.#refresh();
    const known = this.#known?.get(machine.Id);
    if (known !== undefined) return known;
    this.remember(machine);
    return machine.Endpoint.Thumbprint ?? '';
  }

  /** A registration was written through this node. */
  remember(machine: Pick<MachineBase, 'Id' | 'Endpoint'>): void {
    if (this.#known === null || this.#known.get(machine.Id) === (machine.Endpoint.Thumbprint ?? '')) return;
    this.#known.set(machine.Id, machine.Endpoint.Thumbprint ?? '');
    this.#tell();
  }

  /** A registration was deleted through this node. */
  forget(id: string): void {
    if (this.#known?.delete(id)) this.#tell();
  }

  /** Whether a poller that presents this certificate is let in. */
  isRegistered(thumbprint: string): boolean {
    if (this.#known === null) return this.#registered().some(({ Endpoint }) => Endpoint.Thumbprint === thumbprint);
    this.#refresh();
    if ([...this.#known.values()].includes(thumbprint)) return true;
    const unmet = this.#registered().filter(({ Id }) => !this.#known?.has(Id));
    for (const machine of unmet) this.remember(machine);
    return unmet.some(({ Endpoint }) => Endpoint.Thumbprint === thumbprint);
  }

  /** A node that is not stale knows what the database holds. */
  #refresh(): void {
    if (this.#known === null || this.#isStale()) return;
    const registered = this.#registered();
    for (const machine of registered) this.remember(machine);
    const ids = new Set(registered.map(({ Id }) => Id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.forget(id);
  }

  #tell(): void {
    if (this.#known !== null) this.#changed(Object.fromEntries(this.#known));
  }

  #registered(): MachineBase[] {
    const { Machines, Workers } = this.#database.read().Collections;
    return [...Machines, ...Workers];
  }
}
