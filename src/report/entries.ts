import type { Entry, EntryKind } from '../journal/contract.ts';

/** The first entry of a kind. */
export function firstOf<K extends EntryKind>(entries: readonly Entry[], kind: K): Entry<K> | undefined {
  return entries.find((entry) => entry.kind === kind) as Entry<K> | undefined;
}

/** The last entry of a kind, on one subject if given. */
export function lastOf<K extends EntryKind>(entries: readonly Entry[], kind: K, subject?: string): Entry<K> | undefined {
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index]!;
    if (entry.kind === kind && (subject === undefined || entry.subject === subject)) return entry as Entry<K>;
  }
  return undefined;
}
