import type { Thumbprint } from '../certificates/thumbprint.ts';
import { comparableAddress } from './address.ts';
import type { TrustEntry } from './contract.ts';
import { parseTrustList } from './trust-list.ts';

/** Why a list gets no twins, or loses none; the words of a machine result. */
export type TwinRefusal = 'list-broken' | 'duplicate-entries' | 'no-pollable-entry' | 'twin-missing' | 'twin-differs' | 'keep-missing';
export type Edited = { list: string } | { refused: TwinRefusal };

/** One entry with the places in the text where it stands: [lead, begin) are the blanks before it, [thumb, thumbEnd) its thumbprint. */
interface Placed extends TrustEntry { lead: number; begin: number; end: number; thumb: number; thumbEnd: number; place: string | null }

/**
 * Beside each entry of the list (JSON, as stored) that carries `beside` an equal one with `thumbprint`: address as found, subscription,
 * style, squid and whatever else is in it (tentacle-trust.md section 6, option A). Only that is written; every other byte stays. A twin
 * that is there already stays, or gets its exact form (A19: polling compares letter by letter). Entries by WebSocket are left alone (A13).
 */
export function addTwins(list: string, options: { beside: Thumbprint; thumbprint: Thumbprint }): Edited {
  const entries = placed(list);
  if (entries === null) return { refused: 'list-broken' };
  const { beside, thumbprint } = options;
  const old = entries.filter((entry) => carries(entry, beside));
  if (!old.some(isPolled)) return entries.some((entry) => isPolled(entry) && entry.thumbprint === thumbprint) ? { list } : { refused: 'no-pollable-entry' };
  const edits: { at: number; until: number; text: string }[] = [];
  const added: Placed[] = [];
  for (const entry of old) {
    const twins = entries.filter((other) => sameThumbprint(other.thumbprint, thumbprint) && other.place === entry.place);
    if (twins.length > 1) return { refused: 'duplicate-entries' };
    const twin = twins[0];
    if (twin === undefined) {
      const copy = list.slice(entry.lead, entry.thumb) + thumbprint + list.slice(entry.thumbEnd, entry.end);
      edits.push({ at: entry.end, until: entry.end, text: `,${copy}` });
      added.push(entry);
    } else if (!sameButThumbprint(twin, entry)) return { refused: 'twin-differs' };
    else if (twin.thumbprint !== thumbprint) edits.push({ at: twin.thumb, until: twin.thumbEnd, text: thumbprint });
  }
  if (hasEqual([...entries, ...added.map((entry) => ({ ...entry, thumbprint }))])) return { refused: 'duplicate-entries' };
  return { list: edits.sort((a, b) => b.at - a.at).reduce((text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.until), list) };
}

/**
 * The list without the entries that carry `thumbprint`: all of them, or none when one has no twin with `keep` (A3, A31). A passive one
 * needs no twin of its own: a listener trusts the set of all entries (tentacle-trust.md section 6).
 */
export function dropTwinned(list: string, options: { thumbprint: Thumbprint; keep: Thumbprint }): Edited {
  const entries = placed(list);
  if (entries === null) return { refused: 'list-broken' };
  const kept = entries.filter((entry) => entry.thumbprint === options.keep);
  if (!kept.some(isPolled)) return { refused: 'keep-missing' };
  const gone = entries.filter((entry) => carries(entry, options.thumbprint));
  const alone = gone.find((entry) => !isPassive(entry) && !kept.some((twin) => twin.place === entry.place && sameButThumbprint(twin, entry)));
  if (alone) return { refused: 'twin-missing' };
  if (hasEqual(entries.filter((entry) => !gone.includes(entry)))) return { refused: 'duplicate-entries' };
  if (gone.length === 0) return { list };
  let text = list.slice(0, entries[0]!.lead);
  entries.forEach((entry, index) => {
    if (gone.includes(entry)) return;
    const first = text.length === entries[0]!.lead;
    text += (first ? '' : list.slice(entries[index - 1]!.end, entry.lead)) + list.slice(entry.lead, entry.end);
  });
  return { list: text + list.slice(entries.at(-1)!.end) };
}

/** The entries with `old` that the Tentacle really polls and that have no twin with `fresh`, letter by letter, at the same address. */
export function withoutTwin(entries: readonly TrustEntry[], old: Thumbprint, fresh: Thumbprint): TrustEntry[] {
  return entries.filter((entry) => carries(entry, old) && isPolled(entry)
    && !entries.some((twin) => twin.thumbprint === fresh && placeOf(twin) === placeOf(entry) && sameButThumbprint(twin, entry)));
}

/** True where the agent starts polling (tentacle-trust.md section 5; without address or subscription it skips the entry), WebSockets left out. */
export function isPolled(entry: TrustEntry): boolean {
  return (entry.style === 'TentacleActive' || entry.style === 'KubernetesTentacle') && entry.address !== null && entry.subscriptionId !== null && !isWebSocket(entry);
}

/** True where the Tentacle polls by WebSocket and by no other entry that carries one of `ours`: it goes by the certificate of the web portal, and the server certificate does not concern it (A13). */
export function pollsByWebSocketOnly(entries: readonly TrustEntry[], ours: readonly Thumbprint[]): boolean {
  return entries.some((entry) => entry.style === 'TentacleActive' && isWebSocket(entry)) && !entries.some((entry) => isPolled(entry) && ours.some((one) => sameThumbprint(entry.thumbprint, one)));
}

function carries(entry: TrustEntry, thumbprint: Thumbprint): boolean {
  return sameThumbprint(entry.thumbprint, thumbprint) && !isWebSocket(entry);
}

/** As the running service compares where it only trusts: any case, blanks at the ends. */
function sameThumbprint(a: string, b: string): boolean {
  return plainThumbprint(a) === plainThumbprint(b);
}

function plainThumbprint(text: string): string {
  return text.replace(/^[ \u00a0]+|[ \u00a0]+$/g, '').replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** An entry that pins the certificate of the web portal: no trust in the server certificate, whatever its thumbprint (A13). */
export function isWebSocket(entry: Pick<TrustEntry, 'address'>): boolean {
  return entry.address !== null && comparableAddress(entry.address).startsWith('wss:');
}

function isPassive(entry: TrustEntry): boolean {
  return styleInForce(entry) === 'TentaclePassive' && entry.address === null;
}

/** An entry without style becomes a passive one when the agent starts. */
function styleInForce(entry: TrustEntry): TrustEntry['style'] {
  return entry.style === 'None' ? 'TentaclePassive' : entry.style;
}

function sameButThumbprint(a: TrustEntry, b: TrustEntry): boolean {
  return styleInForce(a) === styleInForce(b) && a.subscriptionId === b.subscriptionId;
}

function placeOf(entry: TrustEntry): string | null {
  return entry.address === null ? null : comparableAddress(entry.address);
}

function hasEqual(entries: readonly Placed[]): boolean {
  return new Set(entries.map((entry) => `${plainThumbprint(entry.thumbprint)}\t${entry.place === null ? '' : `=${entry.place}`}`)).size < entries.length;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;

/** Every entry with its place in the text; null for a list that is broken, or in which a property stands twice. */
function placed(list: string): Placed[] | null {
  let entries: TrustEntry[];
  try {
    entries = parseTrustList(list);
  } catch {
    return null;
  }
  const found: Placed[] = [];
  let [depth, lead, keys] = [0, 0, new Set<string>()];
  let place = { lead: 0, begin: 0, thumb: -1, thumbEnd: -1 };
  for (let at = 0; at < list.length; at += 1) {
    const c = list[at]!;
    if (c === '"') {
      STRING.lastIndex = at;
      const literal = STRING.exec(list)![0];
      const after = /[ \t\r\n]*/y;
      after.lastIndex = at + literal.length;
      const next = at + literal.length + after.exec(list)![0].length;
      if (depth === 2 && list[next] === ':') {
        const key = literal.slice(1, -1).toLowerCase();
        if (key.includes('\\') || keys.has(key)) return null;
        keys.add(key);
        if (key === 'thumbprint') {
          const value = list.indexOf('"', next);
          STRING.lastIndex = value;
          place = { ...place, thumb: value + 1, thumbEnd: value + STRING.exec(list)![0].length - 1 };
        }
      }
      at += literal.length - 1;
    } else if (c === '[' || c === '{') {
      depth += 1;
      if (depth === 1) lead = at + 1;
      if (depth === 2) [place, keys] = [{ lead, begin: at, thumb: -1, thumbEnd: -1 }, new Set()];
    } else if (c === ']' || c === '}') {
      depth -= 1;
      if (depth === 1) {
        const entry = entries[found.length]!;
        found.push({ ...entry, ...place, end: at + 1, place: placeOf(entry) });
      }
    } else if (c === ',' && depth === 1) lead = at + 1;
  }
  return found;
}
