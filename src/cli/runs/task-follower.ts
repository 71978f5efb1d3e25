import { printable } from '../../errors/printable.ts';
import type { TaskActivity } from '../../octopus/contract.ts';
import type { PhaseEvent } from '../../../schemas/types/rehearsal-event.ts';

/** What a look at a task's activity log tells that the look before did not. */
export type Told =
  | { kind: 'phase'; phase: string; state: PhaseEvent['state']; percent: number; text: string; seconds: number }
  | { kind: 'line'; phase: string; level: 'highlight' | 'warning' | 'error'; text: string };

interface Known { state: PhaseEvent['state'] | 'pending'; percent: number; text: string; since: number; /** Lines told so far, by the node of the log that they stand in: machines fill theirs beside each other. */ lines: Map<string, number> }

const STATES: Record<string, PhaseEvent['state'] | 'pending'> = {
  Pending: 'pending', Running: 'running', Success: 'done', SuccessWithWarning: 'warning', Failed: 'failed', Skipped: 'skipped', Canceled: 'canceled',
};
const LEVELS: Record<string, 'highlight' | 'warning' | 'error'> = { Highlight: 'highlight', Warning: 'warning', Error: 'error', Fatal: 'error' };

/** Turns snapshots of an activity log into what happened in between. Pure but for its memory; `now` is in milliseconds. */
export class TaskFollower {
  private readonly known = new Map<string, Known>();

  /** Steps that failed, in order, with their error lines. */
  readonly failures = new Map<string, string[]>();

  look(activities: readonly TaskActivity[], now: number): Told[] {
    const told: Told[] = [];
    for (const step of stepsOf(activities)) {
      const phase = stepName(step.name);
      const known = this.known.get(step.name) ?? { state: 'pending' as const, percent: 0, text: '', since: now, lines: new Map<string, number>() };
      const state = STATES[step.status] ?? 'running';
      // Behind a load balancer one look may show what another node knew a moment before the last one.
      if (rank(state) < rank(known.state)) continue;
      const { percent, text } = progressOf(step);
      if (known.state === 'pending' && state !== 'pending') known.since = now;
      // A phase is announced before its lines, and its end told after them.
      const begins = known.state === 'pending' && state !== 'pending' && state !== 'skipped';
      if (begins) told.push({ kind: 'phase', phase, state: 'running', percent: 0, text: '', seconds: 0 });
      for (const line of newLines(step, known.lines)) {
        const level = LEVELS[line.category];
        if (level === undefined || line.text.trim() === '') continue;
        const text = printable(line.text, 4000);
        // Octopus tells an error of a script a second time at its step.
        if (level === 'error' && this.failures.get(phase)?.includes(text)) continue;
        told.push({ kind: 'line', phase, level, text });
        if (level === 'error') this.failures.set(phase, [...(this.failures.get(phase) ?? []), text]);
      }
      const moved = state === 'running' && !begins && (percent !== known.percent || text !== known.text);
      const ends = state !== known.state && state !== 'pending' && state !== 'running';
      if (moved || ends) told.push({ kind: 'phase', phase, state, percent: ends && state !== 'failed' ? 100 : percent, text, seconds: Math.round((now - known.since) / 100) / 10 });
      if (state === 'failed' && !this.failures.has(phase)) this.failures.set(phase, []);
      this.known.set(step.name, { state, percent, text, since: known.since, lines: known.lines });
    }
    return told;
  }
}

/** The steps of a run: the children of the root, or of the one run below it. */
function stepsOf(activities: readonly TaskActivity[]): readonly TaskActivity[] {
  const root = activities[0];
  if (!root) return [];
  const inner = root.children.length === 1 && !/^step\b/i.test(root.children[0]!.name) && root.children[0]!.children.some((child) => /^step\b/i.test(child.name)) ? root.children[0]! : root;
  return inner.children.filter((child) => !/^(acquire packages|acquiring packages)/i.test(child.name));
}

/** `Step 3: Generate server certificate` -> `Generate server certificate` */
function stepName(name: string): string {
  return printable(name.replace(/^step \d+:\s*/i, ''));
}

/** What the nodes at and below this one say that was not told, and a note that it is told now. */
function newLines(activity: TaskActivity, told: Map<string, number>, path = ''): { category: string; text: string }[] {
  const known = told.get(path) ?? 0;
  told.set(path, Math.max(known, activity.log.length));
  return [...activity.log.slice(known), ...activity.children.flatMap((child, index) => newLines(child, told, `${path}/${index} ${child.name}`))];
}

/** How far a step is: waiting, at work, over. */
function rank(state: Known['state']): number {
  return state === 'pending' ? 0 : state === 'running' ? 1 : 2;
}

/** The progress of the node below a step that says most about it. */
function progressOf(step: TaskActivity): { percent: number; text: string } {
  const nodes = [step, ...step.children];
  const best = nodes.reduce((most, node) => (node.progressPercentage >= most.progressPercentage ? node : most), step);
  const text = nodes.map((node) => node.progressMessage).filter((message) => message !== '').at(-1) ?? '';
  return { percent: Math.max(0, Math.min(100, best.progressPercentage)), text: printable(text) };
}
