import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { newRoot, tentacle } from '../sandbox/tentacle/host.ts';

interface Step { args: string[]; exit: number; stdout: string; stderr: string[]; config: string }
interface Case { id: string; note: string; before?: string; beforeEncoding?: 'utf16le'; files?: Record<string, string>; steps: Step[] }

const fixtures = join(import.meta.dirname, 'fixtures');
const cases = readFileSync(join(fixtures, 'tentacle-commands.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Case);

/** Records that the embedded Tentacle does not meet, each with its reason. */
const notMet: Record<string, string> = {};

const roots: string[] = [];
afterEach(() => { for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true }); });

describe('What the real Tentacle did, the embedded one does', () => {
  test('every recorded case is replayed', () => {
    expect(cases).toHaveLength(91);
    expect(Object.keys(notMet)).toEqual([]);
  });

  test.each(cases.filter(({ id }) => !(id in notMet)))('$id $note', async (recorded) => {
    const dir = newRoot();
    roots.push(dir);
    const config = join(dir, 'Tentacle.config');
    const real = (text: string) => text.replaceAll('{config}', config).replaceAll('{dir}', dir);
    await tentacle(dir, ['create-instance', `--config=${config}`, '--instance=Golden']);
    if (recorded.before !== undefined) {
      const text = real(recorded.before);
      writeFileSync(config, recorded.beforeEncoding ? Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, recorded.beforeEncoding)]) : text);
    }
    for (const [name, content] of Object.entries(recorded.files ?? {})) writeFileSync(join(dir, name), Buffer.from(content, 'base64'));
    for (const step of recorded.steps) {
      const result = await tentacle(dir, step.args.map(real));
      expect({
        exit: result.exit,
        stdout: generalise(result.stdout, dir, step.stdout),
        stderr: withoutStack(result.stderr).map((line) => generalise(line, dir, '')),
        config: generalise(readFileSync(config, 'utf8'), dir, step.config),
      }).toEqual({ exit: step.exit, stdout: step.stdout, stderr: step.stderr, config: step.config });
    }
  });
});

/** Puts the placeholders of the recording where it has them. */
function generalise(text: string, dir: string, recorded: string): string {
  let result = text.replaceAll(join(dir, 'Tentacle.config'), recorded.includes('{config}') ? '{config}' : '{dir}/Tentacle.config').replaceAll(dir, '{dir}');
  result = result.replaceAll(/poll:\/\/[a-z0-9]{20}\//g, 'poll://{subscription}/').replaceAll(/(<set key="Tentacle\.Certificate">)[^<]*/g, '$1{pfx}');
  return recorded.includes('{thumbprint}') ? result.replaceAll(/\b[0-9A-F]{40}\b/g, '{thumbprint}') : result;
}

/** As the records were made: without the rulers, the stack trace and the closing banner. */
function withoutStack(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line !== '' && !/^=+$/.test(line) && !line.startsWith('   at '));
  const banner = lines.findIndex((line) => /^-{79}$/.test(line));
  return banner < 0 ? lines : lines.slice(0, banner);
}
