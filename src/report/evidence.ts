import { createHash } from 'node:crypto';
import { printable } from '../errors/printable.ts';
import type { Entry } from '../journal/contract.ts';
import type { Report } from '../../schemas/types/report.ts';
import { firstOf } from './entries.ts';
import { nodeHistory, undoneSwaps } from './node-history.ts';
import { serverAbsences } from './server-absence.ts';

type Evidence = Report['evidence'];

/** What an auditor can hold against the journal and against Octopus. */
export function evidenceOf(entries: readonly Entry[]): Evidence {
  const planned = firstOf(entries, 'planned') ?? firstOf(entries, 'tentacles-planned');
  return {
    planHash: planned?.data.planHash ?? null,
    entries: entries.length,
    lastLineSha256: lineHash(entries.at(-1)),
    fences: fencesOf(entries),
    tasks: tasksOf(entries),
    handOvers: handOversOf(entries),
    serverAway: serverAbsences(entries),
    nodes: nodeHistory(entries),
    undone: undoneSwaps(entries),
    relay: entries.flatMap((entry) => (entry.kind === 'relay-stage' ? [{ at: entry.at, stage: entry.data.stage, text: printable(entry.data.text, 300) }] : [])),
  };
}

/** SHA-256 of the line as it stands in the journal, without its line end: what the next line would carry as `previous`. */
function lineHash(entry: Entry | undefined): string {
  return entry ? createHash('sha256').update(JSON.stringify(entry)).digest('hex') : '0'.repeat(64);
}

function fencesOf(entries: readonly Entry[]): Evidence['fences'] {
  const fences: Evidence['fences'] = [];
  for (const entry of entries) {
    if (fences.at(-1)?.fence !== entry.fence) fences.push({ fence: entry.fence, runner: entry.runner, taskId: entry.taskId, firstEntry: entry.sequence, at: entry.at });
  }
  return fences;
}

function tasksOf(entries: readonly Entry[]): Evidence['tasks'] {
  const tasks = new Map<string, Evidence['tasks'][number]>();
  for (const entry of entries) {
    if (entry.taskId === null || entry.runner === 'relay') continue;
    const task = tasks.get(entry.taskId) ?? { taskId: entry.taskId, firstAt: entry.at, lastAt: entry.at, phases: [] };
    task.lastAt = entry.at;
    if (!task.phases.includes(entry.phase)) task.phases.push(entry.phase);
    tasks.set(entry.taskId, task);
  }
  return [...tasks.values()];
}

function handOversOf(entries: readonly Entry[]): Evidence['handOvers'] {
  const handOvers: Evidence['handOvers'] = [];
  for (const entry of entries) {
    if (entry.kind === 'handed-over') handOvers.push({ at: entry.at, ...entry.data, queuedAgainAt: null, queuedTask: null });
    const last = handOvers.at(-1);
    if (entry.kind === 'run-queued' && last && last.queuedTask === null) {
      last.queuedAgainAt = entry.at;
      last.queuedTask = entry.data.taskId;
    }
  }
  return handOvers;
}
