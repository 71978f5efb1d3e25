import { bindingOf, type Binding } from './binding.ts';
import { RecursiveDefinition, UnsupportedOctostache } from './errors.ts';
import { parseTemplate, type Condition, type Operand, type Token } from './parser.ts';
import { symbolText, type Symbol } from './symbol.ts';

export interface Evaluation { text: string; missing: string[] }

/**
 * Octopus variables with the subset of Octostache that step-packages.md section 8.2 and the golden records need: `#{Name}`,
 * dotted and indexed names, `#{if}`, `#{unless}`, `#{else}`, `==`, `!=`, `##{`. Values are expanded when they are read; what
 * has no value stays as written. Anything else that the real one evaluates throws `UnsupportedOctostache`.
 */
export class Variables {
  private readonly values = new Map<string, { name: string; value: string }>();
  private tree: Binding | null = null;

  constructor(initial: Iterable<[string, string]> = []) {
    for (const [name, value] of initial) this.set(name, value);
  }

  set(name: string, value: string): void {
    this.values.set(name.toLowerCase(), { name, value });
    this.tree = null;
  }

  copy(): Variables {
    return new Variables(this.entries());
  }

  *entries(): Iterable<[string, string]> & Generator<[string, string]> {
    for (const { name, value } of this.values.values()) yield [name, value];
  }

  names(): string[] {
    return [...this.values.values()].map(({ name }) => name);
  }

  raw(name: string): string | undefined {
    return this.values.get(name.toLowerCase())?.value;
  }

  /** The expanded value. Undefined when the variable does not exist. */
  get(name: string): string | undefined {
    const raw = this.raw(name);
    return raw === undefined ? undefined : this.evaluate(raw).text;
  }

  /** .NET's `bool.TryParse` of the value. */
  flag(name: string): boolean {
    return this.get(name)?.trim().toLowerCase() === 'true';
  }

  evaluate(text: string): Evaluation {
    if (!text.includes('#{')) return { text, missing: [] };
    const template = parseTemplate(text);
    if (template === null) return { text, missing: [] };
    return new Evaluator(this.binding()).run(template);
  }

  /** As `VariableDictionary.EvaluateTruthy`: something left unresolved is not truthy. */
  isTruthy(expression: string): boolean {
    const { text, missing } = this.evaluate(expression);
    return missing.length === 0 && truthy(text);
  }

  private binding(): Binding {
    this.tree ??= bindingOf(this.entries());
    return this.tree;
  }
}

/** Octostache: not "0", not empty, not "no" or "false" in any case. */
export function truthy(value: string): boolean {
  return value !== '0' && value !== '' && !['no', 'false'].includes(value.trim().toLowerCase());
}

/** Writes foreign text so that it arrives unchanged when it is read as a variable's value. */
export function escapeOctostache(text: string): string {
  return text.replaceAll('#{', '##{');
}

class Evaluator {
  private readonly missing = new Set<string>();
  private readonly open: string[] = [];

  constructor(private readonly root: Binding) {}

  run(template: Token[]): Evaluation {
    const text = this.write(template);
    return { text, missing: [...this.missing] };
  }

  private write(tokens: Token[]): string {
    return tokens.map((token) => {
      if (token.kind === 'text') return token.text;
      if (token.kind === 'conditional') return this.write(this.holds(token.condition) ? token.truthy : token.falsy);
      const value = this.resolve(token.symbol);
      if (value !== null) return value;
      const written = `#{${symbolText(token.symbol)}}`;
      this.missing.add(written);
      return written;
    }).join('');
  }

  private holds(condition: Condition): boolean {
    if (condition.kind === 'truthy') return truthy(this.resolve(condition.symbol) ?? '');
    return (this.operand(condition.left) === this.operand(condition.right)) === condition.equal;
  }

  private operand(operand: Operand): string {
    return operand.kind === 'literal' ? operand.text : (this.resolve(operand.symbol) ?? '');
  }

  private resolve(symbol: Symbol): string | null {
    const key = symbolText(symbol).toLowerCase();
    if (this.open.includes(key)) throw new RecursiveDefinition(symbolText(symbol));
    this.open.push(key);
    try {
      const found = this.walk(symbol);
      if (found === null || found.item === null) return null;
      if (!found.item.includes('#{')) return found.item;
      const template = parseTemplate(found.item);
      return template === null ? found.item : this.write(template);
    } finally {
      this.open.pop();
    }
  }

  private walk(symbol: Symbol): Binding | null {
    let at = this.root;
    for (const step of symbol) {
      let next: Binding | undefined;
      if (step.kind === 'name') next = at.names.get(step.text.toLowerCase());
      else {
        const index = step.kind === 'index' ? step.text : this.resolve(step.symbol);
        if (index === null) return null;
        next = index === '*' && at.indexes.size > 0 ? [...at.indexes.values()][0] : at.indexes.get(index.toLowerCase());
      }
      if (next === undefined) {
        if (looksLikeJson(at.item)) throw new UnsupportedOctostache(`#{${symbolText(symbol)}} (walking into a JSON value)`);
        return null;
      }
      at = next;
    }
    return at;
  }
}

function looksLikeJson(item: string | null): boolean {
  if (item === null || !/^\s*[[{]/.test(item)) return false;
  try {
    JSON.parse(item);
    return true;
  } catch {
    return false;
  }
}
