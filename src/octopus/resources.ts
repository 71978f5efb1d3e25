import { segment, type Query } from './address.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { document, either, filledText, list, mapped, object, text, type Document } from './reader.ts';

/** A named resource of a space, kept whole so that it can be sent back with a change. */
export interface Resource { id: string; name: string; description: string; whole: Document }

/** Collections that share one shape: list, create, read, replace (octopus-rest.md 2.4, 2.5). */
export type Collection = 'projects' | 'environments' | 'actiontemplates' | 'runbooks' | 'machines' | 'projecttriggers';

const facts = object({ Id: filledText, Name: filledText, Description: either(text, '') });
export const resource = mapped(document, (whole): Resource => {
  const { Id, Name, Description } = facts(whole, 'the resource');
  return { id: Id, name: Name, description: Description, whole };
});

const pathOf = (spaceId: string, collection: Collection): string => `/api/${segment(spaceId)}/${collection}`;

/** The one resource of that name; letter case is ignored, as Octopus does when it refuses a second one. */
export async function findResource(http: Http, spaceId: string, collection: Collection, name: string, query: Query = {}): Promise<Resource | null> {
  const found = await allItems(http, pathOf(spaceId, collection), resource, (each) => each.id, { partialName: name, ...query });
  return found.find((each) => each.name.toLowerCase() === name.toLowerCase()) ?? null;
}

/** Every one of a space. */
export function readResources(http: Http, spaceId: string, collection: Collection): Promise<Resource[]> {
  return allItems(http, pathOf(spaceId, collection), resource, (each) => each.id);
}

export function readResource(http: Http, spaceId: string, collection: Collection, id: string): Promise<Resource> {
  return http.get(`${pathOf(spaceId, collection)}/${segment(id)}`, resource);
}

export function createResource(http: Http, spaceId: string, collection: Collection, body: Document): Promise<Resource> {
  return http.send('POST', pathOf(spaceId, collection), resource, { body: { SpaceId: spaceId, ...body } });
}

/** Sends a resource back whole, with some properties changed. */
export function changeResource(http: Http, spaceId: string, collection: Collection, from: Resource, change: Document): Promise<Resource> {
  return http.send('PUT', `${pathOf(spaceId, collection)}/${segment(from.id)}`, resource, { body: { ...from.whole, ...change } });
}

/** Deletes a resource of a space; one that is gone already counts as deleted. */
export function removeResource(http: Http, spaceId: string, collection: Collection | 'packages' | 'libraryvariablesets', id: string): Promise<void> {
  return http.remove(`/api/${segment(spaceId)}/${collection}/${segment(id)}`);
}

/** Id of the collection's default: the one of that name, else the first; null when there is none. */
export async function defaultOf(http: Http, spaceId: string, collection: 'projectgroups' | 'lifecycles', name: string): Promise<string | null> {
  const all = await http.get(`/api/${segment(spaceId)}/${collection}/all`, list(object({ Id: filledText, Name: filledText })));
  return (all.find((each) => each.Name === name) ?? all[0])?.Id ?? null;
}
