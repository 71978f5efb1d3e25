import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';

const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
const archive = `dist/packages/octopus-rotation.${version}.zip`;
const files = unzipSync(readFileSync(archive));
const phases = readdirSync('steps').filter((name) => existsSync(`steps/${name}/step.ts`)).sort();
const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
afterAll(() => rmSync(folder, { recursive: true }));

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

describe('the feed package', () => {
  it('holds a bundle for each phase and the relay, and nothing else', () => {
    expect(Object.keys(files)).toEqual([...phases.map((phase) => `${phase}.js`), 'relay.js'].sort());
  });

  it.each(Object.entries(files).map(([name, bytes]) => [name, bytes.length] as const))('%s is at most 600 kB', (_, size) => {
    expect(size).toBeLessThanOrEqual(600_000);
  });

  it('is the same, byte for byte, when it is built again elsewhere in time and place', () => {
    const before = readFileSync(archive);
    const built = spawnSync(process.execPath, ['src/packaging/build.mjs', '--quiet', '--without-step-packages'], { env: { ...process.env, TZ: 'Asia/Tokyo' }, encoding: 'utf8' });
    expect([built.status, built.stderr]).toEqual([0, '']);
    expect(readFileSync(archive).equals(before)).toBe(true);
  });

  it('is what the step templates pin', () => {
    const sha256 = (name: string): string => createHash('sha256').update(files[name]!).digest('hex');
    for (const phase of phases) {
      const body = (JSON.parse(readFileSync(`dist/step-templates/${phase}.json`, 'utf8')) as { Properties: Record<string, string> }).Properties['Octopus.Action.Script.ScriptBody'];
      expect(body).toContain(`expect_file ${phase}.js ${sha256(`${phase}.js`)}\n`);
      expect(body).toContain(`expect_file relay.js ${sha256('relay.js')}\n`);
    }
  });
});

describe('the bundle of a phase', () => {
  /** Processor time in milliseconds, since the time on the wall depends on what else the machine does; node's own start is left out. */
  function cost(args: string[], stdin: string): number {
    const probe = join(folder, 'cost.cjs');
    writeFileSync(probe, "process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeFileSync(process.env.COST, String((user + system) / 1000)); });");
    const run = (more: string[]): number => {
      const out = join(folder, 'cost.txt');
      spawnSync(process.execPath, ['--require', probe, ...more], { input: stdin, env: { ...process.env, COST: out } });
      return Number(readFileSync(out, 'utf8'));
    };
    const least = (more: string[]): number => Math.min(...[1, 2, 3].map(() => run(more)));
    return least(args) - least(['-e', '0']);
  }

  it('starts in under 250 ms, up to a refused input', () => {
    expect(cost([join(folder, 'plan-server-certificate.js')], base64({ phase: 'plan-server-certificate', inputs: { Nonsense: 'x' } }))).toBeLessThan(250);
  });

  it.each(phases)('%s refuses an unknown input, changes nothing and keeps standard error empty', (phase) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, `${phase}.js`)], { input: base64({ phase, inputs: { Nonsense: 'x' } }), encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toContain('INPUT_UNKNOWN');
  });

  it('checks its inputs with the schema of its phase, as the sources do', () => {
    const inputs = {
      ServerUrl: 'http://127.0.0.1:1', ApiKey: 'API-X', Secret: 'x'.repeat(43), StateFolder: '/nowhere', TaskId: 'ServerTasks-1', SpaceId: 'Spaces-1', ProjectName: 'P', RunbookName: 'R', EnvironmentName: 'E', SnapshotName: 'S',
      OfflineMachines: 'maybe', EnableDisabled: 'False', PollingRoute: 'twin', WaveBy: 'size', WaveSize: '50', Canaries: '1', AtOnce: '25', StopAfterFailures: '2', MaximumAgeDays: 'many', ExpiresWithinDays: '60', DrainLimitMinutes: '30', RestartWatchSeconds: '150',
    };
    const { stdout } = spawnSync(process.execPath, [join(folder, 'plan-server-certificate.js')], { input: base64({ phase: 'plan-server-certificate', inputs }), encoding: 'utf8' });
    expect(stdout).toContain('INPUT_INVALID');
    expect(stdout).toContain('MaximumAgeDays must be number');
    expect(stdout).toContain('OfflineMachines must be equal to one of the allowed values');
  });
});
