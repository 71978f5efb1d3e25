import { octopusErrors } from '../errors/octopus.ts';
import { failedWith, failure } from './failure.ts';
import type { Http } from './http.ts';
import { count, document, mapped, object, type Document } from './reader.ts';

/** A resource with a version that a write must name (octopus-rest.md 6.1, 7.3). */
export interface Versioned { version: number; whole: Document }

export function readVersioned(http: Http, path: string): Promise<Versioned> {
  return http.get(path, versioned);
}

const versioned = mapped(document, (whole) => ({ whole, version: object({ Version: count })(whole, 'the answer').Version }));

/**
 * Writes with the version in `body`, once. A refusal is judged by what is there afterwards, never by its words: another version means that
 * somebody wrote in between (OCTOPUS_STALE). When the answer got lost, `isOurs` tells whether what is there now is what was sent.
 */
export async function writeVersioned(http: Http, path: string, body: Document, isOurs: (found: Document) => boolean): Promise<Versioned> {
  const sent = object({ Version: count })(body, path).Version;
  try {
    return await http.send('PUT', path, versioned, { body });
  } catch (error) {
    if (failedWith(error, 'OCTOPUS_REJECTED') && error.status !== null && (error.status === 400 || error.status === 409)) {
      const now = await readVersioned(http, path);
      if (now.version === sent) throw error;
      throw failure(octopusErrors.OCTOPUS_STALE({ request: `PUT ${path}`, url: http.url, status: error.status, said: error.errorMessage }, error), error);
    }
    if (failedWith(error, 'OCTOPUS_UNREACHABLE', 'OCTOPUS_FAILED', 'OCTOPUS_STARTING')) {
      const now = await readVersioned(http, path);
      if (now.version !== sent && isOurs(now.whole)) return now;
    }
    throw error;
  }
}
