import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
const order: LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Writes `<home>/Logs/OctopusTentacle.txt` in the layout of Tentacle's NLog file target. */
export class LogFile {
  private readonly path: string;
  private readonly threshold: number;

  /** `level`: `OCTOPUS__TENTACLE__LOGLEVEL`; Info when absent or unknown (tentacle-trust.md section 9). */
  constructor(home: string, level: string | undefined) {
    mkdirSync(join(home, 'Logs'), { recursive: true });
    this.path = join(home, 'Logs', 'OctopusTentacle.txt');
    const asked = order.findIndex((name) => name === level?.toUpperCase());
    this.threshold = asked < 0 ? order.indexOf('INFO') : asked;
  }

  write(level: LogLevel, message: string, thread = 1): void {
    if (order.indexOf(level) < this.threshold) return;
    const at = new Date().toISOString().replace('T', ' ').replace('Z', '0');
    const [pid, tid] = [String(process.pid).padStart(6), String(thread).padStart(6)];
    appendFileSync(this.path, `${at} ${pid} ${tid} ${level.padStart(5)}  ${message}\n`);
  }
}

/** The start of Halibut's lines: where the connection was, and a number. */
export function halibutPrefix(endpoint: string, thread: number): string {
  return `${endpoint.padEnd(30)} ${String(thread).padStart(4)}  `;
}
