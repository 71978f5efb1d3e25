import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from '../../journal/contract.ts';

/** New entries of a rotation since the last look. */
export interface Heard { rotationId: string; entries: Entry[] }

/**
 * Reads along in the journals below a state folder, for display only: nothing is verified and nothing is decided by it but what is shown
 * next. Rotations that had ended before are left out.
 */
export class JournalTail {
  private readonly seen = new Map<string, Entry[]>();
  private readonly past = new Set<string>();
  private begun = false;

  constructor(private readonly stateFolder: string) {}

  /** The rotation that a task took part in, or the only one that is open. */
  rotationOf(tasks: ReadonlySet<string>): { rotationId: string; entries: readonly Entry[] } | null {
    const found = [...this.seen].filter(([id]) => !this.past.has(id));
    const own = found.find(([, entries]) => entries.some((entry) => entry.taskId !== null && tasks.has(entry.taskId)));
    return own ? { rotationId: own[0], entries: own[1] } : null;
  }

  /** What a rotation's journal held at the last look; nothing of one that had ended before. */
  entriesOf(rotationId: string): readonly Entry[] {
    return this.past.has(rotationId) ? [] : (this.seen.get(rotationId) ?? []);
  }

  async look(): Promise<Heard[]> {
    const heard: Heard[] = [];
    for (const rotationId of await namesIn(join(this.stateFolder, 'rotations'))) {
      if (this.past.has(rotationId)) continue;
      const entries = await readEntries(join(this.stateFolder, 'rotations', rotationId, 'journal.jsonl'));
      const known = this.seen.get(rotationId)?.length ?? 0;
      this.seen.set(rotationId, entries);
      if (!this.begun && entries.some((entry) => entry.kind === 'ended')) this.past.add(rotationId);
      else if (this.begun && entries.length > known) heard.push({ rotationId, entries: entries.slice(known) });
    }
    this.begun = true;
    return heard;
  }
}

/** What a folder holds, in order; nothing when it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}

/** Whole lines only: the last one may be half written. */
async function readEntries(path: string): Promise<Entry[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return [];
  }
  const entries: Entry[] = [];
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    try {
      entries.push(JSON.parse(line) as Entry);
    } catch {
      return entries;
    }
  }
  return entries;
}
