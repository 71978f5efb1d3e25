import { readFile } from 'node:fs/promises';
import type { EngineRun } from './contract.ts';
import type { ScriptOutput } from './script-output.ts';
import { messageOf } from './remote-script.ts';

/**
 * Collects what `createArtifact` named, after the script and before its folder is deleted. Machine and server share one file
 * system here. Throws in words when one cannot be read.
 */
export async function collectArtifacts(run: EngineRun, output: ScriptOutput): Promise<void> {
  for (const { path, name } of output.artifacts) {
    const content = await readFile(path).catch((error: unknown) => {
      throw new Error(`The artifact "${name}" could not be collected: ${messageOf(error)}`);
    });
    await run.createArtifact(name, content);
  }
}
