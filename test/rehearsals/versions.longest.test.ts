import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { octopusRotation } from '../support/rotation.ts';
import { startSandbox } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'ver-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Versions that differ in what this program uses, beside 2026.2, which all other tests have. Of REHEARSE_VERSIONS, separated by commas, the certificate is rotated as well; approval.longest.test.ts does that on the oldest. */
const VERSIONS = ['2019.13.7', '2021.3.8275', '2022.4.8471', '2024.4.7091', '2026.3.100'];
const ROTATED = (process.env['REHEARSE_VERSIONS'] ?? '').split(',');

function estateOf(version: string): string {
  const estate = JSON.parse(readFileSync('test/estates/smallest.json', 'utf8')) as { server: { version: string } };
  estate.server.version = version;
  const path = join(folder, `${version}.json`);
  writeFileSync(path, JSON.stringify(estate));
  return path;
}

describe('Octopus Server of another version', () => {
  it.each(VERSIONS)('%s: is installed into, and the runbook runs and ends green when nothing is due', async (version) => {
    const story = await Scenario.start(estateOf(version), { settings: ['--restart-watch-seconds', '15'] });
    try {
      await story.begin();
      const quiet = await story.run('');
      expect([quiet.task.state, quiet.refusals], quiet.log.slice(-3000)).toEqual(['Success', []]);
      expect(quiet.log).toContain(`Octopus Server ${version} at `);
      expect(quiet.log).toContain('Nothing is due');
      if (!ROTATED.includes(version)) return;
      const first = await story.run('INC-1');
      expect(first.task.state, first.log.slice(-3000)).toBe('Success');
      const queued = await story.queuedRun(0);
      expect(queued.task.state, queued.log.slice(-3000)).toBe('Success');
      await story.ends();
    } finally {
      await story.stop();
    }
  });

  it('older than any that was tried: is refused before anything is written', async () => {
    const sandbox = await startSandbox({ estate: estateOf('2018.12.1') });
    try {
      const { code, stderr } = await octopusRotation(['install', '--server', sandbox.line.url, '--api-key-env', 'KEY', '--space', 'Default', '--environment', 'Octopus', '--host-tentacle', 'octopus-01'], { KEY: sandbox.line.apiKey });
      expect([code, stderr]).toEqual([1, expect.stringContaining('OCTOPUS_TOO_OLD: Octopus Server 2018.12.1')]);
    } finally {
      await sandbox.stop();
    }
  });
});
