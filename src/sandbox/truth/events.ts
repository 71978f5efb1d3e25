import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One thing that really happened, as a line of DIR/truth.jsonl. */
export interface TruthEvent { at: string; machine: string; event: string; [detail: string]: unknown }

/** Where a module that disturbs the clock of a machine leaves the undisturbed one. */
export const realClock = Symbol.for('octopus-sandbox.clock');

/** Milliseconds since 1970 by the clock of the computer, whatever the machine is told. */
export function realNow(): number {
  return (globalThis as { [realClock]?: () => number })[realClock]?.() ?? Date.now();
}

/** Appends one event; a line is written in one call, so that processes do not mix theirs. */
export function recordEvent(home: string, machine: string, event: string, detail: Record<string, unknown> = {}): void {
  const line: TruthEvent = { at: new Date(realNow()).toISOString(), machine, event, ...detail };
  appendFileSync(join(home, 'truth.jsonl'), `${JSON.stringify(line)}\n`);
}

/** All events so far, in the order in which they were written. */
export function readEvents(home: string): TruthEvent[] {
  let text: string;
  try {
    text = readFileSync(join(home, 'truth.jsonl'), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as TruthEvent];
    } catch {
      return [];
    }
  });
}
