import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
// @ts-expect-error A plain script without types.
import { validatorsText } from '../../src/packaging/validators.mjs';

const module = new URL('../../src/journal/validators.generated.ts', import.meta.url).pathname;

describe('The generated validators', () => {
  it('are what the schemas say now (else: node src/packaging/validators.mjs)', async () => {
    expect(await readFile(module, 'utf8')).toBe(validatorsText());
  });

  it('need no ajv at run time and stay small in every bundle', async () => {
    const result = await build({ entryPoints: [new URL('../../src/journal/journal.ts', import.meta.url).pathname], bundle: true, minify: true, platform: 'node', format: 'cjs', write: false, metafile: true });
    expect(Object.keys(result.metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(result.outputFiles[0]!.contents.length).toBeLessThan(110_000);
  });
});
