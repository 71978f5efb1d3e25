import { journalErrors } from '../errors/journal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { Entry, EntryKind, Journal, NewEntry, RunnerName } from './contract.ts';
import { FIRST_PREVIOUS, entryProblem, openLine, sealLine, type Unsealed } from './line.ts';
import type { RotationId } from './rotation-id.ts';
import { ownFile, type StateFolder } from './state-folder.ts';
import { plan } from './views.ts';

export interface OpenJournalOptions {
  files: Files;
  folder: StateFolder;
  rotationId: RotationId;
  /** `rotationSecrets(...).journalKey(rotationId)`. */
  key: Uint8Array;
  clock: Clock;
  runner: RunnerName;
  taskId: string | null;
  phase: string;
  /** Throws when this run was overtaken. Called before each append: hand in the check of the state folder, which costs one small file. */
  fence: () => Promise<void>;
  fenceNumber: number;
}

export interface OpenedJournal extends Journal {
  /** Bytes of a torn last line that were cut off when it was opened; 0 for none. Worth a line to the reader. */
  readonly tornBytes: number;
}

/** What may be written once only in a rotation (rule 1). A plan may take in machines that came or went (A28), but never another OLD. */
const ONCE: ReadonlySet<EntryKind> = new Set<EntryKind>(['opened', 'new-certificate', 'ended']);

/**
 * Opens a rotation's journal for writing. Every line is verified: chain, authentication, schema. A last line without its line end was
 * never acted upon and is cut off; anything else that is wrong is JOURNAL_TAMPERED, naming the line. A journal that is not there is
 * JOURNAL_MISSING: `StateFolder.prepare` makes the empty one of a new rotation.
 */
export async function openJournal(options: OpenJournalOptions): Promise<OpenedJournal> {
  const { files, folder, rotationId, key, clock, fence } = options;
  const path = folder.journalPath(rotationId);
  const read = await readLines(files, path, rotationId, key);
  if (read.tornBytes > 0) {
    await fence();
    await files.truncate(path, read.length);
  }

  const entries = read.entries;
  const written = new Set<EntryKind>(entries.map((entry) => entry.kind));
  let previous = read.previous;
  let length = read.length;
  let broken: unknown;
  let waiting: Waiting[] = [];
  let isWriting = false;

  /** Everything that waits goes to disk with one fsync; with many machines at once that is what takes the time. */
  const writeAll = async (batch: Waiting[]): Promise<void> => {
    const ready: { one: Waiting; entry: Entry; line: string }[] = [];
    let last = previous;
    for (const one of batch) {
      const { addition } = one;
      const { kind, subject, data } = addition;
      try {
        const count = entries.length + ready.length;
        const isFixed = ONCE.has(kind) && (written.has(kind) || ready.some(({ entry }) => entry.kind === kind));
        // Within one batch too: the plan in force may be one that waits with this one.
        const fixedOld = kind === 'planned' ? plan([...entries, ...ready.map(({ entry }) => entry)])?.old : undefined;
        if (isFixed || (addition.kind === 'planned' && fixedOld !== undefined && addition.data.old !== fixedOld)) throw journalErrors.JOURNAL_FIXED({ kind, rotationId });
        if ((kind === 'opened') !== (count === 0)) throw journalErrors.JOURNAL_ENTRY_INVALID({ kind, reason: NOT_OPENED });
        const { fenceNumber, runner, taskId, phase } = options;
        const { line, hash } = sealLine({ sequence: count, at: clock.now().toISOString(), fence: fenceNumber, runner, taskId, phase, kind, subject, data, previous: last } as Unsealed, key);
        // What is kept in memory is what is on disk, and nobody else's object.
        const entry = JSON.parse(line) as Entry;
        const problem = entryProblem(entry);
        if (problem !== null) throw journalErrors.JOURNAL_ENTRY_INVALID({ kind, reason: problem });
        ready.push({ one, entry, line });
        last = hash;
      } catch (error) {
        one.reject(error);
      }
    }
    if (ready.length === 0) return;
    const text = ready.map(({ line }) => `${line}\n`).join('');
    try {
      // After a failed write the end of the file is unknown; the next opening finds it out.
      if (broken !== undefined) throw broken;
      await fence();
      const found = (await files.facts(path))?.size ?? 0;
      if (found !== length) throw journalErrors.JOURNAL_CHANGED({ path, expected: length, found });
      try {
        await files.append(path, text);
      } catch (error) {
        broken = journalErrors.JOURNAL_NOT_WRITTEN({ path, reason: (error as { code?: string }).code ?? String(error) }, error);
        throw broken;
      }
    } catch (error) {
      for (const { one } of ready) one.reject(error);
      return;
    }
    previous = last;
    length += Buffer.byteLength(text);
    for (const { one, entry } of ready) {
      written.add(entry.kind);
      entries.push(entry);
      one.resolve(entry);
    }
  };

  const drain = async (): Promise<void> => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await writeAll(batch);
    }
    isWriting = false;
  };

  return {
    rotationId,
    tornBytes: read.tornBytes,
    entries: () => entries,
    append<K extends EntryKind>(addition: NewEntry<K>): Promise<Entry<K>> {
      // In the order of the calls, also when phases work on several machines at once.
      return new Promise((resolve, reject) => {
        waiting.push({ addition: addition as NewEntry, resolve: resolve as (entry: Entry) => void, reject });
        if (!isWriting) void drain();
      });
    },
  };
}

interface Waiting { addition: NewEntry; resolve: (entry: Entry) => void; reject: (error: unknown) => void }

const NOT_OPENED = 'a journal begins with the entry "opened", and only with it';

/** Reads and verifies a journal and changes nothing, not even a torn last line. For status, and for seeing whether a rotation has ended. */
export async function readJournal(options: Pick<OpenJournalOptions, 'files' | 'folder' | 'rotationId' | 'key'>): Promise<readonly Entry[]> {
  return (await readLines(options.files, options.folder.journalPath(options.rotationId), options.rotationId, options.key)).entries;
}

const LINE_END = 0x0a;

async function readLines(files: Files, path: string, rotationId: RotationId, key: Uint8Array): Promise<{ entries: Entry[]; previous: string; length: number; tornBytes: number }> {
  if ((await files.facts(path)) === null) throw journalErrors.JOURNAL_MISSING({ path, rotationId });
  await ownFile(files, path);
  const content = await files.read(path);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const entries: Entry[] = [];
  let previous = FIRST_PREVIOUS;
  let start = 0;
  for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, start)) {
    const opened = openLine(bytes.subarray(start, end), key, { sequence: entries.length, previous });
    const reason = 'reason' in opened ? opened.reason : (opened.entry.kind === 'opened') !== (entries.length === 0) ? NOT_OPENED : null;
    if (reason !== null || 'reason' in opened) throw journalErrors.JOURNAL_TAMPERED({ path, line: entries.length + 1, reason: reason ?? '' });
    entries.push(opened.entry);
    previous = opened.hash;
    start = end + 1;
  }
  return { entries, previous, length: start, tornBytes: bytes.length - start };
}
