import { describe, expect, it } from 'vitest';
import { runOnMachines } from '../../src/phases/machine-scripts.ts';
import type { PhaseContext } from '../../src/phases/context.ts';
import type { PlannedMachine } from '../../src/journal/contract.ts';
import type { MachineResult } from '../../src/tentacle/contract.ts';
import { clientOf, serve, type Answer } from '../octopus/server.ts';
import { NEW, OLD, plannedMachine, THIRD } from '../support/estate-pieces.ts';

const ID = 'sc-20260101-0a1b2c3d';
const context = { voice: { verbose: () => undefined } } as unknown as PhaseContext;
const resultOf = (own: PlannedMachine['own']): string => {
  const result: MachineResult = { rotationId: ID, own, operation: 'observe', outcome: 'unchanged', reason: null, before: [], after: [], effective: 'yes', restart: 'none', lastRestart: 'none', identity: '0'.repeat(64) };
  return `octopus-rotation-result ${Buffer.from(JSON.stringify(result)).toString('base64')}`;
};

/** An Octopus whose script tasks end as told, with a log of what the machines asked say. */
async function octopus(machines: PlannedMachine[], play: (ids: string[], number: number) => { state: string; log: string[] }) {
  const tasks: { ids: string[]; state: string; log: string[] }[] = [];
  const server = await serve(({ method, path, body }): Answer => {
    if (method === 'POST') {
      const { Arguments } = JSON.parse(body) as { Arguments: { MachineIds: string[] } };
      tasks.push({ ids: Arguments.MachineIds, ...play(Arguments.MachineIds, tasks.length + 1) });
    }
    const number = method === 'POST' ? tasks.length : Number(/ServerTasks-(\d+)/.exec(path)![1]);
    const told = tasks[number - 1]!;
    const task = { Id: `ServerTasks-${number}`, Name: 'AdHocScript', State: told.state, IsCompleted: true };
    const lines = told.log.map((MessageText) => ({ Category: 'Info', OccurredAt: '2026-01-05T00:00:00Z', MessageText }));
    return { json: path.endsWith('/details') ? { Task: task, ActivityLogs: [{ Name: 'x', Status: 'Success', ProgressPercentage: 100, ProgressMessage: '', LogElements: lines, Children: [] }] } : task };
  });
  const outcomes = await runOnMachines(context, clientOf(server.url), ID, machines, 'a test', () => 'true');
  return { tasks, outcomes };
}
const idOf = (name: string) => `Machines-${name}`;

describe('scripts on many machines', () => {
  const [a, b, c] = [plannedMachine({ name: 'a', key: 'a', own: OLD }), plannedMachine({ name: 'b', key: 'b', own: NEW }), plannedMachine({ name: 'c', key: 'c', own: THIRD })] as const;

  it('A30: one bad machine does not take the others down: each is judged by its own result, and asked again by itself without one', async () => {
    const { tasks, outcomes } = await octopus([a, b, c], (ids, number) => ({ state: 'Failed', log: number === 1 ? [resultOf(a.own), resultOf(c.own)] : [] }));
    expect(tasks.map((one) => one.ids)).toEqual([['a', 'b', 'c'].map(idOf), [idOf('b')]]);
    expect(outcomes.get('a')).toMatchObject({ result: { own: a.own } });
    expect(outcomes.get('c')).toMatchObject({ result: { own: c.own } });
    expect(outcomes.get('b')).toEqual({ result: null, reason: 'ServerTasks-2 ended as Failed without a result of this machine' });
  });

  it('D8: how a task ended says nothing: a canceled one counts by what the machines said, a successful one without a word counts as nothing', async () => {
    const canceled = await octopus([a], () => ({ state: 'Canceled', log: [resultOf(a.own)] }));
    expect(canceled.outcomes.get('a')).toMatchObject({ result: { outcome: 'unchanged' } });
    const silent = await octopus([a], () => ({ state: 'Success', log: ['all well'] }));
    expect(silent.outcomes.get('a')).toMatchObject({ result: null });
  });

  it('B9: clones, which cannot be told apart by their certificate, never share a task', async () => {
    const clones = ['x', 'y'].map((name) => plannedMachine({ name, key: name, own: THIRD }));
    const { tasks } = await octopus(clones, () => ({ state: 'Success', log: [resultOf(THIRD)] }));
    expect(tasks.map((one) => one.ids).sort()).toEqual([[idOf('x')], [idOf('y')]]);
  });
});
