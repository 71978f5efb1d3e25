import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Phase } from '../phases/context.ts';
import { stepVoice } from './service-messages.ts';
import { readInputs } from './step-inputs.ts';
import { runAsStep } from './step-run.ts';

/**
 * Runs a phase as a step of a runbook: base64 JSON on standard input, service messages on standard output, nothing on standard error,
 * exit code by `process.exitCode` since `process.exit` loses what is still in a pipe (step-packages.md 8.5).
 */
export async function runStep<Inputs>(phase: Phase<Inputs>, schema: object): Promise<void> {
  const voice = stepVoice((line) => process.stdout.write(`${line}\n`));
  const failed = await runAsStep(phase, schema, () => readInputs(phase, schema, readFileSync(0, 'utf8')), {
    voice,
    programs: dirname(process.argv[1]!),
    artifact: async (path, name) => voice.artifact(path, name, (await stat(path)).size),
  });
  if (failed === null) return;
  process.exitCode = 1;
  voice.result(failed);
}
