import { describe, expect, it } from 'vitest';
import { addressText, givenAddresses } from '../../../src/phases/node-addresses.ts';

describe('addresses of a server node', () => {
  it('A16: are compared as host:port in lower case, IPv6 in brackets', () => {
    expect([addressText('Octopus-02.Corp.', 10943), addressText('FD00::2', 10943), addressText('[fd00::2]', 1)]).toEqual(['octopus-02.corp:10943', '[fd00::2]:10943', '[fd00::2]:1']);
  });

  it('A16: may be given by line or comma, each for its node alone; what is none of them is told', () => {
    const text = 'NODE1=balancer.corp:10943, node2 = nat.corp:20943\nNODE2=[fd00::9]:10943;NODE2=nowhere';
    expect(givenAddresses(text, 'NODE2')).toEqual({ addresses: ['nat.corp:20943', '[fd00::9]:10943'], wrong: ['NODE2=nowhere'] });
    expect(givenAddresses(undefined, 'NODE2')).toEqual({ addresses: [], wrong: [] });
  });
});
