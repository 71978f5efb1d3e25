import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encryptVariables } from '../calamari/variables-file.ts';
import type { Variables } from '../octostache/variables.ts';
import type { ScriptRequest } from '../wire/contract.ts';
import type { Masker } from './masker.ts';

export interface StagedPackage { path: string; base64: string }

/** The built Calamari: beside the running bundle, or in `dist` when the sources themselves are run. */
export function calamariPath(): string {
  const beside = join(__dirname, 'calamari.js');
  return existsSync(beside) ? beside : join(__dirname, '..', '..', '..', 'dist', 'sandbox', 'calamari.js');
}

/** What the Tentacle is asked to do for one script: Calamari, its encrypted variables, its packages. */
export function calamariRequest(taskId: string, variables: Variables, packages: StagedPackage[], masker: Masker): ScriptRequest {
  const password = randomBytes(16).toString('hex');
  masker.add(password);
  const file = 'Variables.secret';
  return {
    ticket: randomUUID(),
    taskId,
    files: [{ path: file, base64: encryptVariables(Object.fromEntries(variables.entries()), password).toString('base64') }, ...packages],
    command: [process.execPath, calamariPath(), 'run-script', '--variables', file, '--variablesPassword', password],
    environment: {},
    isolation: variables.flag('OctopusBypassDeploymentMutex') ? 'none' : 'full',
  };
}
