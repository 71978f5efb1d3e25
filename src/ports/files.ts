/** What a path is, without following a link. */
export interface FileFacts {
  kind: 'file' | 'folder' | 'link' | 'other';
  size: number;
  /** Permission bits, e.g. 0o600. */
  mode: number;
  /** Numeric owner; -1 where the platform has none. */
  owner: number;
  /** Milliseconds since the epoch. */
  modified: number;
}

/** The file system, handed in. Every writing call returns only after the data is on disk (fsync of the file, and of the folder where a name is new). */
export interface Files {
  /** Numeric id of the account that runs; -1 where the platform has none. */
  readonly account: number;
  read(path: string): Promise<Uint8Array>;
  /** null when there is nothing at that path. */
  facts(path: string): Promise<FileFacts | null>;
  list(folder: string): Promise<string[]>;
  /** Creates a folder with mode 0700; parents too when `recursive`. Existing is not an error. */
  makeFolder(path: string, options?: { recursive?: boolean }): Promise<void>;
  /** Creates a file exclusively (fails with code EEXIST), mode 0600 unless given. */
  create(path: string, content: Uint8Array | string, mode?: number): Promise<void>;
  /** Replaces a file atomically: temporary file in the same folder, fsync, rename, fsync of the folder. Mode 0600 unless given. */
  replace(path: string, content: Uint8Array | string, mode?: number): Promise<void>;
  /** Appends one piece to a file opened in append mode and fsyncs it. Creates it with mode 0600. */
  append(path: string, content: string): Promise<void>;
  /** Cuts a file to a length in bytes. */
  truncate(path: string, length: number): Promise<void>;
  copy(from: string, to: string, mode?: number): Promise<void>;
  /** Removing what is not there is not an error. */
  remove(path: string): Promise<void>;
}
