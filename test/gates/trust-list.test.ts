import { describe, expect, it } from 'vitest';
import { listIsFreeOf, listTrusts } from '../../src/gates/trust-list.ts';
import type { TrustEntry } from '../../src/tentacle/contract.ts';
import { NEW, OLD, THIRD } from '../support/estate-pieces.ts';

const passive = (thumbprint: string): TrustEntry => ({ thumbprint, style: 'TentaclePassive', address: null, subscriptionId: null });
const polled = (thumbprint: string, address = 'https://n1:10943/', subscriptionId = 'poll://a/'): TrustEntry => ({ thumbprint, style: 'TentacleActive', address, subscriptionId });
const listening = { route: 'listening' } as const;
const polling = { route: 'polling' } as const;

describe('a listening Tentacle', () => {
  it('A19: any entry lets the server in, in whatever letter case', () => {
    expect(listTrusts(listening, [passive(NEW.toLowerCase())], NEW, OLD)).toBe(true);
    expect(listTrusts(listening, [polled(NEW)], NEW, OLD)).toBe(true);
    expect(listTrusts(listening, [passive(OLD), passive(THIRD)], NEW, OLD)).toBe(false);
  });
});

describe('a polling Tentacle', () => {
  it.each<[string, TrustEntry[], boolean]>([
    ['A2: an entry that only lets in is worth nothing to it', [polled(OLD), passive(NEW)], false],
    ['a twin beside the old one', [polled(OLD), polled(NEW)], true],
    ['a twin written with another slash at the end', [polled(OLD, 'https://n1:10943'), polled(NEW, 'https://n1:10943/')], true],
    ['A16: one of two addresses without its twin', [polled(OLD), polled(OLD, 'https://n2:10943/'), polled(NEW)], false],
    ['both addresses with their twins', [polled(OLD), polled(OLD, 'https://n2:10943/'), polled(NEW), polled(NEW, 'https://n2:10943/')], true],
    ['a twin of another subscription', [polled(OLD), polled(NEW, 'https://n1:10943/', 'poll://b/')], false],
    ['A19: a twin in lower case, which polling compares exactly', [polled(OLD), polled(NEW.toLowerCase())], false],
    ['an old entry in lower case wants its twin too', [polled(OLD.toLowerCase()), polled(NEW, 'https://n2:10943/')], false],
    ['after OLD is retired', [polled(NEW)], true],
    ['an address of another server needs no twin', [polled(OLD), polled(NEW), polled(THIRD, 'https://elsewhere:10943/')], true],
    ['nothing is polled', [], false],
  ])('%s', (_name, entries, trusted) => {
    expect(listTrusts(polling, entries, NEW, OLD)).toBe(trusted);
  });
});

it('a list is free of a thumbprint only without it in any letter case and of any style', () => {
  expect(listIsFreeOf([passive(NEW), polled(THIRD)], OLD)).toBe(true);
  expect(listIsFreeOf([passive(OLD.toLowerCase())], OLD)).toBe(false);
  expect(listIsFreeOf([polled(OLD)], OLD)).toBe(false);
  expect(listIsFreeOf([], OLD)).toBe(true);
});
