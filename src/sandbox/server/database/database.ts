import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { withLock } from './lock.ts';
import { isProtected, protect, unprotect, type Protected } from './encryption.ts';
import type { CollectionName, Collections, DatabaseContent } from './documents.ts';

const collectionNames: CollectionName[] = ['Spaces', 'Environments', 'Machines', 'Workers', 'WorkerPools', 'MachinePolicies', 'Projects', 'ProjectGroups', 'Lifecycles',
  'Runbooks', 'RunbookProcesses', 'RunbookSnapshots', 'RunbookRuns', 'ProjectTriggers', 'ActionTemplates', 'Feeds', 'Packages', 'LibraryVariableSets', 'VariableSets', 'Artifacts', 'Interruptions',
  'ServerTasks', 'OctopusServerNodes', 'Users', 'ApiKeys', 'Certificates', 'Maintenance'];

export type DatabaseTrouble = 'gone' | 'readOnly';

/** What SQL Server's client says. */
export class DatabaseUnavailable extends Error {
  override name = 'SqlException';
  constructor(trouble: DatabaseTrouble) {
    super(trouble === 'gone'
      ? 'A network-related or instance-specific error occurred while establishing a connection to SQL Server. The server was not found or was not accessible. Verify that the instance name is correct and that SQL Server is configured to allow remote connections.'
      : 'Failed to update database "Octopus" because the database is read-only.');
  }
}

export function emptyContent(installationId: string, serverVersion: string): DatabaseContent {
  const collections = Object.fromEntries(collectionNames.map((name) => [name, []])) as unknown as Collections;
  return { Format: 1, InstallationId: installationId, ServerVersion: serverVersion, Counters: {}, Collections: collections };
}

/**
 * One JSON file, written by rename under a lock, so that the running server and the `Octopus.Server` command can both change
 * it and a killed process leaves either the old or the new content. Readers see a change of another process at their next read.
 */
export class Database {
  readonly #trouble: () => DatabaseTrouble | undefined;
  #content: DatabaseContent | null = null;
  #seen = '';

  /** `trouble`: what hinders this process now; asked at every access. */
  constructor(readonly path: string, readonly masterKey: Buffer, trouble: () => DatabaseTrouble | undefined = () => undefined) {
    this.#trouble = trouble;
  }

  /** Creates the file; fails when it exists. */
  static create(path: string, masterKey: Buffer, content: DatabaseContent): Database {
    writeFileSync(path, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
    return new Database(path, masterKey);
  }

  /** The content now. Callers must not change it. */
  read(): DatabaseContent {
    if (this.#trouble() === 'gone') throw new DatabaseUnavailable('gone');
    const seen = this.#identity();
    if (this.#content === null || seen !== this.#seen) {
      this.#content = JSON.parse(readFileSync(this.path, 'utf8')) as DatabaseContent;
      // A home of an older build has none yet.
      this.#content.Collections.Interruptions ??= [];
      this.#seen = seen;
    }
    return this.#content;
  }

  /** One transaction: what `change` throws undoes it. */
  write<T>(change: (content: DatabaseContent) => T): T {
    if (this.#trouble() === 'readOnly') throw new DatabaseUnavailable('readOnly');
    if (this.#trouble() === 'gone') throw new DatabaseUnavailable('gone');
    return withLock(`${this.path}.lock`, () => {
      const content = this.read();
      let result: T;
      try {
        result = change(content);
      } catch (error) {
        this.#content = null;
        throw error;
      }
      const next = `${this.path}.${process.pid}.${randomBytes(4).toString('hex')}`;
      writeFileSync(next, JSON.stringify(content), { mode: 0o600 });
      renameSync(next, this.path);
      this.#seen = this.#identity();
      return result;
    });
  }

  protect(text: string): Protected {
    return protect(this.masterKey, text);
  }

  /** Plain text of a stored value, sensitive or not. */
  reveal(value: string | Protected | null): string {
    return isProtected(value) ? unprotect(this.masterKey, value) : value ?? '';
  }

  #identity(): string {
    const { ino, mtimeNs, size } = statSync(this.path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  }
}

/** `Machines-3`: the next id of a kind, never given twice. */
export function nextId(content: DatabaseContent, kind: string): string {
  const number = (content.Counters[kind] ?? 0) + 1;
  content.Counters[kind] = number;
  return `${kind}-${number}`;
}
