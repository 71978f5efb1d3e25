import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const eslint = new ESLint({ cwd: root });

async function found(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: join(root, file) });
  return result!.messages.map((message) => `${message.ruleId}`);
}

describe('the lint rules of the layout', () => {
  it.each([
    ['a gate that imports a phase', 'src/gates/x.ts', "import { a } from '../phases/a.ts';\na();\n"],
    ['a phase that imports a runner', 'src/phases/x.ts', "import type { A } from '../runners/a.ts';\nexport type B = A;\n"],
    ['a phase that imports its rotation', 'src/phases/x.ts', "export { a } from '../rotations/a.ts';\n"],
    ['an install that imports the command line', 'src/install/x.ts', "export * from '../cli/a.ts';\n"],
    ['a lazy import upwards', 'src/octopus/x.ts', "export const a = () => import('../runners/a.ts');\n"],
    ['a sandbox that imports the product', 'src/sandbox/server/x.ts', "import type { A } from '../../octopus/contract.ts';\nexport type B = A;\n"],
    ['a command line that imports the sandbox', 'src/cli/x.ts', "export { a } from '../sandbox/entry/start.ts';\n"],
  ])('refuse %s', async (_, file, text) => {
    expect(await found(file, text)).toEqual(['project/direction']);
  });

  it.each([
    ['Date.now', 'export const a = Date.now();\n'],
    ['new Date()', 'export const a = new Date();\n'],
    ['setTimeout', 'setTimeout(() => undefined, 1);\n'],
    ['process.env', "export const a = process.env['A'];\n"],
    ['Math.random', 'export const a = Math.random();\n'],
    ['node:fs', "import { readFileSync } from 'node:fs';\nreadFileSync('a');\n"],
    ['node:fs/promises', "import { readFile } from 'node:fs/promises';\nvoid readFile('a');\n"],
    ['node:child_process', "import { spawn } from 'node:child_process';\nspawn('a');\n"],
    ['node:net', "import { connect } from 'node:net';\nconnect(1);\n"],
    ['node:tls', "import { connect } from 'node:tls';\nconnect(1);\n"],
  ])('refuse %s in every folder that is handed its effects', async (_, text) => {
    for (const folder of ['phases', 'gates', 'rotations', 'octopus', 'server', 'tentacle', 'certificates', 'journal', 'report', 'install']) {
      expect(await found(`src/${folder}/x.ts`, text), folder).toHaveLength(1);
    }
  });

  it('let the way down, a date with its value, and the effects of the rim pass', async () => {
    expect(await found('src/phases/x.ts', "import { a } from '../gates/a.ts';\nimport type I from '../../steps/a/inputs.ts';\nexport const b = (i: I) => a(i, new Date(0));\n")).toEqual([]);
    expect(await found('src/runners/x.ts', "import { readFileSync } from 'node:fs';\nexport const a = () => readFileSync('a', 'utf8') + Date.now();\n")).toEqual([]);
    expect(await found('src/cli/x.ts', "import { a } from '../runners/a.ts';\na(process.env);\n")).toEqual([]);
  });
});
