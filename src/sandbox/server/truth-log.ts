import { basename, dirname } from 'node:path';
import { recordEvent } from '../truth/events.ts';
import { reportRunning } from '../truth/running.ts';

/** Where the executables find their sandbox: SANDBOX_MACHINE is HOME/machines/<name>. */
export function homeOfMachine(machineDir: string): string {
  return dirname(dirname(machineDir));
}

/** Appends ground truth events; one line is one write, so writers of several processes do not mix. */
export class TruthLog {
  readonly #machine: string;
  readonly #machineDir: string;

  constructor(machineDir: string) {
    this.#machineDir = machineDir;
    this.#machine = basename(machineDir);
  }

  event(event: string, details: Record<string, unknown> = {}): void {
    recordEvent(homeOfMachine(this.#machineDir), this.#machine, event, details);
  }

  /** The effective state of the running process, for `GET /truth`. */
  effective(state: Record<string, unknown>): void {
    reportRunning(this.#machineDir, 'octopusserver', state);
  }
}
