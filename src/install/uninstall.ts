import { installErrors } from '../errors/install.ts';
import { Refusals, type Refusal } from '../errors/refusal.ts';
import { uninstallErrors } from '../errors/uninstall.ts';
import { LEASE_SET, LEASE_VARIABLE } from '../journal/lease-store.ts';
import { segment } from '../octopus/address.ts';
import type { Http } from '../octopus/http.ts';
import { loginTo, type OidcLogin } from '../octopus/oidc.ts';
import { readLibrarySet } from '../octopus/library-sets.ts';
import { findPackages } from '../octopus/packages.ts';
import { either, filledText, list, object, text } from '../octopus/reader.ts';
import { changeResource, findResource, readResources, removeResource, type Resource } from '../octopus/resources.ts';
import { readSpaces } from '../octopus/spaces.ts';
import { PACKAGE_ID } from '../packaging/names.ts';
import { OWNER_MARK } from '../packaging/step-template.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { HOST_ROLE, PROJECT_NAME } from './names.ts';
import { openRotationOf } from './observe.ts';

export interface Removal { kind: 'project' | 'step template' | 'package' | 'lease' | 'host role'; name: string }
export interface UninstallOptions { url: string; apiKey: string; oidc?: OidcLogin; spaceName: string; dryRun: boolean; clock: Clock; random: Random; /** Called after each removal; of a dry run, for each that would be done. */ done(removal: Removal): void }

interface Installed { project: Resource | null; runbooks: Resource[]; templates: Resource[]; packages: { id: string; version: string }[]; lease: { id: string } | null; hosts: Resource[]; open: string | null }

/**
 * Takes away what `install` made in a space, and nothing else: a resource without the mark of Octopus Rotation stays. The project goes first, so
 * that nothing can start a run any more; the marker of a rotation is looked at again before it goes. What broke off is finished by the next one.
 */
export async function uninstall({ spaceName, dryRun, done, ...login }: UninstallOptions): Promise<void> {
  const http = await loginTo(login);
  const spaces = await readSpaces(http);
  const space = spaces.find((each) => each.name.toLowerCase() === spaceName.toLowerCase());
  if (space === undefined) throw installErrors.INSTALL_SPACE_MISSING({ space: spaceName, seen: spaces.map((each) => each.name) });
  const found = await observe(http, space.id);
  const refusals = await refusalsOf(http, space.id, found);
  if (refusals.length > 0) throw new Refusals(refusals);
  const one = async (removal: Removal, work: () => Promise<unknown>): Promise<void> => {
    if (!dryRun) await work();
    done(removal);
  };

  if (found.project !== null) await one({ kind: 'project', name: found.project.name }, () => removeResource(http, space.id, 'projects', found.project!.id));
  if (!dryRun) {
    const open = await openRotation(http, space.id);
    if (open !== null) throw uninstallErrors.UNINSTALL_ROTATION_OPEN({ rotation: open, isBegun: true });
  }
  for (const template of found.templates) await one({ kind: 'step template', name: template.name }, () => removeResource(http, space.id, 'actiontemplates', template.id));
  for (const { id, version } of found.packages) await one({ kind: 'package', name: `${PACKAGE_ID} ${version}` }, () => removeResource(http, space.id, 'packages', id));
  if (found.lease !== null) await one({ kind: 'lease', name: LEASE_SET }, () => removeResource(http, space.id, 'libraryvariablesets', found.lease!.id));
  for (const host of found.hosts) {
    await one({ kind: 'host role', name: `${HOST_ROLE} on ${host.name}` }, () => changeResource(http, space.id, 'machines', host, { MachineId: host.id, Roles: rolesOf(host).filter((role) => !isHostRole(role)) }));
  }
}

async function observe(http: Http, spaceId: string): Promise<Installed> {
  const isOurs = (each: Resource): boolean => each.description.includes(OWNER_MARK);
  const [named, templates, packages, lease, machines, open] = await Promise.all([
    findResource(http, spaceId, 'projects', PROJECT_NAME),
    readResources(http, spaceId, 'actiontemplates'),
    findPackages(http, spaceId, PACKAGE_ID),
    readLibrarySet(http, spaceId, LEASE_SET),
    readResources(http, spaceId, 'machines'),
    openRotation(http, spaceId),
  ]);
  const project = named !== null && isOurs(named) ? named : null;
  const runbooks = project === null ? [] : (await readResources(http, spaceId, 'runbooks')).filter((each) => each.whole['ProjectId'] === project.id);
  return { project, runbooks, templates: templates.filter(isOurs), packages, lease, hosts: machines.filter((each) => rolesOf(each).some(isHostRole)), open };
}

async function openRotation(http: Http, spaceId: string): Promise<string | null> {
  return openRotationOf((await readLibrarySet(http, spaceId, LEASE_SET))?.variables[LEASE_VARIABLE] ?? '');
}

const usages = list(object({ ProjectId: either(text, ''), ProjectName: either(text, ''), StepName: filledText }));

async function refusalsOf(http: Http, spaceId: string, { project, runbooks, templates, open }: Installed): Promise<Refusal[]> {
  if (open !== null) return [uninstallErrors.UNINSTALL_ROTATION_OPEN({ rotation: open, isBegun: false })];
  const foreign = runbooks.filter((each) => !each.description.includes(OWNER_MARK));
  const used = await Promise.all(templates.map(async (template) => {
    const all = await http.get(`/api/${segment(spaceId)}/actiontemplates/${segment(template.id)}/usage`, usages);
    return { template, users: all.filter((each) => each.ProjectId !== project?.id).map((each) => `${each.ProjectName} / ${each.StepName}`) };
  }));
  return [
    ...(foreign.length > 0 ? [uninstallErrors.UNINSTALL_PROJECT_SHARED({ project: PROJECT_NAME, runbooks: foreign.map((each) => each.name) })] : []),
    ...used.filter((each) => each.users.length > 0).map(({ template, users }) => uninstallErrors.UNINSTALL_TEMPLATE_IN_USE({ template: template.name, users })),
  ];
}

const isHostRole = (role: string): boolean => role.toLowerCase() === HOST_ROLE;

function rolesOf(machine: Resource): string[] {
  const roles = machine.whole['Roles'];
  return Array.isArray(roles) ? roles.filter((each): each is string => typeof each === 'string') : [];
}
