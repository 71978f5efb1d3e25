import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';

const hashes = (): string[] => readdirSync('dist/step-packages').sort().map((name) => `${name} ${createHash('sha256').update(readFileSync(`dist/step-packages/${name}`)).digest('hex')}`);

function build(TZ: string): string[] {
  rmSync('dist/step-packages', { recursive: true, force: true });
  execFileSync(process.execPath, ['src/packaging/build.mjs', '--quiet'], { stdio: 'inherit', env: { ...process.env, TZ } });
  return hashes();
}

it('the step packages are the same, byte for byte, when they are built again elsewhere in time and place', () => {
  const first = build('America/Los_Angeles');
  expect(first.length).toBe(readdirSync('steps').filter((name) => !name.includes('.')).length);
  expect(build('Asia/Tokyo')).toEqual(first);
});
