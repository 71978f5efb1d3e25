import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWaivers } from '../../src/phases/waivers.ts';
import type { InputSchema } from '../../src/packaging/input-schema.ts';
import type { Rule, ValidateInputs } from '../../src/packaging/step-package/validation.ts';
import type { FormContent, InputPath, StepUI } from '../../src/packaging/step-package/step-ui.ts';
import { checkInputs } from '../../src/runners/step-inputs.ts';
import { runStepPackage } from './octopus/run-step-package.ts';

const load = createRequire(import.meta.url);
const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
const phases = readdirSync('steps').filter((name) => existsSync(`steps/${name}/step.ts`)).sort();
const home = mkdtempSync(join(tmpdir(), 'step-packages-'));
const folderOf = (phase: string): string => join(home, phase);
const schemaOf = (phase: string): InputSchema => JSON.parse(readFileSync(`schemas/inputs/${phase}.schema.json`, 'utf8')) as InputSchema;
const archive = (phase: string): string => `dist/step-packages/octopus-rotation-${phase.replace(/^octopus-rotation-/, '')}.${version}.zip`;

/** An Octopus that nobody may use, and that tells what it was asked. */
let server: Server;
let url: string;
const asked: string[] = [];

beforeAll(async () => {
  execFileSync(process.execPath, ['src/packaging/build.mjs', '--quiet'], { stdio: 'inherit' });
  for (const phase of phases) {
    mkdirSync(folderOf(phase));
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(archive(phase))))) writeFileSync(join(folderOf(phase), name), bytes);
  }
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${String(request.headers['x-octopus-apikey'])}`);
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"ErrorMessage":"You must be logged in to request this resource."}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 180_000);

afterAll(() => {
  server.close();
  rmSync(home, { recursive: true });
});

/** Values that every phase takes. */
function goodInputs(phase: string): Record<string, unknown> {
  const values: Record<string, unknown> = {
    ServerUrl: url, ApiKey: 'API-STEPPACKAGE1', Secret: 'x'.repeat(43), StateFolder: join(home, 'state'), TaskId: 'ServerTasks-1', SpaceId: 'Spaces-1', ProjectName: 'Octopus Rotation', RunbookName: 'R', EnvironmentName: 'E',
    SnapshotName: 'S', RotationId: 'sc-20270331-0a1b2c3d', PlanHash: 'a'.repeat(64), OldThumbprint: 'A'.repeat(40), NewThumbprint: 'B'.repeat(40),
  };
  return Object.fromEntries(Object.entries(schemaOf(phase).properties).filter(([name]) => schemaOf(phase).required?.includes(name))
    .map(([name, { type, enum: options, minimum }]) => [name, values[name] ?? options?.[0] ?? (type === 'boolean' ? false : type === 'number' ? Math.max(1, minimum ?? 1) : 'x')]));
}

describe('the step packages', () => {
  it.each(phases)('%s: holds what Octopus looks for, the program that the relay runs, and no source map', (phase) => {
    expect(Object.keys(unzipSync(readFileSync(archive(phase))))).toEqual(['executor.js', 'inputs.json', 'logo.svg', 'metadata.json', 'relay.js', 'ui.js', 'validation.js']);
    for (const name of ['executor.js', 'ui.js', 'validation.js']) expect(readFileSync(join(folderOf(phase), name), 'utf8')).not.toContain('sourceMappingURL');
    expect(JSON.parse(readFileSync(join(folderOf(phase), 'metadata.json'), 'utf8'))).toMatchObject({ version, apiVersions: { API: '4.0.0' }, dependencies: {}, categories: ['BuiltInStep', 'Certificate'], launcher: 'node' });
  });

  it.each(phases)('%s: names the same inputs in its schema as the phase does, its secrets as sensitive values', (phase) => {
    const { $ref, definitions } = JSON.parse(readFileSync(join(folderOf(phase), 'inputs.json'), 'utf8')) as { $ref: string; definitions: Record<string, { isRoot?: true; properties: Record<string, { isSensitiveValue?: true }>; required: string[] }> };
    const root = definitions[$ref.replace('#/definitions/', '')]!;
    const { properties, required } = schemaOf(phase);
    expect([root.isRoot, Object.keys(root.properties), [...root.required].sort()]).toEqual([true, Object.keys(properties), [...required!].sort()]);
    for (const [name, property] of Object.entries(properties)) expect([name, root.properties[name]?.isSensitiveValue]).toEqual([name, property.isSensitiveValue]);
  });
});

describe('the executor of a step package, under a bootstrapper', () => {
  it.each(phases)('%s: is a function with itself as default', (phase) => {
    const executor = load(join(folderOf(phase), 'executor.js')) as { default: unknown };
    expect([typeof executor, executor.default]).toEqual(['function', executor]);
  });

  it.each(phases)('%s: refuses an unknown input in a sentence, changes nothing and keeps standard error empty', async (phase) => {
    const { code, stderr, messages, stdout } = await runStepPackage(folderOf(phase), { ...goodInputs(phase), Nonsense: 'x' });
    expect([code, stderr]).toEqual([1, '']);
    expect(messages('resultMessage')).toEqual([{ message: expect.stringMatching(/^INPUT_UNKNOWN: The step was given inputs that it does not know: Nonsense\.$/) }]);
    expect(stdout).toContain('Next: ');
    expect(existsSync(join(home, 'state'))).toBe(false);
  });

  it('runs the phase itself: the server is asked with the key, its refusal is the result of the step, and no secret is told', async () => {
    asked.length = 0;
    const environment = { TentacleExecutablePath: '/opt/octopus/tentacle/Tentacle', TentacleInstanceName: 'Tentacle', TentacleHome: home };
    const { code, stdout, stderr, messages } = await runStepPackage(folderOf('plan-server-certificate'), { ...goodInputs('plan-server-certificate'), ServerUrl: '#{Rotation.ServerUrl}' }, { variables: { 'Rotation.ServerUrl': url }, env: environment });
    expect([code, stderr]).toEqual([1, '']);
    expect(messages('resultMessage')[0]?.['message']).toMatch(/^OCTOPUS_UNAUTHORISED: /);
    expect(asked[0]).toMatch(/ API-STEPPACKAGE1$/);
    expect(stdout).not.toContain('API-STEPPACKAGE1');
  });

  it('takes an expression that Octopus could not evaluate for a value that is not there', async () => {
    const { messages } = await runStepPackage(folderOf('plan-server-certificate'), { ...goodInputs('plan-server-certificate'), ServerUrl: '#{Rotation.ServerUrl}', Force: '#{Rotation.Force}' });
    expect(messages('resultMessage')[0]?.['message']).toMatch(/^INPUT_MISSING: Required inputs are empty: ServerUrl\./);
  });
});

/** An engine of ES5 alone, as a server may have it: what came later is taken away before the script is loaded. */
function validationOf(phase: string): ValidateInputs {
  const script = readFileSync(join(folderOf(phase), 'validation.js'), 'utf8');
  const without = `
    ['Map','Set','WeakMap','WeakSet','Promise','Symbol','Proxy','Reflect','Buffer','process','URL'].forEach(function (name) { delete this[name]; }, this);
    ['includes','find','findIndex','flat','flatMap','at','fill'].forEach(function (name) { delete Array.prototype[name]; });
    ['includes','startsWith','endsWith','padStart','padEnd','repeat','replaceAll','matchAll','trimStart','trimEnd','at'].forEach(function (name) { delete String.prototype[name]; });
    ['entries','values','fromEntries','assign'].forEach(function (name) { delete Object[name]; });
    ['isNaN','isFinite','isInteger'].forEach(function (name) { delete Number[name]; });`;
  return runInNewContext(`${without}\nvar module = { exports: {} }, exports = module.exports;\nObject.assign = function (to, from) { for (var key in from) to[key] = from[key]; return to; };\n${script}\nmodule.exports`) as ValidateInputs;
}

/** What the rules of a phase say of these inputs, by the input's name. */
function problems(validation: ValidateInputs, phase: string, values: Record<string, unknown>): Record<string, string> {
  const paths = Object.fromEntries(Object.keys(schemaOf(phase).properties).map((name) => [name, name]));
  const found = validation<string, [string, string | undefined]>(paths, (path, rule: Rule) => [path, rule(values[path])]);
  return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined));
}

describe('the validation of a step package', () => {
  it.each(phases)('%s: is ES5, takes what the phase takes, and is satisfied with expressions and stored secrets', (phase) => {
    const script = readFileSync(join(folderOf(phase), 'validation.js'), 'utf8');
    expect(transformSync(script, { target: 'es5' }).warnings).toEqual([]);
    expect(script).not.toMatch(/=>|`|\b(?:const|let|class)\s/);
    const validation = validationOf(phase);
    expect(problems(validation, phase, goodInputs(phase))).toEqual({});
    const bound = Object.fromEntries(Object.entries(schemaOf(phase).properties).map(([name, { isSensitiveValue }]) => [name, isSensitiveValue === true ? { type: 'existing' } : '#{Some.Variable}']));
    expect(problems(validation, phase, bound)).toEqual({});
  });

  it.each(phases)('%s: refuses what is missing, and exactly what the phase refuses by its schema', async (phase) => {
    const validation = validationOf(phase);
    const good = goodInputs(phase);
    expect(Object.keys(problems(validation, phase, {})).sort()).toEqual([...schemaOf(phase).required!].sort());
    for (const [name, { type, enum: options, isSensitiveValue }] of Object.entries(schemaOf(phase).properties)) {
      const candidates = type === 'number' ? [-1, 0, 9, 10, 101, '7', 'many', '1e99', ' '] : type === 'boolean' ? [true, false, 'True', 'maybe'] : options !== undefined ? [...options, 'nonsense'] : isSensitiveValue === true ? [''] : [];
      for (const value of candidates) {
        const inForm = name in problems(validation, phase, { ...good, [name]: value });
        const inPhase = await checkInputs(schemaOf(phase), Object.fromEntries(Object.entries({ ...good, [name]: value }).map(([key, each]) => [key, String(each)]))).then(() => false, () => true);
        expect([name, value, inForm]).toEqual([name, value, inPhase]);
      }
    }
  });

  it('reads waivers as the phase does', () => {
    const validation = validationOf('plan-server-certificate');
    const inForm = (Waivers: string): boolean => 'Waivers' in problems(validation, 'plan-server-certificate', { Waivers });
    const inPhase = (text: string): boolean => {
      try {
        readWaivers(text);
        return false;
      } catch {
        return true;
      }
    };
    const member = fc.oneof(fc.constantFrom('web-07', '', ' ', '2027-03-31', '2027-13-31', '31.03.2027'), fc.integer(), fc.constant(null));
    const entry = fc.oneof({ weight: 4, arbitrary: fc.record({ machine: member, by: member, reason: member, until: member, extra: member }, { requiredKeys: [] }) }, { weight: 1, arbitrary: fc.constantFrom(null, 1, 'x', []) });
    const good = fc.record({ machine: fc.constant('web-07'), by: fc.constant('A. Person'), reason: fc.constant('scrapped'), until: fc.constant('2027-03-31') });
    fc.assert(fc.property(fc.oneof(fc.array(fc.oneof(entry, good), { maxLength: 3 }), fc.object({ maxDepth: 1 })).map((value) => JSON.stringify(value)), (text) => text.includes('#{') || inForm(text) === inPhase(text)), { numRuns: 300 });
    for (const text of ['', '  ', '[', 'null', '[]']) expect([text, inForm(text)]).toEqual([text, inPhase(text)]);
  });

  it('refuses an address, a folder and a thumbprint that are none', () => {
    const validation = validationOf('check-health');
    expect(Object.keys(problems(validation, 'check-health', { ...goodInputs('check-health'), ServerUrl: 'octopus.example.com', StateFolder: 'state', OldThumbprint: 'AB', RotationId: 'x', TaskId: '1', SpaceId: 'Default', NewThumbprint: 'a'.repeat(64) })).sort())
      .toEqual(['OldThumbprint', 'RotationId', 'ServerUrl', 'SpaceId', 'StateFolder', 'TaskId']);
  });
});

describe('the form of a step package', () => {
  const formOf = async (phase: string): Promise<StepUI> => ((await import(`data:text/javascript;base64,${readFileSync(join(folderOf(phase), 'ui.js')).toString('base64')}`)) as { default: StepUI }).default;
  const fields = (content: FormContent[]): Exclude<FormContent, { type: 'section' }>[] => content.flatMap((each) => (each.type === 'section' ? fields(each.content) : [each]));

  it.each(phases)('%s: shows every input once, with a label and what it is for; begins with values that the validation takes', async (phase) => {
    const ui = await formOf(phase);
    const converted: string[] = [];
    const paths = Object.fromEntries(Object.keys(schemaOf(phase).properties).map((name): [string, InputPath & { name: string }] => [name, { name, convertTo: () => (converted.push(name), paths[name]!) }]));
    const shown = fields(ui.editInputsForm(paths));
    expect(shown.map((each) => (each.input as InputPath & { name: string }).name).sort()).toEqual(Object.keys(schemaOf(phase).properties).sort());
    for (const field of shown) expect([field.label, field.helpText]).not.toContain('');
    const optional = Object.keys(schemaOf(phase).properties).filter((name) => !schemaOf(phase).required?.includes(name));
    expect(converted.sort()).toEqual(optional.sort());
    const initial = ui.createInitialInputs();
    const stored = Object.fromEntries(Object.entries(schemaOf(phase).properties).filter(([, each]) => each.isSensitiveValue).map(([name]) => [name, { type: 'existing' }]));
    expect(problems(validationOf(phase), phase, { ...initial, ...stored })).toEqual({});
  });

  it('hides secrets, shows numbers as numbers and choices as choices, in sections of their own', async () => {
    const sections = (await formOf('plan-server-certificate')).editInputsForm(Object.fromEntries(Object.keys(schemaOf('plan-server-certificate').properties).map((name): [string, InputPath] => [name, { convertTo: () => ({ convertTo: () => { throw new Error('twice'); } }) }])));
    expect(sections.map((each) => (each.type === 'section' ? each.title : ''))).toEqual(['When a rotation is due', 'Machines that cannot be reached', 'How machines are changed', 'The swap', 'Octopus Server', 'Rotation', 'This run']);
    const kinds = Object.fromEntries(fields(sections).map((each) => [each.label, each.type]));
    expect(kinds).toMatchObject({ 'API key': 'sensitive', Secret: 'sensitive', 'Wave size': 'number', 'Enable disabled': 'checkbox', 'Offline machines': 'radio-buttons', 'Server URL': 'text' });
  });
});
