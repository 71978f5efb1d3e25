import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextId, type Database } from './database/database.ts';
import type { PackageFile } from './database/documents.ts';

/** `Id.Version.ext` taken apart (octopus-rest.md 7.2); null when the name has another form. An id is no path: it becomes part of one. */
export function parsePackageName(fileName: string): { packageId: string; version: string; extension: string } | null {
  const match = /^([A-Za-z0-9_](?:[\w.-]*?[\w-])??)\.(\d+(?:\.\d+){1,3}(?:-[0-9A-Za-z.-]+?)?(?:\+[0-9A-Za-z.-]+?)?)(\.zip|\.tar\.gz|\.nupkg)$/.exec(fileName);
  return match ? { packageId: match[1] ?? '', version: match[2] ?? '', extension: match[3] ?? '' } : null;
}

/** Newest last. Numeric parts by number, a pre-release before its release. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => {
    const [core = '', ...pre] = (version.split('+')[0] ?? '').split('-');
    return { numbers: core.split('.').map(Number), pre: pre.join('-') };
  };
  const left = parts(a);
  const right = parts(b);
  for (let index = 0; index < 4; index += 1) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1;
  return left.pre.localeCompare(right.pre, 'en', { numeric: true });
}

export type OverwriteMode = 'FailIfExists' | 'OverwriteExisting' | 'IgnoreIfExists';

/** The built-in feed: a document and a file for each package version of a space. */
export class PackageStore {
  constructor(private readonly database: Database, private readonly folder: string) {}

  find(spaceId: string, packageId: string, version: string): PackageFile | undefined {
    return this.database.read().Collections.Packages.find((item) => item.SpaceId === spaceId && item.PackageId.toLowerCase() === packageId.toLowerCase() && item.Version.toLowerCase() === version.toLowerCase());
  }

  /** Null when the version exists and the mode is FailIfExists. */
  push(spaceId: string, feedId: string, fileName: string, content: Buffer, mode: OverwriteMode): { item: PackageFile; outcome: 'created' | 'ignored' } | null {
    const parsed = parsePackageName(fileName);
    if (!parsed) throw new Error(`The file name ${fileName} is not of the form Id.Version.ext.`);
    const existing = this.find(spaceId, parsed.packageId, parsed.version);
    if (existing && mode === 'FailIfExists') return null;
    if (existing && mode === 'IgnoreIfExists') return { item: existing, outcome: 'ignored' };
    const file = join(spaceId, parsed.packageId, `${parsed.packageId}.${parsed.version}${parsed.extension}`);
    mkdirSync(join(this.folder, spaceId, parsed.packageId), { recursive: true });
    const path = join(this.folder, file);
    writeFileSync(`${path}.${process.pid}`, content, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
    const facts = { FileExtension: parsed.extension, Hash: createHash('sha1').update(content).digest('hex'), PackageSizeBytes: content.length, Published: new Date().toISOString(), File: file };
    const item = this.database.write((database) => {
      const stored = database.Collections.Packages.find(({ Id }) => Id === existing?.Id);
      if (stored) return { ...Object.assign(stored, facts) };
      const added: PackageFile = { Id: nextId(database, 'packages'), SpaceId: spaceId, PackageId: parsed.packageId, Version: parsed.version, FeedId: feedId, ...facts };
      database.Collections.Packages.push(added);
      return { ...added };
    });
    return { item, outcome: 'created' };
  }

  /** Throws when the file is gone from the disk. */
  content(item: PackageFile): Buffer {
    const path = join(this.folder, item.File);
    if (!existsSync(path)) throw new Error(`The package ${item.PackageId} version ${item.Version} is missing from the feed's folder.`);
    return readFileSync(path);
  }
}
