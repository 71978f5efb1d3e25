import { UnsupportedOctostache } from './errors.ts';
import type { Step, Symbol } from './symbol.ts';

export type Token =
  | { kind: 'text'; text: string }
  | { kind: 'value'; symbol: Symbol }
  | { kind: 'conditional'; condition: Condition; truthy: Token[]; falsy: Token[] };

export type Operand = { kind: 'symbol'; symbol: Symbol } | { kind: 'literal'; text: string };
export type Condition = { kind: 'truthy'; symbol: Symbol } | { kind: 'comparison'; left: Operand; equal: boolean; right: Operand };

/** Thrown while parsing and caught in this file: text that no Octostache would take as a template. */
class NotATemplate extends Error {}

const identifierCharacter = /[\p{L}\p{Nd}\s_\-:/~()@]/u;

/**
 * Parses a value as Octostache does (OctopusDeploy/Octostache `TemplateParser.cs`, read, not copied). Null: not a template,
 * the value is used as it is. Throws `UnsupportedOctostache` for filters, `calc`, `each` and `elseif`.
 */
export function parseTemplate(source: string): Token[] | null {
  const reader = new Reader(source);
  try {
    const tokens = reader.template(() => false);
    return reader.atEnd() ? tokens : null;
  } catch (error) {
    if (error instanceof NotATemplate) return null;
    throw error;
  }
}

/** Reads the longest path at the start of a variable's name, as Octostache does; null when there is none. */
export function parseVariableName(name: string): Symbol | null {
  try {
    return new Reader(name).symbol();
  } catch (error) {
    if (error instanceof NotATemplate) return null;
    throw error;
  }
}

class Reader {
  private at = 0;
  constructor(private readonly source: string) {}

  atEnd(): boolean {
    return this.at >= this.source.length;
  }

  template(isEnd: () => boolean): Token[] {
    const tokens: Token[] = [];
    while (!this.atEnd() && !isEnd()) {
      if (this.sees('#{/')) return tokens;
      tokens.push(this.sees('#{') ? this.construct() : this.text());
    }
    return tokens;
  }

  symbol(): Symbol {
    const steps: Step[] = [this.identifier()];
    for (;;) {
      const before = this.at;
      try {
        if (this.take('.')) steps.push(this.identifier());
        else if (this.sees('[')) steps.push(this.indexer());
        else return steps;
      } catch (error) {
        if (!(error instanceof NotATemplate)) throw error;
        this.at = before;
        return steps;
      }
    }
  }

  private sees(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  private take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw new NotATemplate(`expected ${text}`);
  }

  private blanks(): number {
    const from = this.at;
    while (!this.atEnd() && /\s/u.test(this.source[this.at] as string)) this.at += 1;
    return this.at - from;
  }

  private text(): Token {
    let text = '';
    while (!this.atEnd()) {
      if (this.source[this.at] !== '#') text += this.source[this.at++];
      else if (this.at === this.source.length - 1) { text += '#'; this.at += 1; }
      else if (this.sees('###{')) { text += '#'; this.at += 2; }
      else if (this.take('##{')) text += '#{';
      else if (this.sees('#{')) break;
      else { text += this.source.slice(this.at, this.at + 2); this.at += 2; }
    }
    return { kind: 'text', text };
  }

  private construct(): Token {
    const start = this.at;
    this.expect('#{');
    this.blanks();
    const keyword = /^(if|unless|calc|each)\s/i.exec(this.source.slice(this.at, this.at + 8))?.[1]?.toLowerCase();
    if (keyword === 'calc') throw new UnsupportedOctostache('#{calc ...}');
    if (keyword !== undefined) {
      const token = this.attempt(() => (keyword === 'each' ? this.repetition(start) : this.conditional(keyword)));
      if (token !== null) return token;
    }
    const symbol = this.expression();
    this.blanks();
    this.expect('}');
    return { kind: 'value', symbol };
  }

  private attempt<T>(read: () => T): T | null {
    const before = this.at;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof NotATemplate)) throw error;
      this.at = before;
      return null;
    }
  }

  private repetition(start: number): Token {
    this.at += 'each'.length;
    this.blanks();
    this.identifier();
    this.blanks();
    this.expect('in');
    throw new UnsupportedOctostache(`${this.source.slice(start, this.at)} ...}`);
  }

  private conditional(keyword: string): Token {
    this.at += keyword.length;
    this.blanks();
    const condition = this.condition();
    this.blanks();
    this.expect('}');
    const body = this.template(() => {
      if (keyword === 'if' && /^#\{elseif\s/.test(this.source.slice(this.at, this.at + 9))) throw new UnsupportedOctostache('#{elseif ...}');
      return this.sees('#{else}');
    });
    const other = this.take('#{else}') ? this.template(() => false) : [];
    this.expect(`#{/${keyword}}`);
    return keyword === 'if' ? { kind: 'conditional', condition, truthy: body, falsy: other } : { kind: 'conditional', condition, truthy: other, falsy: body };
  }

  private condition(): Condition {
    const left = this.operand();
    this.blanks();
    const operator = this.take('==') ? '==' : this.take('!=') ? '!=' : null;
    if (operator === null) {
      if (left.kind === 'literal') throw new NotATemplate('a literal alone is no condition');
      return { kind: 'truthy', symbol: left.symbol };
    }
    this.blanks();
    const right = this.operand();
    if (left.kind === 'literal' && right.kind === 'literal') throw new NotATemplate('two literals are not compared');
    return { kind: 'comparison', left, equal: operator === '==', right };
  }

  private operand(): Operand {
    for (const [quote, content] of [['"', /^[^"#]*/], ['\\"', /^(?:(?!\\")[\s\S])*/]] as const) {
      if (!this.take(quote)) continue;
      const text = content.exec(this.source.slice(this.at))?.[0] ?? '';
      this.at += text.length;
      this.expect(quote);
      return { kind: 'literal', text };
    }
    return { kind: 'symbol', symbol: this.expression() };
  }

  private expression(): Symbol {
    this.blanks();
    const before = this.at;
    if (this.sees('|')) throw new UnsupportedOctostache('#{ | filter }');
    const symbol = this.symbol();
    this.blanks();
    if (this.sees('|')) throw new UnsupportedOctostache(`#{${this.source.slice(before, this.at)}| ...} (a filter)`);
    return symbol;
  }

  private identifier(): Step {
    const from = this.at;
    while (!this.atEnd()) {
      const character = String.fromCodePoint(this.source.codePointAt(this.at) as number);
      if (!identifierCharacter.test(character)) break;
      if (/\s/u.test(character)) {
        const rest = this.source.slice(this.at + 1, this.at + 4);
        if (/^[|}]/.test(rest) || /^(in|==|!=)\s/.test(rest)) break;
      }
      this.at += character.length;
    }
    if (this.at === from) throw new NotATemplate('expected a name');
    return { kind: 'name', text: this.source.slice(from, this.at).trim() };
  }

  private indexer(): Step {
    const before = this.at;
    this.expect('[');
    this.blanks();
    if (this.take('#{')) {
      const symbol = this.attempt(() => {
        const inner = this.expression();
        this.blanks();
        this.expect('}');
        this.blanks();
        this.expect(']');
        return inner;
      });
      if (symbol !== null) return { kind: 'symbol-index', symbol };
    }
    this.at = before;
    return { kind: 'index', text: this.nestedIndex() };
  }

  private nestedIndex(): string {
    this.expect('[');
    this.blanks();
    let text = '';
    while (!this.sees(']')) {
      if (this.atEnd()) throw new NotATemplate('an index is not closed');
      text += this.sees('[') ? `[${this.nestedIndex()}]` : this.source[this.at++];
    }
    this.at += 1;
    return text;
  }
}
