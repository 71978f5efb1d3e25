import { demand, isAdministrator, may, spacePermissions, systemPermissions } from './access.ts';
import { notFound } from './errors.ts';
import { filtered, page, queryFlag } from './paging.ts';
import { spaceResource, visibleSpaces } from './spaces.ts';
import type { Call, Router } from './router.ts';
import type { User } from '../database/documents.ts';

function userResource(user: User): Record<string, unknown> {
  const { System: _system, Spaces: _spaces, OidcIdentities: _identities, ...shown } = user;
  const self = `/api/users/${user.Id}`;
  return { ...shown, IsRequestor: false, CanPasswordBeEdited: false, Identities: [], Links: { Self: self, Spaces: `${self}/spaces`, Permissions: `${self}/permissions{?includeSystem,spaces}`, Avatar: `${self}/avatar`, ApiKeys: `${self}/apikeys{/id}{?skip,take}` } };
}

function wanted(call: Call): User {
  const id = (call.params.id ?? '').toLowerCase();
  if (id === 'me' || id === call.user.Id.toLowerCase()) return call.user;
  demand(call.user, 'UserView', null);
  const user = call.all.Users.find((candidate) => candidate.Id.toLowerCase() === id);
  if (!user) throw notFound(call.params.id ?? '');
  return user;
}

/** Preflight of octopus-rest.md 3.6: names of system permissions, when asked for with `includeSystem`; space permissions with the spaces that they hold in. */
function permissions(call: Call, user: User): Record<string, unknown> {
  const restricted = { RestrictedToEnvironmentIds: [], RestrictedToProjectGroupIds: [], RestrictedToProjectIds: [], RestrictedToTenantIds: [] };
  const spaces = Object.fromEntries(spacePermissions.map((permission) => [permission, call.all.Spaces.filter((space) => may(user, permission, space.Id)).map((space) => ({ SpaceId: space.Id, ...restricted }))] as const).filter(([, granted]) => granted.length > 0));
  return {
    Id: user.Id, SystemPermissions: queryFlag(call, 'includeSystem') === true ? systemPermissions.filter((permission) => may(user, permission, null)) : [], SpacePermissions: spaces, Teams: isAdministrator(user) ? [{ Id: 'teams-administrators', Name: 'Octopus Administrators', IsDirectlyAssigned: true }] : [],
    IsPermissionsComplete: true, IsTeamsComplete: true, Links: { Self: `/api/users/${user.Id}/permissions` },
  };
}

export function userRoutes(router: Router): void {
  router.system('GET', '/users', { permission: 'UserView' }, (call) => page(call, 'User', '/api/users', filtered(call, call.all.Users), userResource));
  router.system('GET', '/users/all', { permission: 'UserView' }, (call) => filtered(call, call.all.Users).map(userResource));
  router.system('GET', '/users/:id', {}, (call) => userResource(wanted(call)));
  router.system('GET', '/users/:id/spaces', {}, (call) => visibleSpaces({ ...call, user: wanted(call) }).map(spaceResource));
  router.system('GET', '/users/:id/permissions', {}, (call) => permissions(call, wanted(call)));
}

