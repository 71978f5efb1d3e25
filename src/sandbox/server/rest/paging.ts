import type { Call } from './router.ts';
import { badRequest } from './errors.ts';

/** The value of a query parameter, names without case; repeated ones are comma-joined. */
export function query(call: Call, name: string): string | undefined {
  return call.query.get(name.toLowerCase());
}

/** Comma-joined array parameter; absent or empty = null, which means "no filter" (the empty `ids` trap of octopus-rest.md 2.4). */
export function queryList(call: Call, name: string): string[] | null {
  const value = query(call, name);
  return value === undefined || value === '' ? null : value.split(',').map((item) => item.trim());
}

export function queryFlag(call: Call, name: string): boolean | null {
  const value = query(call, name)?.toLowerCase();
  if (value === undefined || value === '') return null;
  if (value !== 'true' && value !== 'false') throw badRequest(`The value '${value}' is not valid for ${name}.`);
  return value === 'true';
}

function queryNumber(call: Call, name: string, fallback: number): number {
  const value = query(call, name);
  if (value === undefined || value === '') return fallback;
  if (!/^\d+$/.test(value)) throw badRequest(`The value '${value}' is not valid for ${name}.`);
  return Number(value);
}

/** One page of `items` with its links (octopus-rest.md 2.4). `path` without query. */
export function page<T>(call: Call, itemType: string, path: string, items: T[], toResource: (item: T) => unknown, defaultTake = 30): Record<string, unknown> {
  const skip = queryNumber(call, 'skip', 0);
  const take = Math.max(1, queryNumber(call, 'take', defaultTake));
  const pages = Math.max(1, Math.ceil(items.length / take));
  const last = pages - 1;
  const filters = [...call.query].filter(([name]) => name !== 'skip' && name !== 'take' && name !== 'apikey').map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('');
  const at = (number: number) => `${path}?skip=${number * take}&take=${take}${filters}`;
  const current = Math.floor(skip / take);
  const links: Record<string, string> = {
    Self: `${path}?skip=${skip}&take=${take}${filters}`, Template: `${path}{?skip,take,ids,partialName}`, 'Page.All': `${path}?skip=0&take=2147483647${filters}`, 'Page.Current': `${path}?skip=${skip}&take=${take}${filters}`, 'Page.Last': at(last),
  };
  for (let number = 0; number < Math.min(pages, 10); number += 1) links[`Page.${number}`] = at(number);
  if (current > 0) links['Page.Previous'] = at(current - 1);
  if (skip + take < items.length) links['Page.Next'] = `${path}?skip=${skip + take}&take=${take}${filters}`;
  return { ItemType: itemType, TotalResults: items.length, ItemsPerPage: take, NumberOfPages: pages, LastPageNumber: last, Items: items.slice(skip, skip + take).map(toResource), Links: links };
}

/** The filters that every collection knows: `ids`, `partialName`, `name`. */
export function filtered<T extends { Id: string; Name?: string }>(call: Call, items: T[]): T[] {
  const ids = queryList(call, 'ids');
  const partialName = query(call, 'partialName')?.toLowerCase();
  const name = query(call, 'name')?.toLowerCase();
  return items.filter((item) => (ids === null || ids.some((id) => id.toLowerCase() === item.Id.toLowerCase()))
    && (!partialName || (item.Name ?? '').toLowerCase().includes(partialName))
    && (!name || (item.Name ?? '').toLowerCase() === name));
}
