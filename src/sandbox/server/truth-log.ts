import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where the executables find their sandbox: SANDBOX_MACHINE is HOME/machines/<name>. */
export function homeOfMachine(machineDir: string): string {
  return dirname(dirname(machineDir));
}

/** Appends ground truth events; one line is one write, so writers of several processes do not mix. */
export class TruthLog {
  readonly #path: string;
  readonly #machine: string;
  readonly #machineDir: string;

  constructor(machineDir: string) {
    this.#machineDir = machineDir;
    this.#machine = basename(machineDir);
    this.#path = join(homeOfMachine(machineDir), 'truth.jsonl');
  }

  event(event: string, details: Record<string, unknown> = {}): void {
    appendFileSync(this.#path, `${JSON.stringify({ at: new Date().toISOString(), machine: this.#machine, event, ...details })}\n`);
  }

  /** The effective state of the running process, for `GET /truth`. */
  effective(state: Record<string, unknown>): void {
    const folder = join(this.#machineDir, 'run');
    mkdirSync(folder, { recursive: true });
    const next = join(folder, `octopusserver.json.${process.pid}`);
    writeFileSync(next, JSON.stringify(state));
    renameSync(next, join(folder, 'octopusserver.json'));
  }
}
