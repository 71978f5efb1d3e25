import { describe, expect, it } from 'vitest';
import { everyNodePolled, polledAddresses } from '../../src/gates/polling-nodes.ts';
import type { TrustEntry } from '../../src/tentacle/contract.ts';
import { NEW, OLD } from '../support/estate-pieces.ts';

const nodes = [{ name: 'NODE1', addresses: ['octopus-01:10943', '10.0.0.1:10943'] }, { name: 'NODE2', addresses: ['octopus-02:10943'] }];
const codes = (polls: string[], of = nodes): string[] => {
  const verdict = everyNodePolled(of, [{ name: 'dmz-01', polls }]);
  return verdict.verdict === 'pass' ? [] : verdict.refusals.map((one) => `${one.code} ${one.message}`);
};

describe('A16: a polling Tentacle and the nodes', () => {
  it('polls each node, by whatever address of it', () => {
    expect(codes(['10.0.0.1:10943', 'octopus-02:10943'])).toEqual([]);
  });

  it('polls something that is no node: named, with the nodes that are known', () => {
    expect(codes(['octopus-01:10943', 'octopus-02:10943', 'balancer:10943'])).toEqual([expect.stringMatching(/^POLLED_ADDRESS_UNKNOWN 1 polling address .*dmz-01 \(balancer:10943\).*NODE1=octopus-01:10943/)]);
  });

  it('does not poll a node: named with that node', () => {
    expect(codes(['octopus-01:10943'])).toEqual([expect.stringMatching(/^NODE_NOT_POLLED .*dmz-01 \(NODE2\)/)]);
  });

  it('polls an address that each node calls its own: which one it is cannot be told', () => {
    const alike = nodes.map((node) => ({ ...node, addresses: [...node.addresses, '127.0.0.1:10943'] }));
    expect(codes(['127.0.0.1:10943'], alike)).toEqual([expect.stringMatching(/^POLLED_ADDRESS_UNKNOWN /), expect.stringMatching(/^NODE_NOT_POLLED .*NODE1.*NODE2/)]);
    expect(codes(['octopus-01:10943', 'octopus-02:10943'], alike)).toEqual([]);
  });

  it('tells both at once, and of a single node neither', () => {
    expect(codes(['balancer:10943'])).toHaveLength(3 - 1);
    expect(codes(['balancer:10943'], nodes.slice(0, 1))).toEqual([]);
  });

  it('is asked for the entries of the certificate in force that are polled, once each', () => {
    const entry = (address: string | null, thumbprint: string = OLD, style: TrustEntry['style'] = 'TentacleActive'): TrustEntry => ({ thumbprint, style, address, subscriptionId: 'poll://x/' });
    expect(polledAddresses([entry('https://Octopus-01:10943/'), entry('https://octopus-01:10943'), entry('https://octopus-02/'), entry('https://octopus-03:10943/', NEW), entry(null), entry('https://x:1/', OLD, 'TentaclePassive'), entry('nonsense')], OLD)).toEqual(['octopus-01:10943', 'octopus-02:443', 'nonsense']);
  });
});
