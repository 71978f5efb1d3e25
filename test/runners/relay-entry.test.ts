import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ID = 'sc-20260101-0a1b2c3d';
let root: string;
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'relay-entry-')); });
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Programs that note how they were called. */
function noting(...names: string[]): string {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const name of names) writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${join(root, 'calls')}'\n`, { mode: 0o755 });
  return bin;
}

test('a relay that was killed while it removed itself finishes that when it is started again, and ends well', () => {
  const bin = noting('systemctl', 'sudo');
  const folder = join(root, 'relay', ID);
  mkdirSync(folder, { recursive: true });
  const zip = readdirSync('dist/packages').find((name) => name.endsWith('.zip'))!;
  writeFileSync(join(folder, 'relay.js'), unzipSync(readFileSync(join('dist/packages', zip)), { filter: ({ name }) => name === 'relay.js' })['relay.js']!);
  writeFileSync(join(folder, 'accepted'), '');

  const ended = spawnSync(process.execPath, [join(folder, 'relay.js'), join(folder, 'job.json')], { env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }, encoding: 'utf8' });
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(join(root, 'calls'), 'utf8')).toMatch(new RegExp(`^(sudo -n )?systemctl disable octopus-rotation-relay-${ID}\\.service\\n$`));
  expect(existsSync(folder)).toBe(false);
});
