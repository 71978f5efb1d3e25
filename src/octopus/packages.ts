import { segment } from './address.ts';
import { failedWith } from './failure.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { filledText, maybe, object, text } from './reader.ts';

/** A package in the built-in feed; `hash` as the server tells it, null where it does not. */
export interface StoredPackage { id: string; hash: string | null }

const stored = object({ Id: filledText, PackageId: filledText, Version: filledText, Hash: maybe(text) });

/** The package of that id and version in the space's built-in feed. */
export async function findPackage(http: Http, spaceId: string, packageId: string, version: string): Promise<StoredPackage | null> {
  const found = await allItems(http, `/api/${segment(spaceId)}/packages`, stored, (each) => each.Id, { nuGetPackageId: packageId });
  const match = found.find((each) => each.PackageId.toLowerCase() === packageId.toLowerCase() && each.Version === version);
  return match === undefined ? null : { id: match.Id, hash: match.Hash };
}

/** Every version of a package in the space's built-in feed. */
export async function findPackages(http: Http, spaceId: string, packageId: string): Promise<{ id: string; version: string }[]> {
  const found = await allItems(http, `/api/${segment(spaceId)}/packages`, stored, (each) => each.Id, { nuGetPackageId: packageId });
  return found.filter((each) => each.PackageId.toLowerCase() === packageId.toLowerCase()).map((each) => ({ id: each.Id, version: each.Version }));
}

export function downloadPackage(http: Http, spaceId: string, id: string): Promise<Uint8Array> {
  return http.bytes(`/api/${segment(spaceId)}/packages/${segment(id)}/raw`);
}

/**
 * Pushes a package and never replaces one. `existed`: one of that id and version was there; nothing was changed, and whether it is the same
 * is for the caller to compare (octopus-rest.md 7.2).
 */
export async function pushPackage(http: Http, spaceId: string, fileName: string, content: Uint8Array): Promise<{ existed: boolean; stored: StoredPackage }> {
  const push = async (overwriteMode: 'FailIfExists' | 'IgnoreIfExists'): Promise<StoredPackage> => {
    const { Id, Hash } = await http.send('POST', `/api/${segment(spaceId)}/packages/raw`, stored, { query: { overwriteMode }, bytes: multipart(fileName, content) });
    return { id: Id, hash: Hash };
  };
  try {
    return { existed: false, stored: await push('FailIfExists') };
  } catch (error) {
    if (!failedWith(error, 'OCTOPUS_REJECTED') || error.status !== 409) throw error;
    return { existed: true, stored: await push('IgnoreIfExists') };
  }
}

/** One file as multipart/form-data (RFC 7578). The boundary need not be random: it is chosen so that it does not occur in the file. */
function multipart(fileName: string, content: Uint8Array): { content: Uint8Array; type: string } {
  const bytes = Buffer.from(content);
  let boundary = '----octopus-rotation';
  while (bytes.includes(boundary)) boundary += '-';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return { content: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]), type: `multipart/form-data; boundary=${boundary}` };
}
