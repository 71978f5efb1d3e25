import { describe, expect, it } from 'vitest';
import schema from '../../schemas/machine-result.schema.json' with { type: 'json' };
import { reasonText } from '../../src/tentacle/reasons.ts';

describe('reasonText', () => {
  it('has a clause for every word that a machine may answer, and lets an unknown word stand', () => {
    for (const word of schema.properties.reason.enum) {
      if (word !== null) expect(reasonText(word)).toMatch(new RegExp(`^.{15,} \\(${word}\\)$`));
    }
    expect(reasonText('constructor')).toBe('constructor');
    expect(reasonText(null)).toBe('no reason given');
  });
});
