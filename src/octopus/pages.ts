import type { Query } from './address.ts';
import type { Http } from './http.ts';
import { count, either, list, object, type Reader } from './reader.ts';

const PAGE = 1_000;

/**
 * Every item of a collection, in large pages (octopus-rest.md 2.4). Ends by TotalResults or an empty page, since some routes have no links. A
 * collection that grows while it is read may be listed with a gap or an item twice; those that come twice are dropped by `key`.
 */
export async function allItems<T>(http: Http, path: string, item: Reader<T>, key: (item: T) => string, query: Query = {}): Promise<T[]> {
  const found = new Map<string, T>();
  for (let skip = 0; ; ) {
    const page = await http.get(path, object({ TotalResults: count, Items: either(list(item), []) }), { query: { ...query, skip, take: PAGE } });
    for (const each of page.Items) found.set(key(each), each);
    skip += page.Items.length;
    if (page.Items.length === 0 || skip >= page.TotalResults) return [...found.values()];
  }
}
