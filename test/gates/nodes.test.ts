import { describe, expect, it } from 'vitest';
import { mayAbandon } from '../../src/gates/abandon.ts';
import { mayImport, nodesAsPlanned, nodesKnown, notPresenting } from '../../src/gates/nodes.ts';
import { mayRetire } from '../../src/gates/retire.ts';
import { mayRollBack } from '../../src/gates/roll-back.ts';
import type { Verdict } from '../../src/gates/verdict.ts';
import type { ServerNode } from '../../src/octopus/contract.ts';
import { NEW, OLD, seenNode, THIRD } from '../support/estate-pieces.ts';

const node = (name: string, change: Partial<ServerNode> = {}): ServerNode => ({ id: `OctopusServerNodes-${name}`, name, isOffline: false, isDraining: false, maxConcurrentTasks: 5, runningTasks: 0, version: '2026.2.1', lastSeen: '', ...change });
const planned = [node('NODE1'), node('NODE2')];
const codes = (verdict: Verdict): string[] => (verdict.verdict === 'pass' ? [] : [verdict.verdict, ...verdict.refusals.map((one) => one.code)]);
const words = (verdict: Verdict): string => (verdict.verdict === 'pass' ? '' : verdict.refusals.map((one) => one.message).join(' '));
const before = { offlineCounts: true, row: null };

describe('A15: the nodes of the plan', () => {
  it('pass as they are, also drained', () => {
    expect(nodesAsPlanned(planned, [node('NODE2', { isDraining: true }), node('NODE1')], before)).toEqual({ verdict: 'pass' });
  });

  it.each([
    ['one that was added', [...planned, node('NODE3')], /added: NODE3/],
    ['one that is gone', [node('NODE1')], /gone: NODE2/],
    ['one under another id, as after a rename', [node('NODE1'), node('NODE9')], /added: NODE9; gone: NODE2/],
    ['one under another name', [node('NODE1'), node('NODE2', { name: 'web-node' })], /renamed: NODE2 \(now web-node\)/],
    ['one that is offline', [node('NODE1'), node('NODE2', { isOffline: true })], /offline: NODE2/],
    ['one of another version', [node('NODE1'), node('NODE2', { version: '2026.3.1' })], /of different versions: NODE1 2026\.2\.1, NODE2 2026\.3\.1/],
  ])('are not %s', (_name, now, said) => {
    const verdict = nodesAsPlanned(planned, now, before);
    expect(codes(verdict)).toEqual(['refuse', 'NODES_CHANGED']);
    expect(words(verdict)).toMatch(said);
  });

  it('in the row, offline is for the look at each node to say, and the message says who shows what', () => {
    expect(nodesAsPlanned(planned, [node('NODE1'), node('NODE2', { isOffline: true })], { offlineCounts: false, row: 'x' })).toEqual({ verdict: 'pass' });
    expect(words(nodesAsPlanned(planned, [node('NODE1')], { offlineCounts: false, row: 'NODE1 presents it' }))).toMatch(/Now: NODE1 presents it\./);
  });
});

describe('rule 10: before the import', () => {
  it('every node is seen with OLD, or with the goal that an earlier walk brought there', () => {
    expect(mayImport([seenNode(OLD), seenNode(NEW, 'NODE2', OLD)], NEW, OLD, false)).toEqual({ verdict: 'pass' });
  });

  it('a node out of sight is unknown on the way forward, and no obstacle on the way back', () => {
    expect(codes(mayImport([seenNode(OLD), seenNode(null, 'NODE2')], NEW, OLD, false))).toEqual(['unknown', 'NODE_NOT_SEEN']);
    expect(mayImport([seenNode(NEW), seenNode(null, 'NODE2')], OLD, NEW, true)).toEqual({ verdict: 'pass' });
  });

  it('a third certificate is one, whoever shows it and wherever', () => {
    expect(codes(mayImport([seenNode(OLD), seenNode(THIRD, 'NODE2')], NEW, OLD, false))).toEqual(['refuse', 'IMPORT_NOT_EXPECTED']);
    expect(words(mayImport([seenNode(OLD, 'NODE2', THIRD)], OLD, NEW, true))).toContain(THIRD);
  });
});

describe('what every node must show', () => {
  it('one that shows something else or nothing stands against it, by name where there are several', () => {
    expect(notPresenting([seenNode(NEW), seenNode(OLD, 'NODE2'), seenNode(null, 'NODE3')], NEW)).toEqual([`node NODE2 presents ${OLD}`, 'node NODE3 could not be seen (connection refused)']);
    expect(notPresenting([seenNode(OLD)], NEW)).toEqual([`the node presents ${OLD}`]);
    expect(notPresenting([seenNode(NEW), seenNode(NEW, 'NODE2')], NEW)).toEqual([]);
  });

  it('rule 1: nothing is retired, nor taken back, while a single node shows the other one or is out of sight', () => {
    const retire = { fresh: NEW, shownByRest: NEW, shownByDatabase: NEW, healthyAfterSwap: true };
    const abandon = { old: OLD, shownByRest: OLD, shownByDatabase: OLD, relayAtWork: false, retiring: false };
    for (const one of [null, OLD]) expect(codes(mayRetire({ ...retire, nodes: [seenNode(NEW), seenNode(one, 'NODE2')] }))).toEqual(['refuse', 'RETIRE_NOT_ALLOWED']);
    for (const one of [null, NEW]) expect(codes(mayAbandon({ ...abandon, nodes: [seenNode(OLD), seenNode(one, 'NODE2')] }))).toEqual(['refuse', 'ABANDON_TOO_LATE']);
  });

  it('a third certificate on any node is named once', () => {
    expect(codes(nodesKnown([seenNode(OLD), seenNode(THIRD, 'NODE2'), seenNode(THIRD, 'NODE3')], OLD, NEW))).toEqual(['refuse', 'CERTIFICATE_FOREIGN']);
  });

  it('rolling back is legal with a node out of sight, and too early while no node shows NEW and nothing was handed over', () => {
    const seen = { rotationId: 'sc-20261124-8684143e', old: OLD, fresh: NEW, shownByDatabase: NEW, handedOver: true, relayAtWork: null, retiringSince: null, abandoning: false };
    expect(mayRollBack({ ...seen, nodes: [seenNode(NEW), seenNode(null, 'NODE2')] })).toEqual({ verdict: 'pass' });
    expect(codes(mayRollBack({ ...seen, handedOver: false, shownByDatabase: OLD, nodes: [seenNode(OLD), seenNode(null, 'NODE2')] }))).toEqual(['refuse', 'ROLL_BACK_TOO_EARLY']);
    expect(mayRollBack({ ...seen, handedOver: false, shownByDatabase: OLD, nodes: [seenNode(OLD), seenNode(NEW, 'NODE2')] })).toEqual({ verdict: 'pass' });
  });
});
