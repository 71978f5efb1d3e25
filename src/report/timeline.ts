import type { Report } from '../../schemas/types/report.ts';
import { durationText } from './duration.ts';
import { html, type Markup } from './escape.ts';
import { roundStep, timeScale } from './time-scale.ts';
import { PHASE_OUTCOME_TEXT } from './words.ts';

type PhaseRun = Report['phases'][number];

const WIDTH = 1040;
const LABELS = 250;
const RIGHT = 70;
const ROW = 22;
const LANE = 26;
const TOP = 30;
/** More rows than this are no drawing any more; the table below it has them all. */
const MOST_ROWS = 60;

interface Lane { title: string; kind: 'run' | 'relay' | 'terminal'; phases: PhaseRun[] }

/** Phases over time as SVG: a lane for each run and for each stretch of the relay, the server's absence as a band across all of them. */
export function timeline(report: Report): Markup {
  const phases = report.phases.slice(-MOST_ROWS);
  const lanes = lanesOf(phases);
  const end = (phase: PhaseRun) => Date.parse(phase.endedAt ?? report.madeAt);
  const relay = report.evidence.relay.map((stage) => Date.parse(stage.at));
  const absences = report.evidence.serverAway.map((absence) => ({ from: Date.parse(absence.from), to: Date.parse(absence.to ?? report.madeAt), seconds: absence.seconds }));
  const scale = timeScale([
    ...phases.map((phase) => ({ from: Date.parse(phase.startedAt), to: end(phase) })),
    ...absences,
    ...relay.map((at) => ({ from: at, to: at })),
    ...(report.endedAt ? [{ from: Date.parse(report.endedAt), to: Date.parse(report.endedAt) }] : []),
  ]);
  const plot = WIDTH - LABELS - RIGHT;
  const x = (instant: number) => round(LABELS + scale.at(instant) * plot);

  const parts: Markup[] = [];
  const bottom = TOP + lanes.reduce((sum, lane) => sum + LANE + lane.phases.length * ROW, 0) + 6;

  for (const tick of ticks(report, scale.breaks.length === 0)) {
    parts.push(html`<line class="grid" x1="${x(tick.at)}" x2="${x(tick.at)}" y1="${TOP - 6}" y2="${bottom}"/><text class="tick" x="${x(tick.at)}" y="14" text-anchor="middle">${tick.text}</text>`);
  }
  for (const rest of scale.breaks) {
    parts.push(html`<rect class="break" x="${x(rest.from)}" y="${TOP - 6}" width="${round(x(rest.to) - x(rest.from))}" height="${bottom - TOP + 6}"/><text class="tick" x="${round((x(rest.from) + x(rest.to)) / 2)}" y="14" text-anchor="middle">${durationText((rest.to - rest.from) / 1000)}</text>`);
  }
  for (const absence of absences) {
    const width = Math.max(2, round(x(absence.to) - x(absence.from)));
    parts.push(html`<g><title>${`Octopus Server away${absence.seconds === null ? '' : `, ${durationText(absence.seconds)}`}`}</title><rect class="away" x="${x(absence.from)}" y="${TOP - 6}" width="${width}" height="${bottom - TOP + 6}"/></g>`);
  }

  let y = TOP;
  for (const lane of lanes) {
    parts.push(html`<text class="lane" x="0" y="${y + 17}">${lane.title}</text><line class="rule" x1="0" x2="${WIDTH}" y1="${y + LANE - 3}" y2="${y + LANE - 3}"/>`);
    if (lane.kind === 'relay') parts.push(...report.evidence.relay.filter((stage) => within(stage.at, lane, report)).map((stage) => html`<g><title>${stage.text}</title><circle class="stage" cx="${x(Date.parse(stage.at))}" cy="${y + 12}" r="3.5"/></g>`));
    y += LANE;
    for (const phase of lane.phases) {
      const from = x(Date.parse(phase.startedAt));
      const width = Math.max(3, round(x(end(phase)) - from));
      const said = `${phase.title}: ${PHASE_OUTCOME_TEXT[phase.outcome]}, ${durationText(phase.seconds)}`;
      parts.push(html`<g><title>${said}</title><text class="phase" x="12" y="${y + 15}">${phase.title}</text><rect class="bar ${barClass(phase, lane)}" x="${from}" y="${y + 4}" width="${width}" height="${ROW - 8}" rx="3"/><text class="time" x="${from + width + 6}" y="${y + 15}">${durationText(phase.seconds)}</text></g>`);
      y += ROW;
    }
  }
  const away = absences.length === 0 ? '' : `; the server was away for ${durationText(report.summary.serverAwaySeconds)}`;
  const cut = report.phases.length > phases.length ? html`<p class="note">The last ${phases.length} of ${report.phases.length} phase runs are drawn.</p>` : null;
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${bottom + 4}" role="img" aria-label="${`Timeline: ${phases.length} phase runs in ${lanes.length} lanes${away}`}">${parts}</svg>
<figcaption>${legend(absences.length > 0, scale.breaks.length > 0)}</figcaption>${cut}</figure>`;
}

/** Neighbours that one runner ran for one task belong together. */
function lanesOf(phases: readonly PhaseRun[]): Lane[] {
  const lanes: Lane[] = [];
  let last: PhaseRun | null = null;
  for (const phase of phases) {
    if (!last || last.runner !== phase.runner || (phase.runner === 'runbook' && last.taskId !== phase.taskId)) {
      lanes.push({ title: laneTitle(phase), kind: phase.runner === 'runbook' ? 'run' : phase.runner, phases: [] });
    }
    lanes.at(-1)!.phases.push(phase);
    last = phase;
  }
  return lanes;
}

function laneTitle(phase: PhaseRun): string {
  if (phase.runner === 'relay') return 'Relay on the server host';
  if (phase.runner === 'terminal') return 'Terminal';
  return phase.taskId === null ? 'Runbook run' : `Runbook run ${phase.taskId}`;
}

/** A relay stage belongs to the relay lane whose phases it lies nearest to: from the lane's first start to the next lane's. */
function within(at: string, lane: Lane, report: Report): boolean {
  const index = report.phases.indexOf(lane.phases.at(-1)!);
  const next = report.phases[index + 1];
  return at >= lane.phases[0]!.startedAt && (!next || at < next.startedAt);
}

function barClass(phase: PhaseRun, lane: Lane): string {
  if (phase.outcome === 'refused' || phase.outcome === 'failed') return 'bad';
  if (phase.outcome === 'interrupted' || phase.outcome === 'running') return 'cut';
  return lane.kind;
}

/** Round times since the start; only the start where rests are shortened, because then distances mean nothing. */
function ticks(report: Report, linear: boolean): { at: number; text: string }[] {
  const start = Date.parse(report.openedAt);
  if (!linear) return [];
  const step = roundStep(report.seconds, 8);
  const length = Math.floor(report.seconds / step);
  return Array.from({ length: length + 1 }, (_, index) => ({ at: start + index * step * 1000, text: index === 0 ? '0' : durationText(index * step).replace(/ 0 (s|min)$/, '').replace('.0', '') }));
}

function legend(away: boolean, rests: boolean): Markup[] {
  const sample = (kind: string, text: string) => html`<span class="sample"><svg width="18" height="10" aria-hidden="true"><rect class="${kind}" width="18" height="10" rx="2"/></svg>${text}</span> `;
  return [sample('bar run', 'run by the runbook'), sample('bar relay', 'run by the relay'), sample('bar bad', 'refused or failed'), sample('bar cut', 'interrupted or running'), ...(away ? [sample('away', 'Octopus Server away')] : []), ...(rests ? [sample('break', 'nothing happened (drawn short)')] : [])];
}

const round = (value: number): number => Math.round(value * 10) / 10;
