import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  // Counts up in one file under the lock, and keeps what it has counted in one of its own: what is lost shows.
  const program = `
    import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(join(import.meta.dirname, '../../../src/sandbox/server/database/lock.ts'))};
    const [folder, name] = process.argv.slice(2);
    const counter = folder + '/counter';
    for (;;) {
      withLock(folder + '/lock', () => {
        const next = Number(readFileSync(counter, 'utf8')) + 1;
        writeFileSync(counter + '.' + name, String(next));
        renameSync(counter + '.' + name, counter);
      });
      appendFileSync(folder + '/' + name, '.');
    }`;
  writeFileSync(join(folder, 'program.ts'), program);
  await build({ entryPoints: [join(folder, 'program.ts')], bundle: true, platform: 'node', format: 'cjs', outfile: join(folder, 'program.cjs'), logLevel: 'error' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('loses no write of several processes while they are killed again and again in the middle of their work', async () => {
  writeFileSync(join(folder, 'counter'), '0');
  const names: string[] = [];
  const start = (): { name: string; child: ChildProcess } => {
    const name = `writer-${names.length}`;
    names.push(name);
    return { name, child: spawn(process.execPath, [join(folder, 'program.cjs'), folder, name], { stdio: 'ignore' }) };
  };
  const kill = async ({ child }: { child: ChildProcess }): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    expect(child.exitCode).toBe(null);
    child.kill('SIGKILL');
    await ended;
  };
  const count = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  const working = async ({ name }: { name: string }) => {
    for (const end = Date.now() + 10_000; count(name) < 5;) {
      if (Date.now() > end) throw new Error(`${name} makes no progress`);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  const running = [start(), start(), start()];
  for (let round = 0; round < 20; round += 1) {
    const writer = running.shift();
    if (!writer) throw new Error('nobody writes');
    await working(writer);
    await kill(writer);
    running.push(start());
  }
  await Promise.all(running.map(working));
  for (const writer of running) await kill(writer);
  const total = Number(readFileSync(join(folder, 'counter'), 'utf8'));
  const own = names.reduce((sum, name) => sum + count(name), 0);
  // A process that was killed may have counted once more than it noted.
  expect(total).toBeGreaterThanOrEqual(own);
  expect(total).toBeLessThanOrEqual(own + names.length);
  expect(own).toBeGreaterThan(100);
});
