import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TentacleHost } from '../../../src/sandbox/tentacle/command.ts';
import { main } from '../../../src/sandbox/tentacle/program.ts';

/** Runs the executable's own `main` in this process. */
export async function tentacle(root: string, args: string[], change: Partial<TentacleHost> = {}): Promise<{ exit: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const exit = await main(args, {
    root, cwd: '/', env: {}, executable: '/opt/octopus/tentacle/Tentacle', version: '8.3.2',
    stdout: (text) => { stdout += text; },
    stderr: (text) => { stderr += text; },
    run: () => { throw new Error('no program is expected to run'); },
    configurationWritten: () => undefined,
    userHome: join(root, 'root'), strikes: () => false,
    runAgent: () => { throw new Error('no agent is expected to run'); },
    ...change,
  });
  return { exit, stdout, stderr };
}

export function newRoot(): string {
  return mkdtempSync(join(tmpdir(), 'tentacle-'));
}
