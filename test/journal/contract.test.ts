import { describe, expect, it } from 'vitest';
import { entryProblem } from '../../src/journal/line.ts';
import { entryOf, EXAMPLES } from './examples.ts';

/** Every object inside a value, with itself. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe('The journal schema and the contract', () => {
  it.each(Object.entries(EXAMPLES))('agree on "%s"', (kind, data) => {
    expect(entryProblem(entryOf(kind, data))).toBeNull();
    const free = new Set(['detail', 'outputs']);
    const copy = structuredClone(data);
    for (const one of objectsIn(copy)) {
      for (const name of Object.keys(one)) {
        const kept = one[name];
        delete one[name];
        const isFree = [...objectsIn(copy)].some((parent) => Object.entries(parent).some(([key, value]) => value === one && free.has(key)));
        if (!isFree) expect(entryProblem(entryOf(kind, copy)), `without ${name}`).not.toBeNull();
        one[name] = kept;
      }
    }
    expect(entryProblem(entryOf(kind, { ...data, more: 1 }))).not.toBeNull();
  });

  it('refuse a kind that nobody knows', () => {
    expect(entryProblem(entryOf('nonsense', {}))).not.toBeNull();
    expect(entryProblem(null)).not.toBeNull();
  });
});
