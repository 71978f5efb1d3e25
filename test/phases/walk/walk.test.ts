import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverErrors } from '../../../src/errors/server.ts';
import type { Entry } from '../../../src/journal/contract.ts';
import { drainedNodes } from '../../../src/journal/views.ts';
import type { Told } from '../fleet/play.ts';
import { Life } from './mortal.ts';
import { Row } from './row.ts';

const THIRD = 'C0FFEE'.padEnd(40, '0');

/** It ended, and neither lied nor did what never may be done. */
async function holds(row: Row): Promise<void> {
  expect(await row.lies()).toEqual([]);
  expect(row.drained, 'drained nodes').toEqual([]);
  expect(drainedNodes(await row.entries())).toEqual([]);
}

const imports = (row: Row) => row.fleet.changes.filter((one) => one === 'import').length;
const refused = (told: Told | 'killed') => (told === 'killed' || told.ok ? told : told.codes);
const text = (told: Told | 'killed') => (told === 'killed' || told.ok ? '' : told.text);
const proofs = async (row: Row, claim: string) => (await row.entries()).filter((entry): entry is Entry<'proved'> => entry.kind === 'proved' && entry.data.claim === claim).map((entry) => entry.subject);

describe('A15: the row of three nodes', () => {
  it('is walked one by one, the host last; imported once, nobody left drained, each node proved by its id and the server when all are', async () => {
    const row = await Row.handedOver();
    expect(await row.walk('swap')).toMatchObject({ ok: true });
    expect([row.restarted, row.presented, imports(row)]).toEqual([['NODE2', 'NODE3', 'host'], [row.fresh, row.fresh, row.fresh], 1]);
    expect(await proofs(row, 'node-presents-new')).toEqual(['OctopusServerNodes-NODE2', 'OctopusServerNodes-NODE3', 'OctopusServerNodes-1', 'server']);
    await holds(row);
    expect(await row.walk('swap')).toMatchObject({ ok: true });
    expect([row.restarted.length, imports(row)], 'a second time').toEqual([3, 1]);
  });

  it('goes back the same way', async () => {
    const row = await Row.handedOver();
    await row.walk('swap');
    await row.handOverTheWayBack();
    const told = await row.walk('roll-back');
    expect(told, text(told)).toMatchObject({ ok: true });
    expect([row.restarted.slice(3), row.presented, imports(row)]).toEqual([['NODE2', 'NODE3', 'host'], [row.old, row.old, row.old], 2]);
    await holds(row);
  });

  it('nothing is imported while a node is out of sight, of another version, new or gone', async () => {
    for (const [break_, code] of [
      [(row: Row) => { row.others[0]!.fault = 'silent'; }, 'NODE_NOT_SEEN'],
      [(row: Row) => { row.others[1]!.isUp = false; }, 'NODES_CHANGED'],
      [(row: Row) => { row.others[1]!.version = '2025.1.0'; }, 'NODES_CHANGED'],
      [(row: Row) => { row.fleet.otherNodes.push({ ...row.others[0]!, id: 'OctopusServerNodes-NODE4', name: 'NODE4' } as never); }, 'NODES_CHANGED'],
      [(row: Row) => { row.fleet.otherNodes.pop(); }, 'NODES_CHANGED'],
      [(row: Row) => { row.others[0]!.presents = THIRD; }, 'IMPORT_NOT_EXPECTED'],
    ] as const) {
      const row = await Row.handedOver();
      break_(row);
      const told = await row.walk('swap');
      expect(refused(told), text(told)).toEqual([code]);
      expect([imports(row), row.restarted]).toEqual([0, []]);
      await holds(row);
    }
  });

  it('a node that does not come back stops it: who shows what is said, the others serve; mended, it goes on with that node', async () => {
    const row = await Row.handedOver();
    row.others[1]!.fault = 'stays-down';
    const told = await row.walk('swap');
    expect(refused(told)).toEqual(['NODE_DID_NOT_COME_BACK']);
    expect(text(told)).toContain(`Now: NODE2 presents ${row.fresh}, NODE3 is not seen (connection refused), octopus-01 presents ${row.old}.`);
    expect(text(told)).toMatch(/Roll back server certificate/);
    expect(row.restarted).toEqual(['NODE2', 'NODE3']);
    await holds(row);
    const again = await row.walk('swap');
    expect(refused(again), 'still down: the host is not restarted').toEqual(['NODE_DID_NOT_COME_BACK']);
    expect(row.restarted).toEqual(['NODE2', 'NODE3']);
    row.others[1]!.fault = 'none';
    expect(await row.walk('swap')).toMatchObject({ ok: true });
    expect([row.restarted, row.presented, imports(row)]).toEqual([['NODE2', 'NODE3', 'host'], [row.fresh, row.fresh, row.fresh], 1]);
    await holds(row);
  });

  it('or it is rolled back: who answers goes back although that node does not, and the end waits for it', async () => {
    const row = await Row.handedOver();
    row.others[0]!.fault = 'stays-down';
    await row.walk('swap');
    row.mayBeDown.add('NODE2');
    await row.handOverTheWayBack();
    const told = await row.walk('roll-back');
    expect(refused(told), text(told)).toEqual(['NODE_DID_NOT_COME_BACK']);
    expect([row.presented, row.fleet.database]).toEqual([['down', row.old, row.old], row.old]);
    expect(await proofs(row, 'node-presents-old')).not.toContain('server');
    row.others[0]!.fault = 'none';
    expect(await row.walk('roll-back')).toMatchObject({ ok: true });
    expect(row.presented).toEqual([row.old, row.old, row.old]);
    await holds(row);
  });

  it('a relay that never answers is unknown: looked at, not believed, and the row stops', async () => {
    const other = await Row.handedOver();
    let looks = 0;
    const control = other.others[0]!.control.bind(other.others[0]);
    other.others[0]!.control = () => ({ ...control(), restart: async (expected) => {
      looks += 1;
      other.others[0]!.fault = 'silent';
      await control().restart(expected);
    } });
    const told = await other.walk('swap');
    expect([refused(told), looks, other.restarted], text(told)).toEqual([['NODE_DID_NOT_COME_BACK'], 1, []]);
    other.others[0]!.fault = 'none';
    await holds(other);
  });

  it('a service whose restart reports a failure is looked at: the row goes on if the node came up, else it stops and tells that failure', async () => {
    const reports = (row: Row): void => {
      const control = row.others[1]!.control.bind(row.others[1]);
      row.others[1]!.control = () => ({ ...control(), restart: async (expected) => {
        await control().restart(expected);
        throw serverErrors.SERVER_COMMAND_FAILED({ command: 'service', exitCode: 1, output: 'the service did not start in time' });
      } });
    };
    const up = await Row.handedOver();
    reports(up);
    expect(await up.walk('swap')).toMatchObject({ ok: true });
    expect([up.restarted, up.presented]).toEqual([['NODE2', 'NODE3', 'host'], [up.fresh, up.fresh, up.fresh]]);
    await holds(up);
    const down = await Row.handedOver();
    down.others[1]!.fault = 'stays-down';
    reports(down);
    const told = await down.walk('swap');
    expect(refused(told), text(told)).toEqual(['NODE_DID_NOT_COME_BACK']);
    expect(text(told)).toContain('the service did not start in time');
    expect(down.restarted).toEqual(['NODE2', 'NODE3']);
    await holds(down);
  });

  it('a node that comes back with its own old certificate stops it as well', async () => {
    const row = await Row.handedOver();
    row.others[0]!.fault = 'keeps-its-own';
    const told = await row.walk('swap');
    expect(refused(told)).toEqual(['NODE_DID_NOT_COME_BACK']);
    expect(text(told)).toContain(`NODE2 presents ${row.old}`);
    expect([row.restarted, imports(row)]).toEqual([['NODE2'], 1]);
    await holds(row);
  });

  it('a third certificate that somebody imports midway stops it, and no node is restarted into it', async () => {
    const row = await Row.handedOver();
    row.others[0]!.comeUp = function comeUp() {
      this.isUp = true;
      this.presents = row.fresh;
      row.fleet.database = THIRD;
    };
    const told = await row.walk('swap');
    expect(refused(told), text(told)).toEqual(['CERTIFICATE_CHANGED_IN_THE_ROW']);
    expect(text(told)).toContain(`the database shows ${THIRD}`);
    expect([row.restarted, row.presented]).toEqual([['NODE2'], [row.fresh, row.old, row.old]]);
    await holds(row);
  });

  it('a node that joins while the others are restarted is told at the next one', async () => {
    const row = await Row.handedOver();
    const comeUp = row.others[0]!.comeUp.bind(row.others[0]);
    row.others[0]!.comeUp = () => {
      comeUp();
      row.fleet.otherNodes.push({ ...row.others[0]!, id: 'OctopusServerNodes-NODE4', name: 'NODE4' } as never);
    };
    const told = await row.walk('swap');
    expect(refused(told), text(told)).toEqual(['NODES_CHANGED']);
    expect(text(told)).toMatch(/added: NODE4.*Now: NODE2 presents/);
    expect(row.restarted).toEqual(['NODE2']);
    await holds(row);
  });

  it('tasks that do not end are not cancelled: the row stops, the node takes tasks again', async () => {
    const row = await Row.handedOver();
    row.others[1]!.runningTasks = 2;
    const told = await row.walk('swap');
    expect(refused(told)).toEqual(['DRAIN_LIMIT']);
    expect(text(told)).toMatch(/2 task\(s\) still ran on node NODE3 after 30 minutes; they were not cancelled\. Now: NODE2 presents/);
    await holds(row);
  });

  it('rule 10: no machine answers under NEW; undone on every node, with the numbers in the journal', async () => {
    const row = await Row.handedOver();
    const cut = row.others[1]!.comeUp.bind(row.others[1]);
    row.others[1]!.comeUp = () => {
      cut();
      for (const machine of row.fleet.machines) machine.pausesUntil = Infinity;
      row.isUndoing = true;
    };
    const told = await row.walk('swap');
    expect(refused(told), text(told)).toEqual(['SWAP_UNDONE']);
    expect([row.presented, row.fleet.database]).toEqual([[row.old, row.old, row.old], row.old]);
    const decided = (await row.entries()).find((entry): entry is Entry<'intent'> => entry.kind === 'intent' && entry.data.effect === 'undo')!;
    expect(decided.data.detail).toMatchObject({ asked: 3, answered: 0, nodes: 3, presenting: 3 });
    await holds(row);
  });
});

describe('killed anywhere', () => {
  it('the relay goes on from what is there: each node in force, restarted at most once more per kill, nobody left drained', { timeout: 240_000 }, async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.record({ lines: fc.nat(45), moment: fc.constantFrom('before' as const, 'after' as const) }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom('swap' as const, 'roll-back' as const), fc.integer(),
      async (deaths, kind, seed) => {
        const row = await Row.handedOver(seed);
        if (kind === 'roll-back') {
          await row.walk('swap');
          await row.handOverTheWayBack();
        }
        const before = row.restarted.length;
        let kills = 0;
        for (const { lines, moment } of deaths) {
          const told = await row.walk(kind, new Life(lines, moment));
          if (told === 'killed') kills += 1;
          else expect(told.ok, text(told)).toBe(true);
          expect(await row.lies()).toEqual([]);
        }
        const told = await row.walk(kind);
        expect(told, text(told)).toMatchObject({ ok: true });
        const goal = kind === 'swap' ? row.fresh : row.old;
        expect(row.presented).toEqual([goal, goal, goal]);
        expect(row.restarted.length - before).toBeLessThanOrEqual(3 + kills);
        expect(row.restarted.at(-1)).toBe('host');
        await holds(row);
      },
    ), { seed: 7, numRuns: 10, endOnFailure: true });
  });
});
