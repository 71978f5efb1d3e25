import type { CertificateState, Proof, Report, TrustState } from '../../schemas/types/report.ts';
import type { RenderHtml } from './contract.ts';
import { durationText, instantText } from './duration.ts';
import { Markup, html } from './escape.ts';
import { PAGE_STYLE } from './page-style.ts';
import { nodeLanes } from './node-lanes.ts';
import { timeline } from './timeline.ts';
import { NOTHING_TO_MEND, OUTCOME_TEXT, PHASE_OUTCOME_TEXT, REASON_TEXT, ROTATION_TEXT, claimText, howText, toneOf } from './words.ts';

/** Above this many machines the single proofs are left to the JSON form; the matrix still has every machine. */
const MOST_PROOF_ROWS = 1000;

/** The report as one page that stands alone: no script, nothing loaded from elsewhere, every text escaped; light, dark and on paper. */
export const renderHtml: RenderHtml = (report) => {
  const title = `${OUTCOME_TEXT[report.outcome]}: rotation of ${ROTATION_TEXT[report.rotation]}`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Octopus Rotation - report</p>
<h1>Rotation of ${ROTATION_TEXT[report.rotation]}</h1>
<p class="soft">${report.server.url} - Octopus Server ${report.server.version} - begun ${instantText(report.openedAt)}${report.endedAt ? `, ended ${instantText(report.endedAt)}` : ', not ended'}</p>
</header>
${verdict(report)}
${figures(report)}
${reasons(report)}
${leftBehind(report)}
${unproved(report)}
${certificates(report)}
<section aria-labelledby="timeline"><h2 id="timeline">What happened when</h2>${timeline(report)}</section>
${nodeLanes(report)}
${machines(report)}
${phases(report)}
${serverProofs(report)}
${machineProofs(report)}
${scope(report)}
${evidence(report)}
<footer>Made ${instantText(report.madeAt)} from ${report.evidence.entries} entries of the journal of rotation ${report.rotationId}. Holds no secrets.</footer>
</main>
</body>
</html>
`.text;
};

function verdict(report: Report): Markup {
  const tone = toneOf(report);
  const shape = { good: new Markup('<path d="M7.5 14.5l4.2 4.2L20.5 9.8"/>'), mixed: new Markup('<path d="M14 8v7.5M14 19.6v.4"/>'), bad: new Markup('<path d="M9.3 9.3l9.4 9.4M18.7 9.3l-9.4 9.4"/>') }[tone];
  return html`<section class="verdict ${tone}" aria-label="Verdict"><svg width="28" height="28" viewBox="0 0 28 28" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="14" cy="14" r="12"/>${shape}</svg><div><p>${report.verdict}</p>${report.next ? html`<p class="next">${report.next}</p>` : null}</div></section>`;
}

function figures(report: Report): Markup {
  const { summary } = report;
  const figure = (name: string, value: string) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<dl class="figures">${[
    figure('machines proved', `${summary.proved} of ${summary.machines}`),
    figure('left behind', String(summary.leftBehind)),
    ...(summary.pending > 0 ? [figure('not proved yet', String(summary.pending))] : []),
    figure('server away', summary.serverAwaySeconds === null ? 'none' : durationText(summary.serverAwaySeconds)),
    figure(report.endedAt ? 'whole rotation' : 'so far', durationText(report.seconds)),
  ]}</dl>`;
}

function reasons(report: Report): Markup | null {
  if (report.reasons.length === 0) return null;
  return html`<section aria-labelledby="reasons"><h2 id="reasons">Why</h2>${report.reasons.map((reason) => html`<div class="left"><h3>${reason.message}</h3><p class="small"><code>${reason.code}</code></p><p><b>Next:</b> ${reason.next}</p></div>`)}</section>`;
}

const HOW_TO_MEND = 'Run the command in a shell on the machine itself, with the right to control its Tentacle service. Running it twice does no harm. It takes the instance "Tentacle", the usual one; "Tentacle list-instances" tells another name, which then stands in its place after --instance, or, for a script, is told to it as TentacleInstanceName=NAME after env (in PowerShell: $env:TentacleInstanceName = \'NAME\' before it).';

function leftBehind(report: Report): Markup | null {
  if (report.leftBehind.length === 0) return null;
  return html`<section class="long" aria-labelledby="left"><h2 id="left">Left behind: ${report.leftBehind.length} ${report.leftBehind.length === 1 ? 'machine' : 'machines'}, ${report.rotation === 'server-certificate' ? 'each with the command that mends it' : 'each with what is to be done'}</h2>
${report.rotation === 'server-certificate' ? html`<p class="soft">${HOW_TO_MEND}</p>` : null}
${report.leftBehind.map((one) => html`<div class="left"><h3>${one.machine} <span class="pill mixed">${REASON_TEXT[one.reason]}</span></h3><p>${sentence(one.text)}${one.waiver ? ` Waived by ${one.waiver.by} until ${one.waiver.until}: ${one.waiver.reason}` : ''}</p>${one.repair === null ? html`<p class="small">${NOTHING_TO_MEND[report.rotation]}</p>` : html`<pre>${one.repair}</pre>`}</div>`)}</section>`;
}

function unproved(report: Report): Markup | null {
  if (report.unproved.length === 0) return null;
  return html`<section class="long" aria-labelledby="unproved"><h2 id="unproved">Not proved: ${report.unproved.length} ${report.unproved.length === 1 ? 'machine stands' : 'machines stand'} in the way</h2>
<p class="soft">${HOW_TO_MEND}</p>
${report.unproved.map((one) => html`<div class="left"><h3>${one.machine} <span class="pill mixed">not proved</span></h3><p>${sentence(one.text)}</p>${one.repair === null ? null : html`<pre>${one.repair}</pre>`}</div>`)}</section>`;
}

function certificates(report: Report): Markup | null {
  if (!report.before) return null;
  const { before, after } = report;
  const none = html`<p class="soft">Not made yet.</p>`;
  return html`<section aria-labelledby="certificates"><h2 id="certificates">The certificate of the server</h2><div class="pair">
<div><h3>Before ${report.outcome === 'rolled-back' || report.outcome === 'abandoned' || (after && !after.inForce) || !after ? html`<span class="pill plain">in force</span>` : null}</h3>${facts([['Thumbprint', html`<code>${before.thumbprint}</code>`], ['Signature', html`${before.signatureAlgorithm}`]])}</div>
<svg width="30" height="20" viewBox="0 0 30 20" fill="none" stroke="currentColor" stroke-width="2" role="img" aria-label="replaced by"><path d="M2 10h24M19 3l7 7-7 7"/></svg>
<div><h3>After ${after?.inForce ? html`<span class="pill good">in force</span>` : after ? html`<span class="pill plain">not in force</span>` : null}</h3>${after ? facts([['Thumbprint', html`<code>${after.thumbprint}</code>`], ['Signature', html`${after.signatureAlgorithm}, ${after.keyBits} bits`], ['Valid until', html`${instantText(after.notAfter)}`], ['SHA-256', html`<code>${after.sha256}</code>`]]) : none}</div>
</div></section>`;
}

function machines(report: Report): Markup | null {
  if (report.machines.length === 0) return null;
  if (report.rotation === 'tentacle-certificates') return tentacles(report);
  return html`<section class="long" aria-labelledby="machines"><h2 id="machines">Machines</h2><table><caption>One row for each Tentacle, however often it is registered.</caption>
<thead><tr><th scope="col">Machine</th><th scope="col">Registered as</th><th scope="col">New certificate</th><th scope="col">Old certificate</th><th scope="col">Result</th></tr></thead><tbody>
${report.machines.map((machine) => html`<tr><th scope="row">${machine.name}${machine.isHost ? html` <span class="pill plain">host</span>` : null}<div class="small whole">${machine.uri}</div></th>
<td>${machine.registrations.map((one) => html`<div>${one.space}: ${one.name} <span class="small">${one.kind}${one.disabled ? ', disabled' : ''}</span></div>`)}</td>
<td>${trust(machine.new, 'trusted')}</td><td>${trust(machine.old, 'refused')}</td>
<td>${status(machine)}${machine.foreignTrust.length > 0 ? html`<div class="small">${machine.foreignTrust.length} other Octopus ${machine.foreignTrust.length === 1 ? 'Server' : 'Servers'} kept</div>` : null}</td></tr>`)}
</tbody></table></section>`;
}

/** The same where each machine has certificates of its own. */
function tentacles(report: Report): Markup {
  return html`<section class="long" aria-labelledby="machines"><h2 id="machines">Machines</h2><table><caption>One row for each Tentacle, however often it is registered.</caption>
<thead><tr><th scope="col">Machine</th><th scope="col">Registered as</th><th scope="col">Certificates</th><th scope="col">In force</th><th scope="col">Registered</th><th scope="col">Result</th></tr></thead><tbody>
${report.machines.map((machine) => html`<tr><th scope="row">${machine.name}${machine.isHost ? html` <span class="pill plain">host</span>` : null}<div class="small whole">${machine.uri}</div></th>
<td>${machine.registrations.map((one) => html`<div>${one.space}: ${one.name} <span class="small">${one.kind}${one.disabled ? ', disabled' : ''}</span></div>`)}</td>
<td><div class="small">old <code>${machine.own}</code></div><div class="small">${machine.certificate?.new ? html`new <code>${machine.certificate.new}</code>` : 'no new one'}</div>${machine.certificate?.due ? html`<div class="small">${machine.certificate.due}</div>` : null}</td>
<td>${inForce(machine.certificate?.presents)}</td><td>${inForce(machine.certificate?.registered)}</td>
<td>${status(machine)}${machine.certificate?.disarmedAt ? html`<div class="small">switch disarmed<br>${instantText(machine.certificate.disarmedAt)}</div>` : null}${machine.certificate && machine.certificate.clones.length > 0 ? html`<div class="small">${counted(machine.certificate.clones.length, 'other machine')} had the same certificate</div>` : null}${machine.foreignTrust.length > 0 ? html`<div class="small">used by ${counted(machine.foreignTrust.length, 'other Octopus Server')}</div>` : null}</td></tr>`)}
</tbody></table></section>`;
}

function inForce(state: CertificateState | undefined): Markup {
  const known = state?.state ?? 'unknown';
  const mark = { new: '\u2713', old: '\u2715', unknown: '?' }[known];
  return html`<span class="pill ${known === 'new' ? 'good' : known === 'old' ? 'mixed' : 'plain'}">${mark} ${known}</span>${state?.at && state.how ? html`<div class="small">${howText(state.how)}<br>${instantText(state.at)}</div>` : null}`;
}

function trust(state: TrustState, wished: 'trusted' | 'refused'): Markup {
  const tone = state.state === wished ? 'good' : state.state === 'unknown' || state.state === 'written' ? 'plain' : 'mixed';
  const mark = { trusted: '\u2713', refused: '\u2715', written: '\u2026', unknown: '?' }[state.state];
  return html`<span class="pill ${tone}">${mark} ${state.state}</span>${state.at && state.how ? html`<div class="small">${howText(state.how)}<br>${instantText(state.at)}</div>` : null}`;
}

function status(machine: Report['machines'][number]): Markup {
  if (machine.status === 'proved') return html`<span class="pill good">proved</span>`;
  return machine.status === 'left-behind' ? html`<span class="pill mixed">left behind</span>` : html`<span class="pill plain">not proved yet</span>`;
}

function phases(report: Report): Markup | null {
  if (report.phases.length === 0) return null;
  return html`<section class="long" aria-labelledby="phases"><h2 id="phases">Phases</h2><table>
<thead><tr><th scope="col">Phase</th><th scope="col">Run by</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Took</th><th scope="col">Outcome</th></tr></thead><tbody>
${report.phases.map((phase) => html`<tr><th scope="row">${phase.title}</th><td class="whole">${phase.runner}${phase.runner === 'runbook' && phase.taskId ? html` <span class="small">${phase.taskId}</span>` : null}</td><td class="number">${instantText(phase.startedAt)}</td><td class="number">${phase.endedAt ? instantText(phase.endedAt) : ''}</td><td class="number">${durationText(phase.seconds)}</td><td>${PHASE_OUTCOME_TEXT[phase.outcome]}</td></tr>`)}
</tbody></table></section>`;
}

function serverProofs(report: Report): Markup | null {
  if (report.serverProofs.length === 0) return null;
  const names = new Map(report.server.nodes.map((node) => [node.id, node.name]));
  return html`<section aria-labelledby="server-proofs"><h2 id="server-proofs">Proofs about the server and the whole estate</h2>${proofTable(report.serverProofs, (proof) => names.get(proof.subject) ?? proof.subject)}</section>`;
}

function machineProofs(report: Report): Markup | null {
  const proofs = report.machines.flatMap((machine) => machine.proofs);
  if (proofs.length === 0) return null;
  const names = new Map(report.machines.map((machine) => [machine.key, machine.name]));
  const body = proofs.length > MOST_PROOF_ROWS
    ? html`<p>${proofs.length} proofs are too many for a page; each is in the JSON form of this report.</p>`
    : proofTable(proofs, (proof) => names.get(proof.subject) ?? proof.subject);
  const foreign = report.machines.filter((machine) => machine.foreignTrust.length > 0);
  return html`<section class="long" aria-labelledby="machine-proofs"><h2 id="machine-proofs">Proofs about machines</h2>${body}${foreign.map((machine) => html`<p class="note">${machine.name} also trusts, as before: ${machine.foreignTrust.map((thumbprint) => html`<code>${thumbprint}</code> `)}</p>`)}</section>`;
}

function proofTable(proofs: readonly Proof[], name: (proof: Proof) => string): Markup {
  return html`<table><thead><tr><th scope="col">About</th><th scope="col">Claim</th><th scope="col">Holds</th><th scope="col">How it was seen</th><th scope="col">When</th><th scope="col">By</th></tr></thead><tbody>
${proofs.map((proof) => html`<tr><th scope="row">${name(proof)}</th><td>${claimText(proof.claim)}</td><td><span class="pill ${proof.holds === 'yes' ? 'good' : proof.holds === 'no' ? 'bad' : 'plain'}">${proof.holds}</span></td><td>${proof.reason ?? howText(proof.how)}</td><td class="number">${instantText(proof.at)}</td><td>${proof.runner}</td></tr>`)}
</tbody></table>`;
}

function scope(report: Report): Markup {
  const { server } = report;
  return html`<section aria-labelledby="scope"><h2 id="scope">Scope</h2>
${facts([
    ['Why', html`${server.why}${server.forced ? ` Forced: ${server.forced}` : ''}`],
    ['Runbook', html`${server.project} / ${server.runbook}, environment ${server.environment}, on ${server.host}`],
    ['Nodes', html`${server.nodes.map((node) => node.name).join(', ')}`],
    ['Spaces', html`${server.spaces.map((space) => `${space.name} (${counted(space.targets, 'target')}, ${counted(space.workers, 'worker')})`).join(', ')}`],
  ])}
${report.outOfScope.length === 0 ? null : html`<h3>Out of scope</h3><table><thead><tr><th scope="col">Name</th><th scope="col">Space</th><th scope="col">Kind</th><th scope="col">Why not</th></tr></thead><tbody>${report.outOfScope.map((one) => html`<tr><th scope="row">${one.name}</th><td>${one.space}</td><td>${one.kind}</td><td>${one.reason}</td></tr>`)}</tbody></table>`}
${report.notTouched.length === 0 ? null : html`<h3>Not touched</h3><ul>${report.notTouched.map((text) => html`<li>${text}</li>`)}</ul>`}</section>`;
}

function evidence(report: Report): Markup {
  const { evidence: found } = report;
  const story = [
    ...found.handOvers.map((one) => ({ at: one.at, text: `Handed over to ${one.unit}, job ${one.job}` })),
    ...found.handOvers.flatMap((one) => (one.queuedAgainAt ? [{ at: one.queuedAgainAt, text: `Runbook queued again: ${one.queuedTask}` }] : [])),
    ...found.relay.map((one) => ({ at: one.at, text: `Relay: ${one.text}` })),
  ].sort((a, b) => a.at.localeCompare(b.at));
  return html`<section class="long" aria-labelledby="evidence"><h2 id="evidence">Evidence</h2>
${facts([
    ['Rotation', html`<code>${report.rotationId}</code>`],
    ['Plan (SHA-256)', html`<code>${found.planHash ?? 'none yet'}</code>`],
    ['Journal', html`${found.entries} entries, each chained to the one before it and authenticated`],
    ['Last line (SHA-256)', html`<code>${found.lastLineSha256}</code>`],
    ...found.handOvers.map((one): [string, Markup] => ['Relay (SHA-256)', html`<code>${one.relaySha256}</code>`]),
    ['Tasks in Octopus', html`${found.tasks.map((task) => html`<div>${task.taskId} <span class="small">${instantText(task.firstAt)} to ${instantText(task.lastAt)}, ${task.phases.length} ${task.phases.length === 1 ? 'phase' : 'phases'}</span></div>`)}`],
    ['Installation', html`<code>${report.server.installationId}</code>`],
  ])}
${story.length === 0 ? null : html`<h3>Hand-over and relay</h3><table><tbody>${story.map((one) => html`<tr><td class="number">${instantText(one.at)}</td><td>${one.text}</td></tr>`)}</tbody></table>`}
<h3>Who held the lease</h3><table><thead><tr><th scope="col">Fence</th><th scope="col">Runner</th><th scope="col">Task</th><th scope="col">From entry</th><th scope="col">At</th></tr></thead><tbody>
${found.fences.map((one) => html`<tr><td class="number">${one.fence}</td><td>${one.runner}</td><td>${one.taskId ?? ''}</td><td class="number">${one.firstEntry}</td><td class="number">${instantText(one.at)}</td></tr>`)}</tbody></table></section>`;
}

/** A clause as a sentence. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function facts(rows: [string, Markup][]): Markup {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
