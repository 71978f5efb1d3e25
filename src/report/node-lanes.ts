import type { Report } from '../../schemas/types/report.ts';
import { html, type Markup } from './escape.ts';

const WIDTH = 1040;
const LABELS = 250;
const RIGHT = 70;
const ROW = 24;
const TOP = 8;

const WORDS: Record<Report['evidence']['nodes'][number]['steps'][number]['what'], string> = {
  drained: 'drained', restarted: 'restarted', undrained: 'takes tasks again', 'presents-new': 'seen with the new certificate', 'presents-old': 'seen with the old certificate', 'not-seen': 'not seen with the certificate it was to present',
};

/** Which node presented which certificate when, a row each, and the same as a table; nothing where there is one node, or none was touched. */
export function nodeLanes(report: Report): Markup | null {
  const nodes = report.evidence.nodes.filter((node) => node.steps.length > 0);
  if (report.evidence.nodes.length < 2 || nodes.length === 0) return null;
  const times = nodes.flatMap((node) => node.steps.map((step) => Date.parse(step.at)));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const x = (at: number) => Math.round((LABELS + ((at - from) / Math.max(1, to - from)) * (WIDTH - LABELS - RIGHT)) * 10) / 10;
  const bottom = TOP + nodes.length * ROW;
  const rows = nodes.map((node, index) => {
    const y = TOP + index * ROW;
    const bars = node.steps.flatMap((step, at) => {
      const kind = { restarted: 'bar cut', 'presents-new': 'bar relay', 'presents-old': 'bar run', 'not-seen': 'bar bad', drained: null, undrained: null }[step.what];
      if (kind === null) return [];
      const next = node.steps.slice(at + 1).find((one) => one.what !== 'drained' && one.what !== 'undrained');
      const end = next ? Date.parse(next.at) : to;
      return [html`<g><title>${`${node.name}: ${WORDS[step.what]}, ${step.at}`}</title><rect class="${kind}" x="${x(Date.parse(step.at))}" y="${y + 4}" width="${Math.max(3, Math.round((x(end) - x(Date.parse(step.at))) * 10) / 10)}" height="${ROW - 10}" rx="3"/></g>`];
    });
    return html`<text class="phase" x="12" y="${y + 16}">${node.name}</text>${bars}`;
  });
  return html`<section aria-labelledby="nodes"><h2 id="nodes">The server nodes</h2><figure><svg viewBox="0 0 ${WIDTH} ${bottom + 4}" role="img" aria-label="${`${nodes.length} server nodes: who was seen with which certificate when`}">${rows}</svg>
<figcaption>${[['run', 'seen with the old certificate'], ['relay', 'seen with the new certificate'], ['cut', 'being restarted'], ['bad', 'not seen with what it was to present']].map(([kind, text]) => html`<span class="sample"><svg width="18" height="10" aria-hidden="true"><rect class="bar ${kind!}" width="18" height="10" rx="2"/></svg>${text!}</span> `)}</figcaption></figure>
<table><thead><tr><th scope="col">Node</th><th scope="col">When</th><th scope="col">What</th></tr></thead><tbody>${nodes.flatMap((node) => node.steps.map((step) => html`<tr><td>${node.name}</td><td>${step.at}</td><td>${WORDS[step.what]}</td></tr>`))}</tbody></table></section>`;
}
