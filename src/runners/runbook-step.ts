import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refusalsOf } from '../errors/refusal.ts';
import type { Phase } from '../phases/context.ts';
import { scriptEnvironment, tentacleOf } from './environment.ts';
import { phaseContext } from './phase-context.ts';
import { stepVoice } from './service-messages.ts';
import { readInputs, sensitiveNames } from './step-inputs.ts';

/**
 * Runs a phase as a step of a runbook: base64 JSON on standard input, service messages on standard output, nothing on standard error,
 * exit code by `process.exitCode` since `process.exit` loses what is still in a pipe (step-packages.md 8.5).
 */
export async function runStep<Inputs>(phase: Phase<Inputs>, schema: object): Promise<void> {
  const voice = stepVoice((line) => process.stdout.write(`${line}\n`));
  const programs = dirname(process.argv[1]!);
  try {
    const inputs = await readInputs(phase, schema, readFileSync(0, 'utf8'));
    for (const name of sensitiveNames(schema)) voice.secret(String((inputs as Record<string, unknown>)[name] ?? ''));
    const context = phaseContext({
      runner: 'runbook',
      voice,
      localTentacle: tentacleOf(process.env),
      scriptEnvironment: scriptEnvironment(process.env),
      programs,
      artifact: async (path, name) => voice.artifact(path, name, (await stat(path)).size),
    });
    const result = await phase.run(context, inputs);
    for (const [name, value] of Object.entries(result.outputs)) voice.setVariable(name, value);
    voice.setVariable('Continue', result.outcome === 'continue' ? 'True' : 'False');
    voice.highlight(result.headline);
  } catch (error) {
    process.exitCode = 1;
    const refusals = refusalsOf(error);
    for (const refusal of refusals) {
      voice.error(`${refusal.code}: ${refusal.message}\nSafe: ${refusal.safe}\nNext: ${refusal.next}`);
    }
    if (refusals.length === 0) {
      // A defect of ours: one sentence for people, the details where they are looked for.
      voice.error(`This is a defect of Octopus Rotation, not a refusal: ${error instanceof Error ? error.message : String(error)}\nNext: run the runbook again, which observes first; report the verbose log of this step.`);
      voice.verbose(error instanceof Error ? (error.stack ?? '') : '');
    }
    voice.result(refusals.length > 0 ? `${refusals[0]!.code}: ${refusals[0]!.message}` : 'The step failed by a defect; see its log.');
  }
}
