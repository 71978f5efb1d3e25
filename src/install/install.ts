import { Refusals } from '../errors/refusal.ts';
import { createHttp, type Http } from '../octopus/http.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { applyPlan, type Installed, type Watch } from './apply.ts';
import { observe } from './observe.ts';
import { planInstall, refusals } from './plan.ts';
import { fingerprintOf, type InstallSettings, type Release } from './release.ts';
import { RUNBOOKS } from './runbooks/index.ts';
import { warnings } from './warnings.ts';

export interface InstallOptions { url: string; apiKey: string; settings: InstallSettings; release: Release; clock: Clock; random: Random; watch: Watch; /** Tell what would be done, and do none of it. */ dryRun?: boolean }

export type Result = Installed & { spaceId: string };

/**
 * Puts the rotation with its runbooks into a space: looks, plans, refuses everything that forbids it at once, warns, and only then writes. Done twice, the second time
 * writes nothing.
 */
export function install(options: InstallOptions): Promise<Result> {
  return installInto(createHttp(options), options, false);
}

/** `keepAccess`: address and API key that are there stay. */
export async function installInto(http: Http, { apiKey, settings, release, random, watch, dryRun = false }: Omit<InstallOptions, 'url' | 'clock'>, keepAccess: boolean): Promise<Result> {
  const values = { serverUrl: http.url, apiKey, apiKeyFingerprint: fingerprintOf(apiKey), newSecret: Buffer.from(random.bytes(32)).toString('base64url'), given: settings.given, keepAccess };
  const observed = await observe(http, settings, release, RUNBOOKS);
  const plan = planInstall(settings, observed, release, RUNBOOKS, values);
  const found = refusals(settings, observed, release, RUNBOOKS, plan);
  if (found.length > 0) throw new Refusals(found);
  for (const warning of warnings(settings, observed, plan)) watch.warning(warning);
  if (dryRun) {
    for (const change of plan.changes) watch.change(change);
    return { spaceId: observed.spaceId, projectId: observed.project?.project.id ?? '', runbooks: [] };
  }
  return { ...await applyPlan(http, settings, observed, release, RUNBOOKS, values, plan, watch), spaceId: observed.spaceId };
}
