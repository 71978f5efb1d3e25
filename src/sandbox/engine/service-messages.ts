export interface ServiceMessage { name: string; attributes: Map<string, string> }
export type ParsedPart = { kind: 'text'; text: string } | { kind: 'message'; message: ServiceMessage } | { kind: 'void'; text: string };

const opening = '##octopus';
const element = /^([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*\s*=\s*(?:'[^'<&]*'|"[^"<&]*"))*)\s*$/;
const attribute = /\s+([A-Za-z_][\w.-]*)\s*=\s*(?:'([^']*)'|"([^"]*)")/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The state machine of Calamari's `ServiceMessageParser` (step-packages.md section 9.1): `##octopus` anywhere in a line opens a
 * message, the next `]` closes it even lines later, one message a line, one bad attribute voids the whole message.
 */
export class ServiceMessageParser {
  private state: 'text' | 'possible' | 'message' = 'text';
  private buffer = '';

  /** What one line (without its line end) means. Text inside an open message is swallowed, as there. */
  parse(line: string): ParsedPart[] {
    const wasOpen = this.state === 'message';
    let openedAt = 0;
    for (let at = 0; at < line.length; at += 1) {
      const character = line[at] as string;
      if (this.state === 'text') {
        if (character === '#') {
          this.state = 'possible';
          this.buffer = character;
        }
      } else if (this.state === 'possible') {
        this.buffer += character;
        if (this.buffer === opening) {
          this.state = 'message';
          this.buffer = '';
          openedAt = Math.max(0, at + 1 - opening.length);
        } else if (!opening.startsWith(this.buffer)) {
          this.state = 'text';
          this.buffer = '';
        }
      } else if (character === ']') {
        const body = this.buffer;
        this.state = 'text';
        this.buffer = '';
        return this.closed(line.slice(0, wasOpen ? 0 : openedAt), body, line.slice(at + 1));
      } else {
        this.buffer += character;
      }
    }
    if (this.state === 'message') return wasOpen ? [] : textPart(line.slice(0, openedAt));
    return [{ kind: 'text', text: line }];
  }

  /** What a stray `##octopus` swallowed and never closed; null when nothing is open. */
  unfinished(): string | null {
    return this.state === 'message' ? this.buffer : null;
  }

  private closed(before: string, body: string, after: string): ParsedPart[] {
    const message = parseMessage(body);
    const part: ParsedPart = message === null ? { kind: 'void', text: `${opening}${body}]` } : { kind: 'message', message };
    return [...textPart(before), part, ...textPart(after)];
  }
}

function textPart(text: string): ParsedPart[] {
  return text.trim() === '' ? [] : [{ kind: 'text', text }];
}

/** The text between `##octopus` and `]` as one XML element whose attribute values are strict base64 of UTF-8; null voids it. */
export function parseMessage(body: string): ServiceMessage | null {
  const found = element.exec(body.trim().replace(/^\[+/, '').replace(/[\r\n]/g, ''));
  if (found === null) return null;
  const attributes = new Map<string, string>();
  for (const [, name = '', single, double] of (found[2] ?? '').matchAll(attribute)) {
    const value = decode(single ?? double ?? '');
    const key = name.toLowerCase();
    if (value === null || attributes.has(key)) return null;
    attributes.set(key, value);
  }
  return { name: found[1] as string, attributes };
}

/** .NET's `Convert.FromBase64String`: padding obligatory, blanks ignored, nothing else forgiven. */
function decode(text: string): string | null {
  const compact = text.replace(/[ \t\r\n]/g, '');
  return base64.test(compact) ? Buffer.from(compact, 'base64').toString('utf8') : null;
}
