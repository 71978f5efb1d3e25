import { segment } from './address.ts';
import type { Permissions } from './contract.ts';
import type { Http } from './http.ts';
import { either, filledText, list, mapped, object, record, text } from './reader.ts';

const ids = either(list(text), []);
const granted = mapped(
  object({ SpaceId: filledText, RestrictedToEnvironmentIds: ids, RestrictedToProjectGroupIds: ids, RestrictedToProjectIds: ids, RestrictedToTenantIds: ids }),
  ({ SpaceId, ...restrictions }) => ({ spaceId: SpaceId, restricted: Object.values(restrictions).some((each) => each.length > 0) }),
);

/** What the account of the key may do, at system level and in each space (octopus-rest.md 3.6, 9). */
export async function readPermissions(http: Http): Promise<Permissions> {
  const user = await http.get('/api/users/me', object({ Id: filledText, Username: filledText }));
  const set = await http.get(`/api/users/${segment(user.Id)}/permissions`, object({ SystemPermissions: either(list(text), []), SpacePermissions: either(record(list(granted)), {}) }), { query: { spaces: 'all', includeSystem: true } });
  return { username: user.Username, system: set.SystemPermissions, inSpace: set.SpacePermissions };
}
