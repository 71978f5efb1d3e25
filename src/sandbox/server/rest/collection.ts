import type { CollectionName, Collections } from '../database/documents.ts';
import { filtered, page } from './paging.ts';
import { inSpace, ofSpace, type Router, type SpaceCall } from './router.ts';

type SpaceDocumentOf<N extends CollectionName> = Collections[N][number] & { Id: string; SpaceId: string; Name?: string };

export interface CollectionOptions<N extends CollectionName> {
  /** As in the address: `environments`. */
  noun: string;
  collection: N;
  itemType: string;
  permission: string;
  toResource: (call: SpaceCall, item: Collections[N][number]) => Record<string, unknown>;
  /** Filters beyond ids, name and partialName. */
  where?: (call: SpaceCall, item: Collections[N][number]) => boolean;
  order?: (a: Collections[N][number], b: Collections[N][number]) => number;
  /** Finds one by more than its id. */
  one?: (call: SpaceCall, id: string) => Collections[N][number];
  /** Documents that lists do not show. */
  hidden?: (item: Collections[N][number]) => boolean;
}

export const pathOf = (call: SpaceCall, noun: string, id?: string) => `/api/${call.space.Id}/${noun}${id === undefined ? '' : `/${id}`}`;

/** The documents of a collection that the call asks for. */
export function select<N extends CollectionName>(call: SpaceCall, options: CollectionOptions<N>): Collections[N][number][] {
  const items = ofSpace(call, call.all[options.collection] as SpaceDocumentOf<N>[]).filter((item) => !options.hidden?.(item));
  const chosen = filtered(call, items).filter((item) => options.where?.(call, item) ?? true);
  return [...chosen].sort(options.order ?? ((a, b) => ((a as { Name?: string }).Name ?? a.Id).localeCompare((b as { Name?: string }).Name ?? b.Id, 'en')));
}

/** GET list, /all and /{id} of a space's collection. */
export function readRoutes<N extends CollectionName>(router: Router, options: CollectionOptions<N>): void {
  const { noun, permission, itemType } = options;
  router.space('GET', `/${noun}`, { permission }, (call) => page(call, itemType, pathOf(call, noun), select(call, options), (item) => options.toResource(call, item)));
  router.space('GET', `/${noun}/all`, { permission }, (call) => select(call, options).map((item) => options.toResource(call, item)));
  router.space('GET', `/${noun}/:id`, { permission }, (call) => {
    const id = call.params.id ?? '';
    return options.toResource(call, options.one ? options.one(call, id) : inSpace(call, call.all[options.collection] as SpaceDocumentOf<N>[], id));
  });
}

export function selfLink(call: SpaceCall, noun: string, id: string, more: Record<string, string> = {}): { Links: Record<string, string> } {
  return { Links: { Self: pathOf(call, noun, id), ...more } };
}
