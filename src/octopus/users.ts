import { segment } from './address.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { either, filledText, flag, list, mapped, maybe, object, record, text } from './reader.ts';

export interface User { id: string; name: string; isActive: boolean; /** null where Octopus does not say. */ isService: boolean | null }

const user = mapped(object({ Id: filledText, Username: filledText, IsActive: either(flag, true), IsService: maybe(flag) }), ({ Id, Username, IsActive, IsService }): User => ({ id: Id, name: Username, isActive: IsActive, isService: IsService }));

/** Every user; needs UserView. */
export function readUsers(http: Http): Promise<User[]> {
  return allItems(http, '/api/users', user, (each) => each.id);
}

/** The account of the key (octopus-rest.md 3.6). */
export function readMyself(http: Http): Promise<User> {
  return http.get('/api/users/me', user);
}

/** A permission in one space; with both lists empty for all of it, else for these projects and the projects of these groups. */
export interface Grant { spaceId: string; projectIds: string[]; projectGroupIds: string[] }

/** What a user may do; the system permissions include AdministerSystem for those who may do everything. */
export interface Rights { system: string[]; inSpaces: Record<string, Grant[]>; /** False when Octopus says that it shows a part of them only. */ isComplete: boolean }

const ids = either(list(text), []);
const grant = mapped(object({ SpaceId: maybe(text), RestrictedToProjectIds: ids, RestrictedToProjectGroupIds: ids }), (found): Grant => ({ spaceId: found.SpaceId ?? '', projectIds: found.RestrictedToProjectIds, projectGroupIds: found.RestrictedToProjectGroupIds }));
const rights = mapped(
  object({ SystemPermissions: either(list(text), []), SpacePermissions: either(record(list(grant)), {}), IsPermissionsComplete: either(flag, true) }),
  (found): Rights => ({ system: found.SystemPermissions, inSpaces: found.SpacePermissions, isComplete: found.IsPermissionsComplete }),
);

/** What a user may do, through whatever teams and roles (octopus-rest.md 3.6). */
export function readRights(http: Http, userId: string): Promise<Rights> {
  return http.get(`/api/users/${segment(userId)}/permissions`, rights, { query: { spaces: 'all', includeSystem: true } });
}
