import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isPollable, parseTrustList } from '../../src/tentacle/trust-list.ts';

const THUMBPRINT = 'A'.repeat(40);
const NAMES = { 0: 'None', 1: 'TentaclePassive', 2: 'TentacleActive', 11: 'KubernetesTentacle' } as const;

describe('parseTrustList', () => {
  it('reads what Tentacle writes: style as number or name, property names in any case', () => {
    const style = fc.constantFrom(1 as const, 2 as const, 11 as const);
    const text = fc.option(fc.string(), { nil: null });
    fc.assert(fc.property(fc.array(fc.record({ style, asName: fc.boolean(), upper: fc.boolean(), address: text, subscription: text, thumbprint: fc.stringMatching(/^[0-9a-fA-F]{40}$/) })), (entries) => {
      const json = JSON.stringify(entries.map((entry) => {
        const fields: [string, unknown][] = [['Thumbprint', entry.thumbprint], ['CommunicationStyle', entry.asName ? NAMES[entry.style] : entry.style], ['Address', entry.address], ['Squid', null], ['SubscriptionId', entry.subscription]];
        return Object.fromEntries(fields.map(([name, value]) => [entry.upper ? name.toUpperCase() : name, value]));
      }));
      expect(parseTrustList(json)).toEqual(entries.map((entry) => ({ thumbprint: entry.thumbprint, style: NAMES[entry.style], address: entry.address, subscriptionId: entry.subscription })));
    }));
  });

  it('A39: whatever it is given, it gives a whole list or refuses it', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.array(fc.anything()).map((value) => JSON.stringify(value))), (text) => {
      try {
        for (const entry of parseTrustList(text)) expect(entry.thumbprint.trim()).not.toBe('');
      } catch (error) {
        expect(error).toMatchObject({ code: 'TRUST_LIST_BROKEN', failureMode: 'A39' });
      }
    }));
  });

  it.each([
    ['no JSON', 'nonsense'], ['an object', '{}'], ['null', 'null'], ['a text inside', '["x"]'],
    ['no thumbprint', '[{"CommunicationStyle":1}]'], ['a blank thumbprint', '[{"Thumbprint":" ","CommunicationStyle":1}]'],
    ['an unknown style', `[{"Thumbprint":"${THUMBPRINT}","CommunicationStyle":"Telepathy"}]`], ['a style of 7', `[{"Thumbprint":"${THUMBPRINT}","CommunicationStyle":7}]`],
    ['a style named like a property of every object', `[{"Thumbprint":"${THUMBPRINT}","CommunicationStyle":"constructor"}]`],
    ['an address that is a number', `[{"Thumbprint":"${THUMBPRINT}","CommunicationStyle":1,"Address":1}]`],
    ['an entry without style beside an equal passive one', `[{"Thumbprint":"${THUMBPRINT}"},{"Thumbprint":"${THUMBPRINT.toLowerCase()}","CommunicationStyle":1}]`],
  ])('A39: refuses %s', (_name, json) => {
    expect(() => parseTrustList(json)).toThrow(expect.objectContaining({ code: 'TRUST_LIST_BROKEN' }) as Error);
  });

  it('A3: tells the entries by which a Tentacle polls', () => {
    const list = parseTrustList(`[{"Thumbprint":"${THUMBPRINT}","CommunicationStyle":2,"Address":"https://a:10943/","SubscriptionId":"poll://x/"},{"Thumbprint":"${THUMBPRINT}","CommunicationStyle":1}]`);
    expect(list.map(isPollable)).toEqual([true, false]);
  });

  it('A39: judges every list that a real agent was started on as that agent did', () => {
    const lines = readFileSync(join(import.meta.dirname, '..', 'conformance', 'fixtures', 'tentacle-agent.jsonl'), 'utf8').trim().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { note: string; trustedOctopusServers: unknown; ended: number | null });
    expect(records.length).toBeGreaterThan(10);
    for (const record of records) {
      const parse = () => parseTrustList(JSON.stringify(record.trustedOctopusServers));
      if (record.ended === 100) expect(parse, record.note).toThrow();
      else expect(parse, record.note).not.toThrow();
    }
  });
});
