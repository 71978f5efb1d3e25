import { isAbsolute, join } from 'node:path';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { journalErrors } from '../errors/journal.ts';
import { Refusal } from '../errors/refusal.ts';
import type { FileFacts, Files } from '../ports/files.ts';
import { isRotationId, type RotationId } from './rotation-id.ts';

/**
 * Where a rotation keeps what it remembers, on the host (rule 12):
 *
 *   rotations/<rotation id>/journal.jsonl, <THUMBPRINT>.pfx, report.json, report.html
 *   relay/<rotation id>/                  the relay's job and what it runs
 *   locks/                                who works here now (lock.ts)
 *   fence                                 the highest fence that was taken here
 *
 * Every folder is 0700 and belongs to the account that runs; each is looked at again when it is used.
 */
export interface StateFolder {
  readonly path: string;
  /** Folder of the locks; used by lock.ts only. */
  readonly locksPath: string;
  /** Ids of the rotations that have a folder here, oldest first. */
  rotationIds(): Promise<RotationId[]>;
  /** The rotation's own folder, made on demand. */
  folderOf(rotationId: RotationId): Promise<string>;
  /** Makes the folder with an empty journal, before anything in Octopus points to it. Twice is no error. */
  prepare(rotationId: RotationId): Promise<void>;
  /** True when the rotation's journal is there, even an empty one. */
  hasJournal(rotationId: RotationId): Promise<boolean>;
  journalPath(rotationId: RotationId): string;
  pfxPath(rotationId: RotationId, thumbprint: Thumbprint): string;
  /** The relay's folder, made on demand; `part` is the key of the node that it serves, where it does not lead. */
  relayFolder(rotationId: RotationId, part?: string): Promise<string>;
  /** 0 when no lease was ever taken here. Refuses a file that holds no number. */
  readFence(): Promise<number>;
  writeFence(fence: number): Promise<void>;
}

/**
 * Opens the state folder, making it (0700, parents too) when it is absent. Refuses, each with its own code and the command that mends it:
 * a relative path, a link, something that is no folder, a foreign owner, a mode that lets others in, and one that cannot be read.
 */
export async function openStateFolder(files: Files, path: string): Promise<StateFolder> {
  if (!isAbsolute(path)) throw journalErrors.STATE_FOLDER_RELATIVE({ path });
  await ownFolder(files, path, true);
  const rotations = join(path, 'rotations');
  const relay = join(path, 'relay');
  const locksPath = join(path, 'locks');
  const fencePath = join(path, 'fence');
  await ownFolder(files, rotations);
  await ownFolder(files, relay);
  await ownFolder(files, locksPath);

  const within = async (parent: string, rotationId: RotationId): Promise<string> => {
    const folder = join(parent, rotationId);
    await ownFolder(files, folder);
    return folder;
  };
  const journalPath = (rotationId: RotationId): string => join(rotations, rotationId, 'journal.jsonl');

  return {
    path,
    locksPath,
    rotationIds: async () => (await files.list(rotations)).filter(isRotationId).sort(),
    folderOf: (rotationId) => within(rotations, rotationId),
    async prepare(rotationId) {
      await within(rotations, rotationId);
      if ((await files.facts(journalPath(rotationId))) === null) await files.create(journalPath(rotationId), '');
    },
    async hasJournal(rotationId) {
      return (await files.facts(journalPath(rotationId))) !== null;
    },
    journalPath,
    pfxPath: (rotationId, thumbprint) => join(rotations, rotationId, `${thumbprint}.pfx`),
    async relayFolder(rotationId, part) {
      const folder = join(relay, part === undefined ? rotationId : `${rotationId}-${part}`);
      await ownFolder(files, folder);
      return folder;
    },
    async readFence() {
      if ((await files.facts(fencePath)) === null) return 0;
      await ownFile(files, fencePath);
      const text = Buffer.from(await files.read(fencePath)).toString('utf8').trim();
      if (!/^\d{1,15}$/.test(text)) throw journalErrors.STATE_FOLDER_FENCE_UNREADABLE({ path: fencePath, text });
      return Number(text);
    },
    async writeFence(fence) {
      await files.replace(fencePath, `${fence}\n`);
    },
  };
}

/** Refuses a file that is no plain file of this account alone. */
export async function ownFile(files: Files, path: string): Promise<FileFacts> {
  const found = await look(files, path);
  if (found === null) throw journalErrors.STATE_FOLDER_UNREADABLE({ path, owner: null, account: files.account, reason: 'there is nothing' });
  if (found.kind === 'link') throw journalErrors.STATE_FOLDER_LINK({ path, owner: found.owner });
  if (found.kind !== 'file') throw journalErrors.STATE_FOLDER_UNREADABLE({ path, owner: found.owner, account: files.account, reason: 'it is no file' });
  refuseOthers(files, path, found, '0600');
  return found;
}

async function ownFolder(files: Files, path: string, recursive = false): Promise<void> {
  let found = await look(files, path);
  if (found === null) {
    try {
      await files.makeFolder(path, { recursive });
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw journalErrors.STATE_FOLDER_NOT_CREATED({ path, account: files.account, reason: reasonOf(error) }, error);
    }
    found = await look(files, path);
    if (found === null) throw journalErrors.STATE_FOLDER_NOT_CREATED({ path, account: files.account, reason: 'it was removed again' });
  }
  if (found.kind === 'link') throw journalErrors.STATE_FOLDER_LINK({ path, owner: found.owner });
  if (found.kind !== 'folder') throw journalErrors.STATE_FOLDER_NOT_A_FOLDER({ path, owner: found.owner });
  refuseOthers(files, path, found, '0700');
  try {
    await files.list(path);
  } catch (error) {
    throw journalErrors.STATE_FOLDER_UNREADABLE({ path, owner: found.owner, account: files.account, reason: reasonOf(error) }, error);
  }
}

/** Owner and mode mean nothing where the platform has no numeric accounts. */
function refuseOthers(files: Files, path: string, found: FileFacts, wanted: string): void {
  if (files.account === -1) return;
  if (found.owner !== files.account) throw journalErrors.STATE_FOLDER_FOREIGN_OWNER({ path, owner: found.owner, account: files.account });
  if ((found.mode & 0o077) !== 0) throw journalErrors.STATE_FOLDER_OPEN_TO_OTHERS({ path, owner: found.owner, mode: found.mode.toString(8).padStart(4, '0'), wanted });
}

async function look(files: Files, path: string): Promise<FileFacts | null> {
  try {
    return await files.facts(path);
  } catch (error) {
    throw journalErrors.STATE_FOLDER_UNREADABLE({ path, owner: null, account: files.account, reason: reasonOf(error) }, error);
  }
}

function reasonOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}
