import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileFacts, Files } from '../../ports/files.ts';

const PRIVATE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** 0 on Windows, where the flag does not exist. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** The real file system. Power may fail after any call: what it promised is on disk then, and a half-written name is never seen. */
export const systemFiles: Files = {
  account: process.getuid?.() ?? -1,

  async read(path) {
    return readFile(path);
  },

  async facts(path) {
    try {
      const found = await lstat(path);
      const kind: FileFacts['kind'] = found.isSymbolicLink() ? 'link' : found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
      const owner = process.getuid === undefined ? -1 : found.uid;
      return { kind, size: found.size, mode: found.mode & 0o7777, owner, modified: found.mtimeMs };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  },

  async list(folder) {
    return (await readdir(folder)).sort();
  },

  async makeFolder(path, options) {
    const recursive = options?.recursive === true;
    try {
      const first = await mkdir(path, { mode: PRIVATE_FOLDER, recursive });
      if (recursive && first === undefined) return;
      for (let folder = path; ; folder = dirname(folder)) {
        await syncFolder(dirname(folder));
        if (!recursive || folder === first || folder === dirname(folder)) return;
      }
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && (await lstat(path)).isDirectory()) return;
      throw error;
    }
  },

  async create(path, content, mode = PRIVATE) {
    // Written under another name first: a kill in the middle leaves no half file that looks like the whole one.
    const temporary = await writeTemporary(path, content, mode);
    try {
      await linkExclusively(temporary, path, content, mode);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(dirname(path));
  },

  async replace(path, content, mode = PRIVATE) {
    await publish(await writeTemporary(path, content, mode), path);
  },

  async append(path, content) {
    const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW, PRIVATE);
    let isNew: boolean;
    try {
      isNew = (await file.stat()).size === 0;
      await file.appendFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await syncFolder(dirname(path));
  },

  async truncate(path, length) {
    const file = await open(path, constants.O_WRONLY | NO_FOLLOW);
    try {
      await file.truncate(length);
      await file.sync();
    } finally {
      await file.close();
    }
  },

  async copy(from, to, mode = PRIVATE) {
    const temporary = temporaryBeside(to);
    try {
      await copyFile(from, temporary, constants.COPYFILE_EXCL);
      await chmod(temporary, mode);
      const file = await open(temporary, 'r');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await publish(temporary, to);
  },

  async remove(path) {
    await rm(path, { force: true, recursive: true });
    await syncFolder(dirname(path));
  },
};

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

async function writeTemporary(path: string, content: Uint8Array | string, mode: number): Promise<string> {
  const temporary = temporaryBeside(path);
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    await writeWhole(file, content, mode);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return temporary;
}

async function writeWhole(file: FileHandle, content: Uint8Array | string, mode: number): Promise<void> {
  try {
    await file.writeFile(content);
    // The umask may have taken bits away.
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function publish(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A second name is exclusive and atomic at once. File systems without hard links get the plain exclusive create. */
async function linkExclusively(temporary: string, path: string, content: Uint8Array | string, mode: number): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '')) throw error;
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
    await writeWhole(file, content, mode);
  }
}

/** A name is on disk only when its folder is. Windows has no such call and does it by itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch (error) {
    // A folder that is gone meanwhile has no names to keep.
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
