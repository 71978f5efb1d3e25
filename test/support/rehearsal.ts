import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RehearsalEvent } from '../../schemas/types/rehearsal-event.ts';

export interface Rehearsed { code: number | null; lines: string[]; error: string }

/**
 * Runs `octopus-rotation rehearse` as a user does on a terminal: as a process group of its own, so that Ctrl-C can be played. With
 * `interruptAt` it is interrupted at the first event (of `--json`) that matches.
 */
export function rehearse(args: string[], interruptAt?: (event: RehearsalEvent) => boolean): Promise<Rehearsed> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['dist/octopus-rotation.js', 'rehearse', ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const lines: string[] = [];
    let error = '';
    let interrupted = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (interruptAt === undefined || interrupted || !line.startsWith('{') || !interruptAt(JSON.parse(line) as RehearsalEvent)) return;
      interrupted = true;
      process.kill(-child.pid!, 'SIGINT');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { error += text; });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lines, error }));
  });
}
