import { join } from 'node:path';
import { buildReport } from '../report/build.ts';
import { renderHtml } from '../report/html.ts';
import { repairScripts } from '../report/machines.ts';
import { swapErrors } from '../errors/swap.ts';
import { abandoning, leftBehind, proofOf, rollingBack } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { acceptsFreshOnly, acceptsOldOnly, isProbed } from './looking.ts';
import { restartOwnTentacle } from './own-tentacle.ts';
import type { Rotation } from './rotation.ts';

export const REPORT_JSON = 'report.json';
export const REPORT_HTML = 'report.html';

/** True when every step has done its part and only the host's own Tentacle and the last entry are missing. */
export function readyToFinish(rotation: Pick<Rotation, 'entries'>): boolean {
  const entries = rotation.entries();
  return proofOf(entries, 'estate', abandoning(entries) ? 'abandoned' : rollingBack(entries) ? 'rolled-back' : 'verified') !== null;
}

/** The relay's last work: the host's own Tentacle refuses the certificate that lost (A41), then the rotation has ended. */
export async function finishServerCertificate(context: PhaseContext, rotation: Rotation): Promise<void> {
  const isAbandoned = abandoning(rotation.entries());
  const isBack = isAbandoned || rollingBack(rotation.entries());
  const host = rotation.plan.machines.find((machine) => machine.isHost);
  if (host && !leftBehind(rotation.entries()).has(host.key)) {
    const [script, wished] = isBack ? ([{ operation: 'remove', direction: 'back' }, acceptsOldOnly] as const) : ([{ operation: 'remove' }, acceptsFreshOnly] as const);
    if (rotation.fresh && !(await restartOwnTentacle(context, rotation, host, script, wished))) throw swapErrors.OWN_TENTACLE_NOT_RETIRED({ reason: isBack ? 'it still accepts the new certificate' : 'it still accepts the old certificate' });
    const how = isProbed(host) ? 'wire' : 'read-back';
    await rotation.prove(host.key, isBack ? 'trusts-old' : 'trusts-new', how, { thumbprint: isBack ? rotation.plan.old : rotation.fresh!.thumbprint });
    if (rotation.fresh) await rotation.prove(host.key, isBack ? 'distrusts-new' : 'distrusts-old', how, { thumbprint: isBack ? rotation.fresh.thumbprint : rotation.plan.old });
  }
  // After a swap NEW's PFX is kept (rule 7): a database restored from before the roll back presents NEW.
  if (isAbandoned) await destroyFresh(context, rotation);
  await rotation.record({ kind: 'ended', subject: 'estate', data: { outcome: isAbandoned ? 'abandoned' : isBack ? 'rolled-back' : 'completed' } });
}

/** A certificate that was given up must not come back: its PFX is overwritten and removed once nobody needs it for a probe any more. */
async function destroyFresh(context: PhaseContext, rotation: Rotation): Promise<void> {
  if (!rotation.fresh) return;
  const { thumbprint } = rotation.fresh;
  const path = rotation.pfxPath(thumbprint);
  const facts = await context.files.facts(path);
  if (facts === null) return;
  await rotation.effect('destroy-new-certificate', 'server', { thumbprint }, async () => {
    await context.files.replace(path, context.random.bytes(facts.size));
    await context.files.remove(path);
    return {};
  });
}

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
