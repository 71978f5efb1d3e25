import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InputPath, StepUI } from '../../src/packaging/step-package/step-ui.ts';
import type { ValidateInputs } from '../../src/packaging/step-package/validation.ts';
import { runStepPackage } from '../packaging/octopus/run-step-package.ts';

interface Official { officialBuilder(): Promise<string>; buildOfficially(builder: string, phase: string, output: string): Promise<string> }

/** Between them: optional and sensitive inputs, numbers with bounds, choices, checkboxes, a form with sections of its own. */
const PHASES = ['plan-server-certificate', 'generate-server-certificate', 'check-health'];
const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
const home = mkdtempSync(join(tmpdir(), 'step-package-cli-'));
const load = createRequire(import.meta.url);
let builder: string | null = null;
let official: Official;

beforeAll(async () => {
  official = (await import('../../src/packaging/step-package/official.mjs' as string)) as Official;
  execFileSync(process.execPath, ['src/packaging/build.mjs', '--quiet'], { stdio: 'inherit' });
  builder = await official.officialBuilder().catch((error: Error) => {
    console.warn(`SKIPPED: the official builder of step packages could not be installed, so nothing was compared with it: ${error.message}`);
    return null;
  });
}, 600_000);

afterAll(() => rmSync(home, { recursive: true }));

/** Lays the files of a zip down and tells them by name. */
function unpack(zip: string, folder: string): Record<string, Buffer> {
  mkdirSync(folder, { recursive: true });
  const files = Object.entries(unzipSync(readFileSync(zip))).map(([name, bytes]) => [name, Buffer.from(bytes)] as const);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  return Object.fromEntries(files);
}

const moduleOf = <T>(folder: string, name: string): T => {
  const loaded = load(join(folder, name)) as T & { default?: T };
  return typeof loaded === 'function' ? loaded : loaded.default!;
};

describe.each(PHASES)('the step package of %s, by our packer and by the official builder', (phase) => {
  const [ours, theirs] = [join(home, phase, 'ours'), join(home, phase, 'theirs')];
  let files: { ours: Record<string, Buffer>; theirs: Record<string, Buffer> };

  beforeAll(async () => {
    if (builder === null) return;
    mkdirSync(join(home, phase), { recursive: true });
    const zip = await official.buildOfficially(builder, phase, join(home, phase));
    files = { ours: unpack(`dist/step-packages/octopus-rotation-${phase}.${version}.zip`, ours), theirs: unpack(zip, theirs) };
    expect(zip).toContain(`octopus-rotation-${phase}.${version}.zip`);
  }, 600_000);

  beforeEach(({ skip }) => skip(builder === null, 'the official builder could not be installed'));

  it.each(['metadata.json', 'inputs.json', 'logo.svg'])('has the same %s, byte for byte', (name) => {
    expect(files.ours[name]!.toString('utf8')).toBe(files.theirs[name]!.toString('utf8'));
    expect(files.ours[name]!.equals(files.theirs[name]!)).toBe(true);
  });

  it('has the same rules', () => {
    const properties = Object.keys((JSON.parse(readFileSync(`schemas/inputs/${phase}.schema.json`, 'utf8')) as { properties: object }).properties);
    const paths = Object.fromEntries(properties.map((name) => [name, name]));
    for (const value of [undefined, '', ' ', 'x', '#{X}', 'https://octopus.example.com', '/var', -1, 0, 50, 1e9, 'Infinity', true, {}, null, { type: 'empty' }, '[]', '[{}]', 'A'.repeat(40), 'refuse', 'ServerTasks-1', 'Spaces-1']) {
      const [a, b] = [ours, theirs].map((folder) => moduleOf<ValidateInputs>(folder, 'validation.js')<string, [string, unknown]>(paths, (path, rule) => [path, rule(value)]));
      expect([value, a]).toEqual([value, b]);
      expect(a).toHaveLength(properties.length);
    }
  });

  it('has the same form', async () => {
    const [a, b] = await Promise.all([files.ours, files.theirs].map(async (each) => ((await import(`data:text/javascript;base64,${each['ui.js']!.toString('base64')}`)) as { default: StepUI }).default));
    const paths = new Proxy({}, { get: (_, name) => ({ name, convertTo: ({ toNewType, toOriginalType }: Parameters<InputPath['convertTo']>[0]) => ({ name, converted: [toNewType(undefined), toNewType('x'), toOriginalType(''), toOriginalType('x')] }) }) }) as Record<string, InputPath>;
    const shown = (ui: StepUI): unknown => JSON.parse(JSON.stringify(ui.editInputsForm(paths)));
    expect(shown(a!)).toEqual(shown(b!));
    expect(a!.editInputsForm(paths).length).toBeGreaterThan(2);
    expect(a!.createInitialInputs()).toEqual(b!.createInitialInputs());
  });

  it('runs alike', async () => {
    for (const inputs of [{ Nonsense: 'x' }, {}, { ServerUrl: 'http://127.0.0.1:1' }]) {
      const [a, b] = await Promise.all([ours, theirs].map((folder) => runStepPackage(folder, inputs)));
      expect([a!.code, a!.stdout, a!.stderr]).toEqual([b!.code, b!.stdout, b!.stderr]);
      expect(a!.messages('resultMessage')).toHaveLength(1);
    }
  });
});
