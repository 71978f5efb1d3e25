import { refusalsOf } from '../errors/refusal.ts';
import type { Phase } from '../phases/context.ts';
import { scriptEnvironment, tentacleOf } from './environment.ts';
import { phaseContext } from './phase-context.ts';
import type { OutputVoice } from './service-messages.ts';
import { sensitiveNames } from './step-inputs.ts';

export interface StepSurroundings {
  voice: OutputVoice;
  /** Folder that holds the relay's program. */
  programs: string;
  artifact(path: string, name: string): Promise<void>;
}

/**
 * Runs a phase as a step of Octopus, however Octopus starts it. Returns null when it succeeded, else the sentence that Octopus shows beside
 * a failed step; why it failed has been said by then, so that nothing else needs telling.
 */
export async function runAsStep<Inputs>(phase: Phase<Inputs>, schema: object, read: () => Promise<Inputs>, { voice, programs, artifact }: StepSurroundings): Promise<string | null> {
  try {
    const inputs = await read();
    for (const name of sensitiveNames(schema)) voice.secret(String((inputs as Record<string, unknown>)[name] ?? ''));
    const context = phaseContext({ runner: 'runbook', voice, localTentacle: tentacleOf(process.env), scriptEnvironment: scriptEnvironment(process.env), programs, artifact });
    const result = await phase.run(context, inputs);
    for (const [name, value] of Object.entries(result.outputs)) voice.setVariable(name, value);
    voice.setVariable('Continue', result.outcome === 'continue' ? 'True' : 'False');
    voice.highlight(result.headline);
    return null;
  } catch (error) {
    const refusals = refusalsOf(error);
    for (const refusal of refusals) voice.error(`${refusal.code}: ${refusal.message}\nSafe: ${refusal.safe}\nNext: ${refusal.next}`);
    if (refusals.length > 0) return `${refusals[0]!.code}: ${refusals[0]!.message}`;
    // A defect of ours: one sentence for people, the details where they are looked for.
    voice.error(`This is a defect of Octopus Rotation, not a refusal: ${error instanceof Error ? error.message : String(error)}\nNext: run the runbook again, which observes first; report the verbose log of this step.`);
    voice.verbose(error instanceof Error ? (error.stack ?? '') : '');
    return 'The step failed by a defect; see its log.';
  }
}
