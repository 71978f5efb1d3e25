import { printable } from '../errors/printable.ts';
import type { Entry } from '../journal/contract.ts';
import { plan, UNDO_EFFECT } from '../journal/views.ts';
import type { Report } from '../../schemas/types/report.ts';

type History = Report['evidence']['nodes'][number];
type Step = History['steps'][number];

/** What was done to each planned server node, and what it was seen to present, in order. */
export function nodeHistory(entries: readonly Entry[]): History[] {
  return (plan(entries)?.nodes ?? []).map((node) => ({
    id: printable(node.id),
    name: printable(node.name),
    steps: entries.filter((entry) => entry.subject === node.id).flatMap((entry) => stepOf(entry) ?? []),
  }));
}

function stepOf(entry: Entry): Step | null {
  const { at } = entry;
  if (entry.kind === 'done' && (entry.data.effect === 'drain' || entry.data.effect === 'undrain')) return { at, what: entry.data.effect === 'drain' ? 'drained' : 'undrained' };
  if (entry.kind === 'intent' && entry.data.effect === 'restart-server') return { at, what: 'restarted' };
  if (entry.kind !== 'proved' && entry.kind !== 'unproved') return null;
  if (entry.data.claim !== 'node-presents-new' && entry.data.claim !== 'node-presents-old') return null;
  if (entry.kind === 'unproved') return { at, what: 'not-seen' };
  return { at, what: entry.data.claim === 'node-presents-new' ? 'presents-new' : 'presents-old' };
}

/** Each time a swap was undone by rule 10, with the numbers that decided it; null where that number was not asked for. */
export function undoneSwaps(entries: readonly Entry[]): Report['evidence']['undone'] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'intent' || entry.data.effect !== UNDO_EFFECT) return [];
    const { reason, asked, answered, nodes, presenting } = entry.data.detail;
    return [{ at: entry.at, reason: printable(String(reason), 400), asked: numberOrNull(asked), answered: numberOrNull(answered), nodes: numberOrNull(nodes), presenting: numberOrNull(presenting) }];
  });
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
