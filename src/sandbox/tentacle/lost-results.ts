import type { ScriptStatus } from '../wire/contract.ts';
import { ConnectionLost } from './connection-lost.ts';

/**
 * Scripts that run to their end while the server never learns how they ended: whenever it asks, the connection breaks once the script
 * is complete. `strikes` decides once for each script, by what it printed: its own text arrives encrypted.
 */
export class LostResults {
  readonly #strikes: (output: string) => boolean;
  readonly #decided = new Map<string, boolean>();

  constructor(strikes: (output: string) => boolean) {
    this.#strikes = strikes;
  }

  /** @throws ConnectionLost */
  check(ticket: string, { state }: ScriptStatus, output: () => string): void {
    if (state !== 'complete') return;
    const isLost = this.#decided.get(ticket) ?? this.#strikes(output());
    this.#decided.set(ticket, isLost);
    if (isLost) throw new ConnectionLost();
  }
}
