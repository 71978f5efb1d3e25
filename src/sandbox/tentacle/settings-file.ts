import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { UnexpectedFailure } from './failures.ts';

/**
 * Tentacle's configuration file (tentacle-trust.md section 4): `<octopus-settings>` with one `<set key="...">` per setting.
 * Keys ignore case, the last duplicate wins, unknown keys are kept, comments are lost.
 */
export class Settings {
  private readonly values = new Map<string, { key: string; value: string }>();

  get(key: string): string | undefined {
    return this.values.get(key.toLowerCase())?.value;
  }

  set(key: string, value: string): void {
    const known = this.values.get(key.toLowerCase());
    this.values.set(key.toLowerCase(), { key: known?.key ?? key, value });
  }

  entries(): { key: string; value: string }[] {
    return [...this.values.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry);
  }
}

const header = '<?xml version="1.0" encoding="utf-8"?>\n<octopus-settings xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n';

/** The text of a settings file as the real one writes it on Linux: byte order mark, LF, sorted, no newline at the end. */
export function formatSettings(settings: Settings): string {
  const lines = settings.entries().map(({ key, value }) => {
    const name = escapeText(key).replaceAll('"', '&quot;');
    return value === '' ? `  <set key="${name}" />` : `  <set key="${name}">${escapeText(value)}</set>`;
  });
  return `\uFEFF${header}${lines.map((line) => `${line}\n`).join('')}</octopus-settings>`;
}

/**
 * Reads the text of a settings file.
 * @throws UnexpectedFailure as .NET's serialiser words it, wrapped as the first read of `Octopus.Home` does.
 */
export function parseSettings(text: string): Settings {
  const settings = new Settings();
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const body = skipProlog(source);
  if (body >= source.length) throw unreadable('0, 0', 'Root element is missing.');
  const token = /<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<!\[CDATA\[([\s\S]*?)\]\]>|[^<]+/y;
  token.lastIndex = body;
  const open: string[] = [];
  let key = '';
  let value = '';
  let closed = false;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw malformed(source, at);
    const [whole, closing, name, attributes, empty, cdata] = match;
    if (name === undefined) {
      const content = cdata ?? (whole.startsWith('<!--') ? '' : unescapeText(whole));
      if (open.length === 2) value += content;
      else if (open.length === 0 && content.trim() !== '') throw malformed(source, at);
    } else if (closing) {
      if (open.pop() !== name) throw malformed(source, at);
      if (open.length === 1 && name === 'set') settings.set(key, value);
      closed = open.length === 0;
    } else {
      if (closed || (open.length === 0 && name !== 'octopus-settings')) throw malformed(source, at);
      if (open.length === 1) [key, value] = [attribute(attributes ?? '', 'key'), ''];
      if (!empty) open.push(name);
      else if (open.length === 1 && name === 'set') settings.set(key, '');
    }
  }
  if (!closed) throw malformed(source, source.length);
  return settings;
}

/** Reads a settings file in UTF-8 or, with a byte order mark, UTF-16. */
export function readSettings(path: string): Settings {
  const bytes = readFileSync(path);
  return parseSettings(bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.subarray(2).toString('utf16le') : bytes.toString('utf8'));
}

/** Rewrites the file in place (same inode, not atomic), as the real one does. */
export function writeSettings(path: string, settings: Settings): void {
  const bytes = Buffer.from(formatSettings(settings));
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
  try {
    // Cut afterwards, not before: a reader in between then sees text rather than nothing.
    writeSync(file, bytes, 0, bytes.length, 0);
    ftruncateSync(file, bytes.length);
  } finally {
    closeSync(file);
  }
}

/** A DOCTYPE is passed over, as the real one does (run); one that declares anything itself is malformed here. */
function skipProlog(source: string): number {
  return /^\s*(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE[^>[]*>)?\s*/.exec(source)?.[0].length ?? 0;
}

function attribute(attributes: string, name: string): string {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  return unescapeText(match?.[1] ?? match?.[2] ?? '');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&(?:#x([0-9A-Fa-f]+)|#(\d+)|(\w+));/g, (whole, hex: string, decimal: string, name: string) => {
    if (name) return entities[name] ?? whole;
    return String.fromCodePoint(hex ? parseInt(hex, 16) : parseInt(decimal, 10));
  });
}

function malformed(source: string, at: number): UnexpectedFailure {
  const before = source.slice(0, at).split('\n');
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1];
  return unreadable(`${line}, ${column}`, `Data at the root level is invalid. Line ${line}, position ${column}.`);
}

function unreadable(place: string, reason: string): UnexpectedFailure {
  return new UnexpectedFailure(
    "Unable to parse configuration key 'Octopus.Home' as a 'String'. Value was ''.",
    'System.FormatException',
    new UnexpectedFailure(`There is an error in XML document (${place}).`, 'System.InvalidOperationException', new UnexpectedFailure(reason, 'System.Xml.XmlException')),
  );
}
