import { isAbsolute, join } from 'node:path';
import { nodeErrors } from '../errors/nodes.ts';
import type { RotationId } from '../journal/rotation-id.ts';
import type { Files } from '../ports/files.ts';
import type { Carrier, Letter } from './carrier.ts';
import { MESSAGE_LIMIT } from './message.ts';

/** Read of one writer at most, newest first; more would be somebody who fills the folder. */
const READ_LIMIT = 50;

/**
 * Messages as files in `<shared folder>/octopus-rotation/<rotation id>/`, one each, created exclusively with mode 0600, named by who, to
 * whom and where it stands. Links are refused. The shared folder itself must be there: it is never made, since a folder that was made
 * where nothing is mounted would be seen by this machine alone.
 */
export function sharedFolderCarrier(files: Files, sharedFolder: string, rotationId: RotationId): Carrier {
  const parent = join(sharedFolder, 'octopus-rotation');
  const folder = join(parent, rotationId);
  const prefix = (from: string, to: string): string => `${from}-${to}-`;
  const nameOf = ({ from, to, fence, sequence }: Letter): string => `${prefix(from, to)}${padded(fence)}-${padded(sequence)}.json`;

  /** Names of one writer's letters, newest first; empty where the folder is not there yet. */
  async function names(start: string): Promise<string[]> {
    await requireShared(files, sharedFolder);
    for (const each of [parent, folder]) if (!(await isFolder(files, each))) return [];
    return (await files.list(folder)).filter((name) => name.startsWith(start) && NAME.test(name)).sort().reverse();
  }

  return {
    name: `shared folder ${sharedFolder}`,
    async put(letter) {
      await requireShared(files, sharedFolder);
      for (const each of [parent, folder]) {
        if (await isFolder(files, each)) continue;
        await files.makeFolder(each);
        if (!(await isFolder(files, each))) throw nodeErrors.SHARED_FOLDER_UNUSABLE({ path: each, reason: 'it could not be made' });
      }
      const name = nameOf(letter);
      const path = join(folder, name);
      if ((await readPlain(files, path)) !== letter.text) {
        // One of its own that was cut off by a kill; nobody else writes under this name.
        await files.remove(path);
        await files.create(path, letter.text);
      }
      for (const old of await names(prefix(letter.from, letter.to))) if (old < name) await files.remove(join(folder, old));
    },
    async read(from, to) {
      const texts: string[] = [];
      for (const name of (await names(prefix(from, to))).slice(0, READ_LIMIT)) {
        const text = await readPlain(files, join(folder, name));
        if (text !== null) texts.push(text);
      }
      return texts;
    },
    async clear() {
      for (const name of await names('')) await files.remove(join(folder, name));
      await files.remove(folder);
    },
  };
}

const NAME = /^[0-9a-z]+-[0-9a-z]+-\d{16}-\d{16}\.json$/;
const padded = (number: number): string => String(number).padStart(16, '0');

/** The root may be a mount point or a link to one; what is below it may not. */
async function requireShared(files: Files, path: string): Promise<void> {
  if (!isAbsolute(path)) throw nodeErrors.SHARED_FOLDER_UNUSABLE({ path, reason: 'it is no absolute path' });
  await files.list(path);
}

async function isFolder(files: Files, path: string): Promise<boolean> {
  const facts = await files.facts(path);
  if (facts === null) return false;
  if (facts.kind !== 'folder') throw nodeErrors.SHARED_FOLDER_UNUSABLE({ path, reason: `it is ${facts.kind === 'link' ? 'a link' : 'no folder'}` });
  return true;
}

/** null for what is not there, no plain file, or too long. */
async function readPlain(files: Files, path: string): Promise<string | null> {
  const facts = await files.facts(path);
  if (facts === null || facts.kind !== 'file' || facts.size > 4 * MESSAGE_LIMIT) return null;
  try {
    return Buffer.from(await files.read(path)).toString('utf8');
  } catch (error) {
    // Its writer removed it meanwhile.
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}
