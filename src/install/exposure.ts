import { failedWith } from '../octopus/failure.ts';
import type { Registration, Space } from '../octopus/contract.ts';
import type { Http } from '../octopus/http.ts';
import { readRegistrations } from '../octopus/registrations.ts';
import { readRights, readUsers, type Rights, type User } from '../octopus/users.ts';

/** Who else can make the host run something, as far as the key can see. */
export interface Exposure {
  editors: Editors;
  /** Other registrations of the host's Tentacle, told by its thumbprint. */
  hostElsewhere: HostElsewhere;
}

export type Editors =
  | { seen: true; names: string[]; /** Users beyond the limit, or whose rights Octopus shows in part only. */ notLooked: number }
  | { seen: false; reason: string };

/** `spaceNames`: spaces whose machines could not be read. */
export type HostElsewhere = { seen: true; registrations: (Registration & { spaceName: string })[]; unseenSpaces: string[] } | { seen: false };

/** Where the runbooks are; null for what the installer has still to make. */
export interface Place { spaceId: string; projectId: string | null; projectGroupId: string | null }

/** Each user costs a request; an installation that has more says how many it did not look at. */
const MOST_USERS = 300;
const EDITING = ['ProcessEdit', 'RunbookEdit', 'VariableEdit'];

/** Users besides the key's own account that may change process, runbook or variables there. */
export async function observeEditors(http: Http, myself: User, place: Place): Promise<Editors> {
  try {
    const all = await readUsers(http);
    const others = all.filter((each) => each.isActive && each.id !== myself.id);
    const looked = await Promise.all(others.slice(0, MOST_USERS).map(async (each) => ({ ...each, rights: await readRights(http, each.id) })));
    const inPart = looked.filter((each) => !each.rights.isComplete && !mayEdit(each.rights, place));
    return { seen: true, names: looked.filter((each) => mayEdit(each.rights, place)).map((each) => each.name).sort(), notLooked: others.length - looked.length + inPart.length };
  } catch (error) {
    // Not a reason to refuse: an account that rotates need not see users.
    if (failedWith(error, 'OCTOPUS_FORBIDDEN', 'OCTOPUS_NOT_FOUND', 'OCTOPUS_UNEXPECTED')) return { seen: false, reason: error.message };
    throw error;
  }
}

/** Pure. Whether these rights suffice to change what the host runs. */
export function mayEdit(rights: Rights, place: Place): boolean {
  if (rights.system.includes('AdministerSystem')) return true;
  return EDITING.flatMap((name) => rights.inSpaces[name] ?? []).some(({ spaceId, projectIds, projectGroupIds }) => spaceId === place.spaceId
    && (projectIds.length + projectGroupIds.length === 0 || (place.projectId !== null && projectIds.includes(place.projectId)) || (place.projectGroupId !== null && projectGroupIds.includes(place.projectGroupId))));
}

/** Where else the host's Tentacle is registered, in every space that the key sees. `own` are the registrations of the space itself. */
export async function observeHost(http: Http, host: Registration | undefined, space: Space, spaces: readonly Space[], own: readonly Registration[]): Promise<HostElsewhere> {
  if (host === undefined || host.thumbprint === null) return { seen: false };
  const unseenSpaces: string[] = [];
  const elsewhere = await Promise.all(spaces.map(async (each) => {
    const found = each.id === space.id ? own : await readable(http, each, unseenSpaces);
    return found.filter((one) => one.thumbprint === host.thumbprint && one.id !== host.id).map((one) => ({ ...one, spaceName: each.name }));
  }));
  return { seen: true, registrations: elsewhere.flat(), unseenSpaces: unseenSpaces.sort() };
}

async function readable(http: Http, space: Space, unseen: string[]): Promise<readonly Registration[]> {
  try {
    return await readRegistrations(http, space.id);
  } catch (error) {
    if (!failedWith(error, 'OCTOPUS_FORBIDDEN', 'OCTOPUS_NOT_FOUND', 'OCTOPUS_UNEXPECTED')) throw error;
    unseen.push(space.name);
    return [];
  }
}
