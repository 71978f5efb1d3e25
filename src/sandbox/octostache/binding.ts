import type { Symbol } from './symbol.ts';
import { parseVariableName } from './parser.ts';

/** The tree that dotted and indexed variable names make. Keys ignore case. */
export class Binding {
  readonly names = new Map<string, Binding>();
  readonly indexes = new Map<string, Binding>();
  item: string | null;

  constructor(item: string | null = null) {
    this.item = item;
  }

  add(steps: Symbol, value: string): void {
    const [first, ...rest] = steps;
    if (first === undefined) {
      this.item = value;
      return;
    }
    if (first.kind === 'symbol-index') return;
    const map = first.kind === 'name' ? this.names : this.indexes;
    const key = first.text.toLowerCase();
    let next = map.get(key);
    if (next === undefined) {
      next = new Binding(first.kind === 'index' ? first.text : null);
      map.set(key, next);
    }
    next.add(rest, value);
  }
}

/** Names that are no path at all are reachable by `get` only, never by `#{...}`. */
export function bindingOf(variables: Iterable<[string, string]>): Binding {
  const root = new Binding();
  for (const [name, value] of variables) {
    const path = parseVariableName(name);
    if (path !== null) root.add(path, value);
  }
  return root;
}
