import { describe, expect, it } from 'vitest';
import { aliasSets, doubtful, joinAliases } from '../../src/gates/aliases.ts';
import { inventoryUnchanged } from '../../src/gates/inventory.ts';
import { OLD, plannedMachine, THIRD } from '../support/estate-pieces.ts';

const byName = plannedMachine({ name: 'web-01', isDisabled: true });
const byAddress = plannedMachine({ name: '10.0.0.7' });
const clone = plannedMachine({ name: 'web-02' });
const other = plannedMachine({ name: 'web-03', own: OLD, key: `${OLD}@web-03:10933` });
const all = [byName, byAddress, clone, other];

describe('A26: one Tentacle under several addresses', () => {
  it('is in doubt as long as machines share a certificate', () => {
    expect(doubtful(all)).toEqual([[byName, byAddress, clone]]);
    expect(doubtful([other])).toEqual([]);
  });

  it('is one machine with all registrations, and enabled when one of them is', () => {
    const [joined, ...rest] = joinAliases(all, [[byAddress.key, byName.key]]).filter((machine) => machine.own === THIRD);
    expect(joined).toMatchObject({ key: byAddress.key, aliases: [byName.key], isDisabled: false });
    expect(joined!.registrations.map((one) => one.name)).toEqual(['10.0.0.7', 'web-01']);
    expect(rest).toEqual([clone]);
  });

  it('stays the same machine at every gate after the plan', () => {
    const machines = joinAliases(all, [[byAddress.key, byName.key]]);
    expect(aliasSets(machines)).toEqual([[byAddress.key, byName.key]]);
    expect(inventoryUnchanged({ machines, outOfScope: [] }, { machines: all, unsupported: [] }).verdict).toBe('pass');
    expect(inventoryUnchanged({ machines, outOfScope: [] }, { machines: [byAddress, clone, other], unsupported: [] }).verdict).toBe('refuse');
  });

  it('B9: clones stay apart', () => {
    expect(joinAliases(all, []).map((machine) => machine.key)).toEqual(all.map((machine) => machine.key).sort());
  });
});
