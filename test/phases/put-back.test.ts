import { describe, expect, it } from 'vitest';
import { saysItIsOver, watchForPutBack } from '../../src/phases/put-back.ts';
import type { TrustObservation } from '../../src/gates/trust.ts';
import { plannedMachine } from '../support/estate-pieces.ts';

const look = (text: 'away' | 'before' | 'else', name = 'web-01'): TrustObservation & { text: string } => ({ machine: plannedMachine({ name }), reached: text === 'away' ? { reached: false, code: 'ECONNREFUSED' } : { reached: true }, probes: null, readBack: null, text });
const watch = () => watchForPutBack((one) => (one as TrustObservation & { text: string }).text === 'before');
const times = (text: 'away' | 'before' | 'else', count: number) => Array.from({ length: count }, () => look(text));

describe('rule 3: a Tentacle whose old list was put back', () => {
  it('is seen when it was away and then ten looks long acts as before', () => {
    const putBack = watch();
    expect([...times('before', 3), look('away'), ...times('before', 9)].map((one) => putBack.isSeen(one))).not.toContain(true);
    expect(putBack.isSeen(look('before'))).toBe(true);
    expect([...putBack.keys]).toEqual([plannedMachine({ name: 'web-01' }).key]);
  });

  it('is not seen while it waits for its restart, which is put off as long as scripts run there', () => {
    const putBack = watch();
    expect(times('before', 100).map((one) => putBack.isSeen(one))).not.toContain(true);
  });

  it('is not seen while it comes and goes', () => {
    const putBack = watch();
    for (let round = 0; round < 5; round += 1) expect([look('away'), ...times('before', 9), look('else')].map((one) => putBack.isSeen(one))).not.toContain(true);
  });

  it.each([['reverted', true], ['deferred', true], ['failed', false], ['running', false], ['good', false], ['none', false]] as const)('says it itself where only a script can ask: %s', (lastRestart, over) => {
    expect(saysItIsOver({ ...look('else'), readBack: { trustsFresh: false, trustsOld: true, servesOld: true, effective: 'yes', lastRestart } })).toBe(over);
    expect(saysItIsOver(look('else'))).toBe(false);
  });

  it('is told apart from the machine beside it', () => {
    const putBack = watch();
    putBack.isSeen(look('away', 'web-01'));
    for (const one of times('before', 20)) putBack.isSeen({ ...one, machine: plannedMachine({ name: 'web-02' }) });
    expect([...putBack.keys]).toEqual([]);
  });
});
