import type { Entry } from '../journal/contract.ts';
import type { Report } from '../../schemas/types/report.ts';
import { seconds } from './duration.ts';

type PhaseRun = Report['phases'][number];

/** The phase that makes the report; it cannot judge itself. */
export const REPORT_PHASE = 'report-rotation';

/** `trust-server-certificate` -> `Trust server certificate`. */
export function phaseTitle(phase: string): string {
  const words = phase.replaceAll('-', ' ').replace(/\btentacle\b/, 'Tentacle');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Every time a phase ran, in order. A phase that began and never said how it ended is `interrupted` once somebody else went on,
 * and `running` while its entries are the last ones.
 */
export function phaseHistory(entries: readonly Entry[]): PhaseRun[] {
  const runs: PhaseRun[] = [];
  let open: PhaseRun | null = null;
  for (const entry of entries) {
    if (entry.kind === 'phase-started') {
      if (open) close(open, lastAt(entries, entry.sequence, open), 'interrupted');
      open = { phase: entry.data.phase, title: phaseTitle(entry.data.phase), runner: entry.runner, taskId: entry.taskId, startedAt: entry.at, endedAt: null, seconds: null, outcome: 'running', refusals: 0 };
      runs.push(open);
    } else if (entry.kind === 'phase-finished') {
      const run: PhaseRun = open?.phase === entry.data.phase ? open : begun(runs, entry);
      run.refusals = entry.data.refusals.length;
      close(run, entry.at, entry.data.outcome);
      if (run === open) open = null;
    } else if (entry.kind === 'ended' && open) {
      close(open, entry.at, 'continue');
      open = null;
    }
  }
  return runs;
}

/** A phase that ended without having been announced still shows. */
function begun(runs: PhaseRun[], entry: Entry<'phase-finished'>): PhaseRun {
  const run: PhaseRun = { phase: entry.data.phase, title: phaseTitle(entry.data.phase), runner: entry.runner, taskId: entry.taskId, startedAt: entry.at, endedAt: null, seconds: null, outcome: 'running', refusals: 0 };
  runs.push(run);
  return run;
}

function close(run: PhaseRun, at: string, outcome: PhaseRun['outcome']): void {
  run.endedAt = at;
  run.seconds = seconds(run.startedAt, at);
  run.outcome = outcome;
}

/** When an interrupted phase was last heard of. */
function lastAt(entries: readonly Entry[], before: number, run: PhaseRun): string {
  const heard = entries.filter((entry) => entry.sequence < before && entry.phase === run.phase && entry.at >= run.startedAt);
  return heard.at(-1)?.at ?? run.startedAt;
}
