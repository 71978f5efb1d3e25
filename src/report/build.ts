import { printable } from '../errors/printable.ts';
import type { Entry, MachinesPlan, PlannedMachine, PlannedTentacle } from '../journal/contract.ts';
import { leftBehind as leftBehindOf } from '../journal/views.ts';
import type { Report } from '../../schemas/types/report.ts';
import type { BuildReport } from './contract.ts';
import { seconds } from './duration.ts';
import { lastOf } from './entries.ts';
import { evidenceOf } from './evidence.ts';
import { directionOf, reportLeftBehind, reportMachine, reportUnproved } from './machines.ts';
import { phaseHistory } from './phase-history.ts';
import { latestProofs } from './proofs.ts';
import { reportTentacle, tentaclesLeftBehind } from './tentacles.ts';
import { verdictOf } from './verdict.ts';

/**
 * The report of a rotation: a pure function of its journal (report.schema.json). Foreign text is made printable here, once, so that
 * every form of the report is safe to look at. Throws a TypeError for a journal that does not begin with `opened`.
 */
export const buildReport: BuildReport = (rotationId, entries, now) => {
  const opened = entries[0];
  if (opened?.kind !== 'opened') throw new TypeError(`The journal of ${rotationId} does not begin with its opening entry.`);
  const planned = lastOf(entries, 'planned');
  const tentacles = lastOf(entries, 'tentacles-planned');
  const plan: MachinesPlan | undefined = planned?.data ?? tentacles?.data;
  const direction = directionOf(entries);
  const proofs = latestProofs(entries);
  const left = leftBehindOf(entries);
  // Planned as any polling one; what it told of itself put it out of scope (A13).
  const isByWebSocket = (machine: PlannedMachine) => left.get(machine.key)?.data.reason === 'web-socket';
  const byWebSocket = (plan?.machines ?? []).filter(isByWebSocket).flatMap((machine) => machine.registrations.map(({ name, spaceName }) => ({ name, kind: 'WebSocket', spaceName, reason: left.get(machine.key)!.data.text })));
  const outOfScope = [...(plan?.outOfScope ?? []), ...byWebSocket];
  const inOrder = <M extends PlannedMachine>(all: readonly M[]): M[] => all.filter((machine) => !isByWebSocket(machine)).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.key < b.key ? -1 : 1));
  const byName = inOrder(planned?.data.machines ?? []);
  const tentaclesByName: PlannedTentacle[] = inOrder(tentacles?.data.machines ?? []);
  const machines = planned && direction ? byName.map((machine) => reportMachine(machine, direction, proofs, entries, left)) : tentaclesByName.map((machine) => reportTentacle(machine, proofs, entries, left));
  const leftBehind = planned && direction ? reportLeftBehind(byName, direction, left) : tentaclesLeftBehind(tentaclesByName, left);
  const evidence = evidenceOf(entries);
  const count = (status: Report['machines'][number]['status']) => machines.filter((machine) => machine.status === status).length;
  const summary: Report['summary'] = {
    machines: machines.length,
    proved: count('proved'),
    leftBehind: count('left-behind'),
    pending: count('pending'),
    outOfScope: outOfScope.length,
    serverAwaySeconds: evidence.serverAway.length === 0 ? null : evidence.serverAway.reduce((sum, absence) => sum + (absence.seconds ?? 0), 0),
  };
  const ended = lastOf(entries, 'ended');
  const keys = new Set(machines.map((machine) => machine.key));
  const runbook = printable(opened.data.runbookName);

  return {
    format: 1,
    rotationId,
    rotation: opened.data.rotation,
    madeAt: now.toISOString(),
    ...verdictOf(entries, { ...summary, toMend: leftBehind.filter((one) => one.repair !== null).length }, runbook),
    openedAt: opened.at,
    endedAt: ended?.at ?? null,
    seconds: seconds(opened.at, ended?.at ?? now.toISOString()),
    server: {
      url: printable(opened.data.serverUrl, 300),
      version: printable(opened.data.serverVersion),
      installationId: printable(opened.data.installationId),
      host: printable(opened.data.host),
      nodes: (plan?.nodes ?? []).map((node) => ({ id: printable(node.id), name: printable(node.name) })),
      spaces: (plan?.spaces ?? []).map((space) => ({ id: printable(space.id), name: printable(space.name), targets: space.targets, workers: space.workers })),
      project: printable(opened.data.projectName),
      runbook,
      environment: printable(opened.data.environmentName),
      why: printable(opened.data.why, 400),
      forced: opened.data.forced === null ? null : printable(opened.data.forced, 400),
    },
    before: planned ? { thumbprint: planned.data.old, signatureAlgorithm: printable(planned.data.oldSignature) } : null,
    after: afterOf(entries, proofs),
    serverProofs: proofs.filter((proof) => !keys.has(proof.subject)),
    phases: phaseHistory(entries),
    machines,
    leftBehind,
    unproved: planned && direction ? reportUnproved(byName, direction, left, entries) : [],
    outOfScope: outOfScope.map((one) => ({ name: printable(one.name), kind: printable(one.kind), space: printable(one.spaceName), reason: printable(one.reason, 400) })),
    notTouched: (plan?.notTouched ?? []).map((text) => printable(text, 400)),
    summary,
    evidence,
  };
};

/** NEW; in force when the last look at the database or a node showed it. */
function afterOf(entries: readonly Entry[], proofs: readonly Report['serverProofs'][number][]): Report['after'] {
  const made = lastOf(entries, 'new-certificate');
  if (!made) return null;
  const shown = proofs.filter((proof) => proof.holds === 'yes' && /^(database-shows|node-presents)-(old|new)$/.test(proof.claim)).at(-1);
  const { thumbprint, sha256, signatureAlgorithm, keyBits, notAfter } = made.data;
  return { thumbprint, sha256, signatureAlgorithm, keyBits, notAfter, inForce: shown !== undefined && shown.claim.endsWith('-new') };
}
