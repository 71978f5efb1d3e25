import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type ServerLogLevel = 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

/** `OctopusServer.txt` below the server's home, and stdout for the service manager. */
export class ServerLog {
  readonly #path: string;

  constructor(home: string) {
    this.#path = join(home, 'Logs', 'OctopusServer.txt');
    mkdirSync(dirname(this.#path), { recursive: true });
  }

  write(level: ServerLogLevel, text: string): void {
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    const line = `${time}  ${String(process.pid).padStart(6)}  ${level.padEnd(5)}  ${text}\n`;
    appendFileSync(this.#path, line);
    process.stdout.write(line);
  }
}
