import { join } from 'node:path';
import { buildReport } from '../report/build.ts';
import { renderHtml } from '../report/html.ts';
import { repairScripts } from '../report/machines.ts';
import type { PhaseContext } from './context.ts';
import type { Rotation } from './rotation.ts';

export const REPORT_JSON = 'report.json';
export const REPORT_HTML = 'report.html';

/** Writes the report of a rotation into its folder; answers with both paths. */
export async function writeReport(context: Pick<PhaseContext, 'files' | 'clock'>, rotation: Pick<Rotation, 'id' | 'folder' | 'entries'>): Promise<{ json: string; html: string; repairs: { path: string; name: string }[]; verdict: string }> {
  const report = buildReport(rotation.id, rotation.entries(), context.clock.now());
  const json = join(rotation.folder, REPORT_JSON);
  const html = join(rotation.folder, REPORT_HTML);
  await context.files.replace(json, `${JSON.stringify(report, null, 2)}\n`);
  await context.files.replace(html, renderHtml(report));
  const repairs = repairScripts(rotation.entries()).map(({ name, text }) => ({ path: join(rotation.folder, name), name, text }));
  for (const { path, text } of repairs) await context.files.replace(path, text);
  return { json, html, repairs, verdict: report.verdict };
}
