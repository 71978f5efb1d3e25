import { octopusErrors } from '../errors/octopus.ts';

/** The base address of a server: scheme, host and virtual directory, without a slash at its end. Refuses account, query and fragment (a key could hide there). */
export function serverAddress(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw octopusErrors.OCTOPUS_ADDRESS({ text: withoutAccount(text) });
  }
  const plain = (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain) throw octopusErrors.OCTOPUS_ADDRESS({ text: withoutAccount(text) });
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

const withoutAccount = (text: string): string => text.replace(/\/\/[^/]*@/, '//...@').replace(/[?#].*$/s, '?...');

/** Values that a query may carry. An array is sent comma-joined and cannot be empty: an empty `ids` would select everything (D11). */
export type Query = { [name: string]: string | number | boolean | readonly [string, ...string[]] | undefined };

/** Path and query of a request. */
export function requestPath(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (typeof value === 'object' && (value.length as number) === 0) throw new TypeError(`An empty filter "${name}" would select everything.`);
    return [`${encodeURIComponent(name)}=${encodeURIComponent(typeof value === 'object' ? value.join(',') : String(value)).replaceAll('%2C', ',')}`];
  });
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** One part of a path, from outside: it cannot become more than one part. */
export function segment(id: string): string {
  if (id === '' || id === '.' || id === '..') throw new TypeError(`"${id}" cannot be part of an address.`);
  return encodeURIComponent(id);
}
