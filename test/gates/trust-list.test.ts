import { describe, expect, it } from 'vitest';
import { listIsFreeOf, listTrusts } from '../../src/gates/trust-list.ts';
import type { TrustEntry } from '../../src/tentacle/contract.ts';
import { NEW, OLD, THIRD } from '../support/estate-pieces.ts';

const entry = (thumbprint: string, style: TrustEntry['style'], address: string | null = null, subscriptionId: string | null = null): TrustEntry => ({ thumbprint, style, address, subscriptionId });
const polled = (thumbprint: string, address = 'https://octopus:10943/', subscriptionId = 'poll://a/') => entry(thumbprint, 'TentacleActive', address, subscriptionId);
const polling = (...entries: TrustEntry[]) => listTrusts({ route: 'polling' }, entries, NEW, OLD);

describe('whether a list gives a server with NEW what it needs', () => {
  it('A2: a passive entry is enough for a listening Tentacle and nothing for a polling one', () => {
    const list = [polled(OLD), entry(NEW, 'TentaclePassive')];
    expect(listTrusts({ route: 'listening' }, list, NEW, OLD)).toBe(true);
    expect(polling(...list)).toBe(false);
  });

  it('A16: each polled address needs its own twin, with its own subscription', () => {
    const nodes = [polled(OLD), polled(OLD, 'https://node-2:10943/')];
    expect(polling(...nodes, polled(NEW))).toBe(false);
    expect(polling(...nodes, polled(NEW), polled(NEW, 'https://node-2:10943', 'poll://b/'))).toBe(false);
    expect(polling(...nodes, polled(NEW), polled(NEW, 'https://node-2:10943'))).toBe(true);
  });

  it('A19: listening takes any letter case, polling the exact form only', () => {
    expect(listTrusts({ route: 'listening' }, [entry(NEW.toLowerCase(), 'TentaclePassive')], NEW, OLD)).toBe(true);
    expect(polling(polled(OLD), polled(NEW.toLowerCase()))).toBe(false);
  });

  it('an old entry in lower case wants its twin too, and an address of another server wants none', () => {
    expect(polling(polled(OLD.toLowerCase()), polled(NEW, 'https://node-2:10943/'))).toBe(false);
    expect(polling(polled(OLD), polled(NEW), polled(THIRD, 'https://elsewhere:10943/'))).toBe(true);
  });

  it('a list without OLD still serves NEW, and an empty one serves nobody', () => {
    expect(polling(polled(NEW))).toBe(true);
    expect(polling()).toBe(false);
  });

  it('A13: an entry by WebSocket wants no twin, and is no trust in the server certificate', () => {
    const web = polled(OLD, 'wss://octopus/OctopusComms');
    expect(polling(polled(OLD), web, polled(NEW))).toBe(true);
    expect(polling(web)).toBe(false);
    expect(listIsFreeOf([polled(NEW), web], OLD)).toBe(true);
  });

  it('A24: a list is free of OLD only when no entry carries it, in any letter case', () => {
    expect(listIsFreeOf([polled(NEW), entry(THIRD, 'TentaclePassive')], OLD)).toBe(true);
    expect(listIsFreeOf([polled(NEW), entry(OLD.toLowerCase(), 'TentaclePassive')], OLD)).toBe(false);
  });
});
