import { printable } from '../../errors/printable.ts';
import { durationText } from '../../report/duration.ts';
import { NOTHING_TO_MEND, OUTCOME_TEXT } from '../../report/words.ts';
import type { Report } from '../../../schemas/types/report.ts';
import type { SummaryEvent } from './event.ts';

/** The last event, out of the report; without one nothing was rotated. */
export function summaryOf(report: Report | null, seconds: number, path: string | null): SummaryEvent {
  return {
    event: 'summary',
    rotation: report?.rotationId ?? null,
    outcome: report === null || report.outcome === 'open' ? 'failed' : report.outcome,
    oldThumbprint: report?.before?.thumbprint ?? null,
    newThumbprint: report?.after?.thumbprint ?? null,
    proved: report?.summary.proved ?? 0,
    leftBehind: (report?.leftBehind ?? []).map((one) => ({ machine: one.machine, reason: one.reason, repair: one.repair })),
    seconds: Math.round(seconds * 10) / 10,
    report: path,
  };
}

/** The end of a rehearsal for people. `shells` are the scripts that open a shell on a machine, by its name. */
export function summaryText(report: Report | null, summary: SummaryEvent, more: { shells: ReadonlyMap<string, string>; running: string }): string {
  const row = (name: string, value: string) => `  ${name.padEnd(16)} ${value}`;
  const machines = report?.summary;
  const lines = ['', `${OUTCOME_TEXT[summary.outcome]} in ${durationText(summary.seconds)}`, ''];
  if (report) lines.push(`  ${report.verdict}`, '');
  if (summary.oldThumbprint !== null) lines.push(row('old thumbprint', summary.oldThumbprint));
  if (summary.newThumbprint !== null) lines.push(row('new thumbprint', summary.newThumbprint));
  if (machines) lines.push(row(report?.rotation === 'tentacle-certificates' ? 'new certificates' : 'machines proved', `${machines.proved} of ${machines.machines}`));
  if (machines?.serverAwaySeconds != null) lines.push(row('server away', `${durationText(machines.serverAwaySeconds)}, from its restart until it presented its certificate again`));
  if (summary.leftBehind.length > 0) {
    lines.push('', `Left behind: ${summary.leftBehind.length}. ${report?.rotation === 'tentacle-certificates' ? 'What is to be done about each:' : 'Each is mended by its command, run on that machine:'}`);
    for (const one of report?.leftBehind ?? []) {
      const shell = more.shells.get(one.machine);
      lines.push('', `  ${one.machine} (${one.reason}): ${printable(one.text, 300)}`, `    ${one.repair ?? NOTHING_TO_MEND[report!.rotation]}`);
      if (shell !== undefined) lines.push(`    A shell on this machine of the embedded Octopus: ${shell}`);
    }
  }
  lines.push('');
  if (summary.report !== null) lines.push(`Report: ${summary.report}`);
  lines.push(more.running);
  return lines.join('\n');
}
