import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from '../../journal/contract.ts';
import { buildReport } from '../../report/build.ts';
import { renderHtml } from '../../report/html.ts';
import type { Report } from '../../../schemas/types/report.ts';
import type { ServerAccess } from '../runs/server-access.ts';

export interface SavedReport { report: Report; html: string }

/** Names of the artifacts that the relay attaches when the rotation has ended. */
const FINAL_JSON = 'rotation-final-report.json';
const FINAL_HTML = 'rotation-final-report.html';
const REPORT_WAIT_MS = 20_000;

/**
 * The final report as the relay attached it to the last task, once it says that the rotation ended; after a time-out, or when the rotation
 * did not end, the same report made here from the journal.
 */
export async function fetchReport(access: ServerAccess, options: { spaceId: string; tasks: readonly string[]; ended: boolean; rotation: { rotationId: string; entries: readonly Entry[] }; folder: string; sleep: (milliseconds: number) => Promise<void>; monotonic: () => number; now: () => Date }): Promise<SavedReport> {
  const folder = join(options.folder, options.rotation.rotationId);
  await mkdir(folder, { recursive: true });
  const until = options.monotonic() + REPORT_WAIT_MS;
  while (options.ended) {
    const attached = await attachedReport(access, options.spaceId, options.tasks).catch(() => null);
    if (attached) return { report: attached.report, html: await save(folder, attached.json, attached.html) };
    if (options.monotonic() > until) break;
    await options.sleep(250);
  }
  const report = buildReport(options.rotation.rotationId, options.rotation.entries, options.now());
  return { report, html: await save(folder, JSON.stringify(report, null, 2), renderHtml(report)) };
}

async function attachedReport(access: ServerAccess, spaceId: string, tasks: readonly string[]): Promise<{ report: Report; json: Uint8Array; html: Uint8Array } | null> {
  for (const task of [...tasks].reverse()) {
    const artifacts = await access.artifacts(spaceId, task);
    const json = await artifacts.find((one) => one.name === FINAL_JSON)?.read();
    const html = await artifacts.find((one) => one.name === FINAL_HTML)?.read();
    if (json && html) return { report: JSON.parse(Buffer.from(json).toString('utf8')) as Report, json, html };
  }
  return null;
}

async function save(folder: string, json: Uint8Array | string, html: Uint8Array | string): Promise<string> {
  await writeFile(join(folder, 'rotation-report.json'), json);
  const path = join(folder, 'rotation-report.html');
  await writeFile(path, html);
  return path;
}

/** Saves the whole log of a task and answers with its path; null when the server does not give it any more. */
export async function saveTaskLog(access: ServerAccess, taskId: string, folder: string): Promise<string | null> {
  try {
    const log = await access.taskLog(taskId);
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${taskId.replace(/[^\w-]/g, '')}.log`);
    await writeFile(path, log);
    return path;
  } catch {
    return null;
  }
}
