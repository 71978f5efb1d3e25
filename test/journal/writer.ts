/** Appends pairs of entries until it is killed, and reports each one that is on disk. Started by journal.test.ts. */
import { openJournal } from '../../src/journal/journal.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { openStateFolder } from '../../src/journal/state-folder.ts';
import { systemClock } from '../../src/runners/ports/clock.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';

async function main(path: string, id: string): Promise<void> {
  const rotationId = parseRotationId(id);
  const folder = await openStateFolder(systemFiles, path);
  const key = rotationSecrets('a secret of this test, thirty-two characters or more').journalKey(rotationId);
  const journal = await openJournal({ files: systemFiles, folder, rotationId, key, clock: systemClock, runner: 'runbook', taskId: null, phase: 'p', fence: async () => undefined, fenceNumber: 1 });
  const said = (): void => void process.stdout.write(`${journal.entries().length}\n`);
  if (journal.entries().length === 0) {
    await journal.append({ kind: 'opened', subject: 'server', data: { rotation: 'server-certificate', installationId: 'i', serverUrl: 'u', serverVersion: 'v', host: 'h', spaceId: 's', projectName: 'p', runbookName: 'r', environmentName: 'e', forced: null, why: 'w' } });
    said();
  }
  // The same machine, so that an intent left open by a kill is closed in the next life.
  for (;;) {
    await journal.append({ kind: 'intent', subject: 'machine', data: { effect: 'add-trust', detail: { filler: 'x'.repeat(2000) } } });
    said();
    await journal.append({ kind: 'done', subject: 'machine', data: { effect: 'add-trust', detail: {} } });
    said();
  }
}

void main(process.argv[2]!, process.argv[3]!);
