import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encryptVariables } from '../../../src/sandbox/calamari/variables-file.ts';

const calamari = resolve('dist/sandbox/calamari.js');
const preambleEnd = '##octopus[stdout-default]';

export interface CalamariResult { exit: number | null; stdout: string[]; stderr: string[]; afterPreamble: string[]; directory: string; milliseconds: number }

/** Runs the shipped Calamari as a Tentacle would, in a folder of its own, which `inspect` may look at before it is deleted. */
export function runCalamari(body: string, options: { variables?: Record<string, string>; files?: Record<string, Uint8Array>; env?: NodeJS.ProcessEnv; inspect?: (directory: string) => void } = {}): CalamariResult {
  const directory = mkdtempSync(join(tmpdir(), 'calamari-'));
  try {
    const variables = { 'Octopus.Action.Script.Syntax': 'Bash', 'Octopus.Action.Script.ScriptBody': body, ...options.variables };
    writeFileSync(join(directory, 'Variables.secret'), encryptVariables(variables, 'password'));
    for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), content);
    const started = performance.now();
    const child = spawnSync(process.execPath, [calamari, 'run-script', '--variables', 'Variables.secret', '--variablesPassword', 'password'], { cwd: directory, env: options.env ?? process.env, maxBuffer: 100_000_000 });
    const milliseconds = performance.now() - started;
    options.inspect?.(directory);
    const stdout = lines(child.stdout);
    // Staging writes verbose blocks too, so the helpers' own block is found by its first line.
    const block = stdout.findIndex((line) => /^(Bash|PowerShell) Environment Information:$/.test(line));
    return { exit: child.status, stdout, stderr: lines(child.stderr), afterPreamble: stdout.slice(stdout.indexOf(preambleEnd, block) + 1), directory, milliseconds };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function lines(bytes: Buffer): string[] {
  const all = bytes.toString('utf8').split('\n');
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}
