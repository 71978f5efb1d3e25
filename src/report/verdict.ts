import { printable } from '../errors/printable.ts';
import type { Entry } from '../journal/contract.ts';
import { abandoning, rollingBack } from '../journal/views.ts';
import type { Report } from '../../schemas/types/report.ts';
import { instantText } from './duration.ts';
import { lastOf } from './entries.ts';
import { REPORT_PHASE, phaseTitle } from './phase-history.ts';
import { REPAIR_TENTACLES } from './tentacles.ts';

export type Verdict = Pick<Report, 'outcome' | 'verdict' | 'reasons' | 'next'>;

/** What is run on the ways out, instead of the runbook that opened the rotation. */
const ROLL_BACK_RUNBOOK = 'Roll back server certificate';
const ABANDON_RUNBOOK = 'Abandon server certificate rotation';
/** Phases after which only the relay's last act is missing. */
const LAST_PHASES = ['verify-server-certificate', 'roll-back-server-certificate', 'abandon-server-certificate', 'verify-tentacle-certificates', 'repair-tentacle-certificates'];

/** How the rotation stands, in one sentence, and what is to be done. */
export function verdictOf(entries: readonly Entry[], counts: { machines: number; proved: number; leftBehind: number; pending: number; /** Left behind with something to be mended. */ toMend: number }, opener: string): Verdict {
  const runbook = rollingBack(entries) ? ROLL_BACK_RUNBOOK : abandoning(entries) ? ABANDON_RUNBOOK : opener;
  const ended = lastOf(entries, 'ended');
  const proved = `${counts.proved} of ${counts.machines} machines ${counts.machines === 1 ? 'is' : 'are'} proved`;
  const leftBehind = counts.leftBehind === 0 ? 'none is left behind' : `${counts.leftBehind} ${counts.leftBehind === 1 ? 'is' : 'are'} left behind`;
  const tentacles = lastOf(entries, 'tentacles-planned')?.data ?? null;
  const mend = counts.leftBehind === 0 || (tentacles !== null && counts.toMend === 0) ? null : tentacles === null ? 'Run the repair command of each machine that was left behind on that machine.' : `${REPAIR_TENTACLES}.`;
  if (ended) {
    const sentence = {
      completed: completedText(entries, counts, `${proved}, ${leftBehind}`),
      'rolled-back': `Rolled back: the old server certificate is in force again; ${proved}, ${leftBehind}.`,
      abandoned: `Abandoned before the swap: the old server certificate stayed in force and the new one was destroyed; ${leftBehind}.`,
    }[ended.data.outcome];
    return { outcome: ended.data.outcome, verdict: sentence, reasons: [], next: mend };
  }

  const again = `Run the runbook "${runbook}" again: it goes on where it stopped.`;
  const finished = lastFinished(entries);
  if (finished && (finished.data.outcome === 'refused' || finished.data.outcome === 'failed')) {
    const reasons = finished.data.refusals.map((refusal) => ({ code: refusal.code, message: printable(refusal.message, 1000), next: printable(refusal.next, 1000) }));
    const what = finished.data.outcome === 'refused' ? 'Refused' : 'Failed';
    const first = reasons[0] ? `: ${reasons[0].message}` : '.';
    const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
    return { outcome: finished.data.outcome, verdict: `${what} in "${phaseTitle(finished.data.phase)}"${first}${more}`, reasons, next: reasons[0] ? `${reasons[0].next} Then run the runbook "${runbook}" again.` : again };
  }
  if (finished?.data.outcome === 'handed-over') {
    const what = tentacles ? "exchanges the certificate of the host's own Tentacle" : `${rollingBack(entries) ? 'puts the old certificate back' : 'replaces the certificate'} while Octopus Server is down`;
    return { outcome: 'handed-over', verdict: `Handed over: the relay on the server host ${what}, and then queues the runbook again.`, reasons: [], next: 'Nothing: wait for the run that the relay queues. If none comes, start the host and run the runbook again.' };
  }
  if (finished?.data.outcome === 'stop') {
    const until = finished.data.outputs['RetireAfter'];
    if (until !== undefined) return { outcome: 'open', verdict: `Open, and not yet to be finished: both certificates stay trusted until ${instantText(until)} (grace period); ${proved}, ${leftBehind}.`, reasons: [], next: `After that run the runbook "${runbook}" again: it retires the old certificate.` };
    return { outcome: 'open', verdict: `Open: stopped as planned after "${phaseTitle(finished.data.phase)}"; ${proved}, ${leftBehind}.`, reasons: [], next: again };
  }
  const after = finished ? `after "${phaseTitle(finished.data.phase)}"` : 'before its first phase was finished';
  return finished && LAST_PHASES.includes(finished.data.phase)
    ? { outcome: 'open', verdict: `All but finished: every phase is done; what is left is the relay's last act${tentacles ? '' : ", to restart the host's own Tentacle and prove it"}; ${proved}, ${leftBehind}.`, reasons: [], next: `${mend === null ? '' : `${mend} `}The relay ends the rotation by itself; if it stays open, start the host and run the runbook "${runbook}" again.` }
    : { outcome: 'open', verdict: `Open: ${after}; ${proved}, ${leftBehind}.`, reasons: [], next: again };
}

/** What a rotation that completed did. One of Tentacles with the method `repair` exchanged nothing. */
function completedText(entries: readonly Entry[], { machines, proved }: { machines: number; proved: number }, rest: string): string {
  const tentacles = lastOf(entries, 'tentacles-planned');
  if (!tentacles) return `Completed: the server certificate was replaced; ${rest}.`;
  const what = tentacles.data.options.method === 'repair' ? 'has one certificate, in force and in each registration' : 'has a new certificate, in force and in each registration';
  const many = what.replace('has', 'have').replace('one certificate', 'one certificate each').replace('a new certificate', 'a new certificate each');
  return `Completed: ${proved} of ${machines} ${machines === 1 ? `Tentacle ${what}` : `Tentacles ${many}`}; ${rest.split(', ').at(-1)!}.`;
}

/** The last phase that said how it ended and that somebody has not yet gone beyond; the report itself does not count. */
function lastFinished(entries: readonly Entry[]): Entry<'phase-finished'> | null {
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index]!;
    if (entry.kind === 'phase-finished' && entry.data.phase !== REPORT_PHASE) return entry;
  }
  return null;
}
