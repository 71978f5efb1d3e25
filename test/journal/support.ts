import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openJournal, type OpenJournalOptions, type OpenedJournal } from '../../src/journal/journal.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { openStateFolder, type StateFolder } from '../../src/journal/state-folder.ts';
import { systemClock } from '../../src/runners/ports/clock.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';

export const ROTATION = parseRotationId('sc-20260105-0a1b2c3d');
export const KEY = rotationSecrets('a secret of this test, thirty-two characters or more').journalKey(ROTATION);

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'octopus-rotation-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function preparedFolder(): Promise<StateFolder> {
  const folder = await openStateFolder(systemFiles, join(await temporaryFolder(), 'state'));
  await folder.prepare(ROTATION);
  return folder;
}

export async function openTestJournal(folder: StateFolder, change: Partial<OpenJournalOptions> = {}): Promise<OpenedJournal> {
  return openJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY, clock: systemClock, runner: 'runbook', taskId: 'ServerTasks-1', phase: 'plan-server-certificate', fence: async () => undefined, fenceNumber: 1, ...change });
}

/** The code of the refusal that a promise rejects with; the test fails when it does not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  throw new Error('It was not refused.');
}
