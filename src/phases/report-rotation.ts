import type ReportRotationInputs from '../../steps/report-rotation/inputs.ts';
import { readJournal } from '../journal/journal.ts';
import { parseRotationId } from '../journal/rotation-id.ts';
import { rotationSecrets } from '../journal/secrets.ts';
import { openStateFolder } from '../journal/state-folder.ts';
import { isEnded, opened } from '../journal/views.ts';
import type { Phase, PhaseContext, PhaseResult } from './context.ts';
import { readyToFinish } from './finish-rotation.ts';
import { writeReport } from './write-report.ts';
import { startRelay } from './relay-job.ts';
import { findOpenRotation, withRotation } from './rotation.ts';

/** Always runs. Reads the journal without taking the lease, so that it can report a rotation that somebody else is at; hands the last work to the relay. */
export const phase: Phase<ReportRotationInputs> = {
  name: 'report-rotation',
  title: 'Report',
  async run(context, inputs) {
    const octopus = context.octopus(inputs.ServerUrl, inputs.ApiKey);
    const given = inputs.RotationId ? parseRotationId(inputs.RotationId) : ((await findOpenRotation(context, inputs, octopus))?.rotationId ?? null);
    if (!given) return { outcome: 'stop', outputs: {}, headline: 'There is no open rotation to report.' };
    const folder = await openStateFolder(context.files, inputs.StateFolder);
    const key = rotationSecrets(inputs.Secret).journalKey(given);
    const read = () => readJournal({ files: context.files, folder, rotationId: given, key });
    let entries = await read();
    if (!opened(entries)) return { outcome: 'stop', outputs: {}, headline: `Rotation ${given} has nothing to report yet.` };
    const finishing = readyToFinish({ entries: () => entries }) && !isEnded(entries) && !(await context.relay.alive(given));
    if (finishing) {
      await handOverTheEnd(context, { ...inputs, RotationId: given });
      entries = await read();
    }
    const { json, html, repairs, verdict } = await writeReport(context, { id: given, folder: await folder.folderOf(given), entries: () => entries });
    await context.artifact(json, 'rotation-report.json');
    await context.artifact(html, 'rotation-report.html');
    for (const { path, name } of repairs) await context.artifact(path, name);
    return { outcome: 'continue', outputs: { RotationId: given, Verdict: verdict }, headline: verdict };
  },
};

/** The host's own Tentacle runs this very step; the relay restarts and probes it afterwards, and ends the rotation (A41). */
function handOverTheEnd(context: PhaseContext, inputs: ReportRotationInputs & { RotationId: string }): Promise<PhaseResult> {
  return withRotation(context, 'report-rotation', inputs, { requires: [] }, async (rotation) => {
    await startRelay(context, inputs, rotation, { kind: 'finish' });
    return { outcome: 'handed-over', outputs: {}, headline: 'The relay ends the rotation when this run is over.' };
  });
}
