import { installErrors } from '../errors/install.ts';
import { upgradeErrors } from '../errors/upgrade.ts';
import type { Http } from '../octopus/http.ts';
import { loginTo } from '../octopus/oidc.ts';
import { list, text } from '../octopus/reader.ts';
import { readRegistrations } from '../octopus/registrations.ts';
import { findResource, readResource } from '../octopus/resources.ts';
import { isAtLeast } from '../octopus/server.ts';
import { readSpaces } from '../octopus/spaces.ts';
import { OWNER_MARK } from '../packaging/step-template.ts';
import { installInto, type InstallOptions, type Result } from './install.ts';
import { HOST_ROLE, PROJECT_NAME, RUNBOOK_NAME } from './names.ts';
import { observeRunbook } from './observe.ts';

export type UpgradeOptions = Omit<InstallOptions, 'settings'> & { spaceName: string; replaceEdited: boolean };
export interface Upgraded extends Result { /** The release that was there; null when no snapshot of ours tells. */ from: string | null }

/**
 * Brings what is installed in a space to another release, in the order of `install`: package, step templates, variables, steps, and only then the snapshots.
 * A run takes a snapshot whole, with the package and the variables that it was made with, so that one that is scheduled, or that the relay of an
 * open rotation queues, runs either release but never parts of both. Older packages and snapshots stay. Environment, host, settings, address
 * and API key stay as they are.
 */
export async function upgrade({ spaceName, replaceEdited, ...options }: UpgradeOptions): Promise<Upgraded> {
  const http = await loginTo(options);
  const { version, environmentName, hostTentacle } = await readInstallation(http, spaceName);
  if (version !== null && !isAtLeast(options.release.version, version)) throw upgradeErrors.UPGRADE_OLDER({ installed: version, release: options.release.version });
  return { ...await installInto(http, { ...options, settings: { spaceName, environmentName, hostTentacle, given: {}, replaceEdited } }, true), from: version };
}

async function readInstallation(http: Http, spaceName: string): Promise<{ version: string | null; environmentName: string; hostTentacle: string }> {
  const missing = (what: string) => upgradeErrors.UPGRADE_NOT_INSTALLED({ space: spaceName, missing: what });
  const spaces = await readSpaces(http);
  const space = spaces.find((each) => each.name.toLowerCase() === spaceName.toLowerCase());
  if (space === undefined) throw installErrors.INSTALL_SPACE_MISSING({ space: spaceName, seen: spaces.map((each) => each.name) });
  const project = await findResource(http, space.id, 'projects', PROJECT_NAME);
  if (project === null || !project.description.includes(OWNER_MARK)) throw missing(`project "${PROJECT_NAME}"`);
  const runbook = await findResource(http, space.id, 'runbooks', RUNBOOK_NAME, { projectIds: project.id });
  if (runbook === null || runbook.whole['ProjectId'] !== project.id) throw missing(`runbook "${RUNBOOK_NAME}"`);
  const [environmentId] = list(text)(runbook.whole['Environments'] ?? [], 'the environments of the runbook');
  if (environmentId === undefined) throw missing('environment of its runbook');
  const environment = await readResource(http, space.id, 'environments', environmentId);
  const host = (await readRegistrations(http, space.id)).find((each) => each.kind === 'target' && each.roles.some((role) => role.toLowerCase() === HOST_ROLE));
  if (host === undefined) throw missing(`deployment target with the role ${HOST_ROLE}`);
  return { version: (await observeRunbook(http, space.id, runbook)).installed?.version ?? null, environmentName: environment.name, hostTentacle: host.name };
}
