import { Refusals } from '../errors/refusal.ts';
import type { Http } from '../octopus/http.ts';
import { loginTo, type OidcLogin } from '../octopus/oidc.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { applyPlan, type Installed, type Watch } from './apply.ts';
import { observe, type Observed } from './observe.ts';
import { planInstall, refusals, stepsIn } from './plan.ts';
import { fingerprintOf, type InstallSettings, type Release } from './release.ts';
import { withApproval, type RunbookDefinition } from './runbooks/definition.ts';
import { RUNBOOKS } from './runbooks/index.ts';
import { warnings } from './warnings.ts';

export interface InstallOptions { url: string; /** Of the account that rotates; of the one that installs too, unless `oidc` says who that is. */ apiKey: string; oidc?: OidcLogin; settings: InstallSettings; release: Release; clock: Clock; random: Random; watch: Watch; /** Tell what would be done, and do none of it. */ dryRun?: boolean }

export type Result = Installed & { spaceId: string };

/**
 * Puts the rotation with its runbooks into a space: looks, plans, refuses everything that forbids it at once, warns, and only then writes. Done twice, the second time
 * writes nothing.
 */
export async function install(options: InstallOptions): Promise<Result> {
  return installInto(await loginTo(options), options, false);
}

/** `keepAccess`: address and API key that are there stay. */
export async function installInto(http: Http, { apiKey, settings, release, random, watch, dryRun = false }: Omit<InstallOptions, 'url' | 'clock'>, keepAccess: boolean): Promise<Result> {
  const values = { serverUrl: http.url, apiKey, apiKeyFingerprint: fingerprintOf(apiKey), newSecret: Buffer.from(random.bytes(32)).toString('base64url'), given: settings.given, keepAccess };
  const observed = await observe(http, settings, release, RUNBOOKS);
  const definitions = RUNBOOKS.map((each) => (settings.approval ?? hasApproval(observed, each) ? withApproval(each) : each));
  const plan = planInstall(settings, observed, release, definitions, values);
  const found = refusals(settings, observed, release, definitions, plan);
  if (found.length > 0) throw new Refusals(found);
  for (const warning of warnings(settings, observed, plan)) watch.warning(warning);
  if (dryRun) {
    for (const change of plan.changes) watch.change(change);
    return { spaceId: observed.spaceId, projectId: observed.project?.project.id ?? '', runbooks: [] };
  }
  return { ...await applyPlan(http, settings, observed, release, definitions, values, plan, watch), spaceId: observed.spaceId };
}

/** As the last installation left it: an approval that somebody deleted since is told as an edit, not taken for a wish. */
function hasApproval(observed: Observed, { name, approvalPoint }: RunbookDefinition): boolean {
  const there = observed.runbooks.get(name) ?? null;
  const steps = there === null ? [] : there.installed?.steps ?? stepsIn(there.process.whole);
  return approvalPoint !== undefined && steps.some((each) => each['Name'] === approvalPoint.name);
}
