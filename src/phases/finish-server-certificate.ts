import { join } from 'node:path';
import { buildReport } from '../report/build.ts';
import { renderHtml } from '../report/html.ts';
import { swapErrors } from '../errors/swap.ts';
import { leftBehind, proofOf } from '../journal/views.ts';
import { trustScript } from '../tentacle/trust-script.ts';
import type { PhaseContext } from './context.ts';
import { runOnHost } from './host-script.ts';
import { waitForTrust } from './probing.ts';
import { IDLE_LIMIT_SECONDS } from './trust-server-certificate.ts';
import type { Rotation } from './rotation.ts';

const OWN_TENTACLE_MS = 150_000;

export const REPORT_JSON = 'report.json';
export const REPORT_HTML = 'report.html';

/** True when every step has done its part and only the host's own Tentacle and the last entry are missing. */
export function readyToFinish(rotation: Pick<Rotation, 'entries'>): boolean {
  return proofOf(rotation.entries(), 'estate', 'verified') !== null;
}

/** The relay's last work: the host's own Tentacle refuses OLD (A41), then the rotation has ended. */
export async function finishServerCertificate(context: PhaseContext, rotation: Rotation): Promise<void> {
  const host = rotation.plan.machines.find((machine) => machine.isHost);
  if (host && !leftBehind(rotation.entries()).has(host.key)) {
    const { old } = rotation.plan;
    const fresh = rotation.fresh!.thumbprint;
    const identities = await rotation.identities();
    const isRetired = async (timeoutMs: number) => (await waitForTrust(context, [host], identities, (look) => look.probes?.fresh.verdict === 'trusted' && look.probes.old.verdict === 'not-trusted', timeoutMs, 'own Tentacle')).size === 1;
    if (!(await isRetired(0))) {
      await rotation.stage('own-tentacle', 'restarts the Tentacle of this machine');
      await rotation.effect('restart-own-tentacle', host.key, { thumbprint: old }, async () => {
        const result = await runOnHost(context, rotation.id, host.own, trustScript({ rotationId: rotation.id, fence: rotation.fence, operation: 'remove', thumbprint: old, keep: fresh, restart: 'detached', place: 'host', restartDelaySeconds: 0, restartWatchSeconds: rotation.plan.options.restartWatchSeconds, idleLimitSeconds: IDLE_LIMIT_SECONDS }));
        if (result.outcome === 'refused' || result.outcome === 'failed') throw swapErrors.OWN_TENTACLE_NOT_PROVED({ reason: result.reason ?? result.outcome });
        return { restart: result.restart };
      });
      if (!(await isRetired(OWN_TENTACLE_MS))) throw swapErrors.OWN_TENTACLE_NOT_RETIRED({ reason: 'the probe with the old certificate is not refused' });
    }
    await rotation.prove(host.key, 'trusts-new', 'wire', { thumbprint: fresh });
    await rotation.prove(host.key, 'distrusts-old', 'wire', { thumbprint: old });
  }
  await rotation.record({ kind: 'ended', subject: 'estate', data: { outcome: 'completed' } });
}

/** Writes the report of a rotation into its folder; answers with both paths. */
export async function writeReport(context: Pick<PhaseContext, 'files' | 'clock'>, rotation: Pick<Rotation, 'id' | 'folder' | 'entries'>): Promise<{ json: string; html: string; verdict: string }> {
  const report = buildReport(rotation.id, rotation.entries(), context.clock.now());
  const json = join(rotation.folder, REPORT_JSON);
  const html = join(rotation.folder, REPORT_HTML);
  await context.files.replace(json, `${JSON.stringify(report, null, 2)}\n`);
  await context.files.replace(html, renderHtml(report));
  return { json, html, verdict: report.verdict };
}
