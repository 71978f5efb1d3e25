import { join } from 'node:path';
import { cliErrors } from '../errors/cli.ts';
import { shellWord } from '../errors/journal.ts';
import { holderName } from '../errors/lease.ts';
import { printable } from '../errors/printable.ts';
import type { Entry, LeaseMarker, RotationName } from '../journal/contract.ts';
import { readJournal } from '../journal/journal.ts';
import { leaseStore } from '../journal/lease-store.ts';
import { parseRotationId } from '../journal/rotation-id.ts';
import { rotationSecrets } from '../journal/secrets.ts';
import { openStateFolder } from '../journal/state-folder.ts';
import { abandoning, isEnded, opened, rollingBack } from '../journal/views.ts';
import { createOctopusClient } from '../octopus/client.ts';
import { buildReport } from '../report/build.ts';
import { instantText } from '../report/duration.ts';
import { phaseTitle } from '../report/phase-history.ts';
import { NOTHING_TO_MEND, ROTATION_TEXT } from '../report/words.ts';
import { serverCertificate } from '../rotations/server-certificate.ts';
import { tentacleCertificates } from '../rotations/tentacle-certificates.ts';
import { systemClock } from '../runners/ports/clock.ts';
import { systemFiles } from '../runners/ports/files.ts';
import { systemRandom } from '../runners/ports/random.ts';
import { RUNBOOK_OF } from '../install/names.ts';
import type { Report } from '../../schemas/types/report.ts';
import type { Io, RunCommand } from './io.ts';
import { readOptions, required, secretFrom } from './options.ts';

/** What `status --json` prints. */
export interface Status {
  open: boolean;
  rotation: string | null;
  /** What it rotates. */
  kind: RotationName | null;
  host: string | null;
  openedAt: string | null;
  holder: { /** What `take-over --holder` wants. */ name: string; runner: string; task: string | null; process: number | null; since: string } | null;
  /** From the journal; null where it was not read. */
  verdict: string | null;
  nextPhase: string | null;
  proved: number | null;
  leftBehind: { machine: string; reason: string; repair: string | null }[] | null;
  /** What a person does to go on; null when nothing is open. */
  goOn: string | null;
}

/** `status`: what is open, who holds it, and what goes on. Reads only. */
export const runStatus: RunCommand = async (args, io) => {
  const options = readOptions('status', args, {
    server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, 'state-folder': { type: 'string' }, 'secret-env': { type: 'string' }, json: { type: 'boolean', default: false },
  });
  const url = required('status', 'server', options.server);
  const apiKey = secretFrom(io, required('status', 'api-key-env', options['api-key-env']), 'the API key');
  const spaceName = required('status', 'space', options.space);
  if ((options['state-folder'] === undefined) !== (options['secret-env'] === undefined)) throw cliErrors.CLI_BAD_OPTION({ command: 'status', problem: 'The options --state-folder and --secret-env go together: the journal is read only with the secret that authenticates it.' });
  const secret = options['secret-env'] === undefined ? null : secretFrom(io, options['secret-env'], 'Rotation.Secret');

  const client = createOctopusClient({ url, apiKey, clock: systemClock, random: systemRandom });
  const space = (await client.spaces()).find((one) => one.name === spaceName);
  if (!space) throw cliErrors.CLI_SPACE_UNKNOWN({ space: spaceName });
  const { marker } = await leaseStore(client, space.id).read();
  const entries = secret === null ? null : await journalOf(options['state-folder']!, secret, marker);
  const status = statusOf(marker, entries);
  if (options.json) io.out(JSON.stringify(status));
  else tell(status, io, secret !== null);
  return 0;
};

/** The journal of the open rotation, else of the last one; null when there is none here. Makes no folder. */
async function journalOf(path: string, secret: string, marker: LeaseMarker | null): Promise<{ rotationId: string; entries: readonly Entry[] } | null> {
  for (const folder of ['rotations', 'relay', 'locks']) if ((await systemFiles.facts(join(path, folder))) === null) return null;
  const folder = await openStateFolder(systemFiles, path);
  const id = marker ? parseRotationId(marker.rotationId) : (await folder.rotationIds()).at(-1);
  if (id === undefined || !(await folder.hasJournal(id))) return null;
  return { rotationId: id, entries: await readJournal({ files: systemFiles, folder, rotationId: id, key: rotationSecrets(secret).journalKey(id) }) };
}

/** Pure: marker and journal into what people ask for. */
export function statusOf(marker: LeaseMarker | null, journal: { rotationId: string; entries: readonly Entry[] } | null): Status {
  const report = journal && opened(journal.entries) ? buildReport(journal.rotationId, journal.entries, systemClock.now()) : null;
  const isOpen = marker !== null && !(journal && isEnded(journal.entries));
  return {
    open: isOpen,
    rotation: marker?.rotationId ?? journal?.rotationId ?? null,
    kind: marker?.rotation ?? report?.rotation ?? null,
    host: marker ? printable(marker.host) : (report?.server.host ?? null),
    openedAt: marker?.openedAt ?? report?.openedAt ?? null,
    holder: marker && { name: holderName({ runner: marker.holder.runner, host: marker.host, fence: marker.fence }), runner: marker.holder.runner, task: marker.holder.taskId, process: marker.holder.process?.pid ?? null, since: marker.heldSince },
    verdict: report?.verdict ?? null,
    nextPhase: isOpen && report && !isOnWayOut(journal!.entries) ? nextPhase(report) : null,
    proved: report?.summary.proved ?? null,
    leftBehind: report && report.leftBehind.map((one) => ({ machine: one.machine, reason: one.reason, repair: one.repair })),
    goOn: isOpen ? (report ? report.next : `Run the runbook "${RUNBOOK_OF[marker.rotation]}" again: an open rotation goes on where it stopped.`) : null,
  };
}

/** The ways out have one phase each; none of the rotation's own comes next. */
function isOnWayOut(entries: readonly Entry[]): boolean {
  return abandoning(entries) || rollingBack(entries);
}

/** The first phase after the last one that was done in the rotation's order. A phase that comes twice counts by its runs, each of which says after what it came. */
function nextPhase(report: Report): string | null {
  const last = report.phases.at(-1);
  const run = last?.taskId ?? null;
  const done = report.phases.filter((phase) => phase.taskId === run && phase.outcome === 'continue').map((phase) => phase.phase);
  for (const { phase } of (report.rotation === 'tentacle-certificates' ? tentacleCertificates : serverCertificate).phases) {
    const at = done.findIndex((one) => one === phase || one.startsWith(`${phase}-after-`));
    if (at === -1) return phaseTitle(phase);
    done.splice(at, 1);
  }
  return null;
}

function tell(status: Status, io: Io, journalRead: boolean): void {
  const row = (name: string, value: string | number | null) => {
    if (value !== null) io.out(`  ${name.padEnd(16)} ${value}`);
  };
  io.out(status.open ? `A rotation is open: ${status.rotation}` : 'No rotation is open.');
  if (status.rotation !== null) {
    if (!status.open) io.out(`The last one: ${status.rotation}`);
    if (status.kind !== null) row('rotates', ROTATION_TEXT[status.kind]);
    row('verdict', status.verdict);
    row('host', status.host);
    row('opened', status.openedAt && instantText(status.openedAt));
    if (status.holder) row('held by', `the ${status.holder.runner}${status.holder.task === null ? '' : `, ${status.holder.task}`}${status.holder.process === null ? ', no process at the moment' : `, process ${status.holder.process}`}, since ${instantText(status.holder.since)}`);
    if (status.holder) row('holder', `${printable(shellWord(status.holder.name), 300)} (for octopus-rotation take-over, should it have stopped and a run not see that)`);
    row('next phase', status.nextPhase);
    row('machines proved', status.proved);
    for (const one of status.leftBehind ?? []) io.out(`\n  Left behind: ${one.machine} (${one.reason})\n    ${one.repair ?? NOTHING_TO_MEND[status.kind ?? 'server-certificate']}`);
  }
  if (status.open && !journalRead) io.out('\nOn the host, with --state-folder and --secret-env, the phases and machines are shown too.');
  else if (status.open && status.verdict === null) io.out('\nThe state folder named holds no journal of it: run this on the host that is named above, with its state folder.');
  if (status.goOn !== null) io.out(`\nTo go on: ${status.goOn}`);
}
