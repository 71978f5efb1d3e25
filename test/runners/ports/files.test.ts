import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { systemFiles as files } from '../../../src/runners/ports/files.ts';
import { codeOf, temporaryFolder } from '../../journal/support.ts';

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('The real files', () => {
  it('tell what a path is without following a link, and null for nothing', async () => {
    const base = await temporaryFolder();
    await writeFile(join(base, 'file'), 'abc');
    await chmod(join(base, 'file'), 0o640);
    await symlink(join(base, 'file'), join(base, 'link'));
    expect(await files.facts(join(base, 'file'))).toMatchObject({ kind: 'file', size: 3, mode: 0o640, owner: files.account });
    expect(await files.facts(base)).toMatchObject({ kind: 'folder' });
    expect(await files.facts(join(base, 'link'))).toMatchObject({ kind: 'link' });
    expect(await files.facts('/dev/null')).toMatchObject({ kind: 'other' });
    expect(await files.facts(join(base, 'nothing'))).toBeNull();
    expect(await codeOf(files.facts(join(base, 'file', 'below')))).toBe('ENOTDIR');
  });

  it('create exclusively, private unless told, whatever the umask', async () => {
    const path = join(await temporaryFolder(), 'new');
    await files.create(path, 'one');
    expect(await codeOf(files.create(path, 'two'))).toBe('EEXIST');
    expect(await readFile(path, 'utf8')).toBe('one');
    expect(await mode(path)).toBe(0o600);
    await files.create(`${path}.sh`, new Uint8Array([35]), 0o777);
    expect(await mode(`${path}.sh`)).toBe(0o777);
    expect((await readdir(join(path, '..'))).sort()).toEqual(['new', 'new.sh']);
  });

  it('let exactly one of many create the same name', async () => {
    const path = join(await temporaryFolder(), 'new');
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => files.create(path, `${index}`)));
    const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [`${index}`] : []));
    expect(winners).toEqual([await readFile(path, 'utf8')]);
  });

  it('replace atomically: a second name of the old file keeps the old text, and no temporary file stays', async () => {
    const base = await temporaryFolder();
    const path = join(base, 'file');
    await writeFile(path, 'old', { mode: 0o644 });
    await link(path, join(base, 'other'));
    await files.replace(path, 'new');
    expect([await readFile(path, 'utf8'), await readFile(join(base, 'other'), 'utf8')]).toEqual(['new', 'old']);
    expect(await mode(path)).toBe(0o600);
    await mkdir(join(base, 'folder'));
    await expect(files.replace(join(base, 'folder'), 'x')).rejects.toThrow();
    expect((await readdir(base)).sort()).toEqual(['file', 'folder', 'other']);
  });

  it('replace a link by a file and do not append through one', async () => {
    const base = await temporaryFolder();
    await writeFile(join(base, 'target'), 'safe');
    await symlink(join(base, 'target'), join(base, 'link'));
    expect(await codeOf(files.append(join(base, 'link'), 'x'))).toBe('ELOOP');
    await files.replace(join(base, 'link'), 'x');
    expect(await readFile(join(base, 'target'), 'utf8')).toBe('safe');
    expect(await files.facts(join(base, 'link'))).toMatchObject({ kind: 'file' });
  });

  it('append, truncate, copy and remove', async () => {
    const base = await temporaryFolder();
    const path = join(base, 'log');
    await files.append(path, 'one\n');
    await files.append(path, 'two\n');
    expect(await mode(path)).toBe(0o600);
    await files.truncate(path, 4);
    expect(await readFile(path, 'utf8')).toBe('one\n');
    await files.copy(path, `${path}.copy`, 0o700);
    expect([await readFile(`${path}.copy`, 'utf8'), await mode(`${path}.copy`)]).toEqual(['one\n', 0o700]);
    expect(await codeOf(files.copy(join(base, 'nothing'), join(base, 'x')))).toBe('ENOENT');
    await files.remove(path);
    await files.remove(path);
    await files.makeFolder(join(base, 'a', 'b'), { recursive: true });
    await files.makeFolder(join(base, 'a', 'b'));
    expect([await mode(join(base, 'a')), await mode(join(base, 'a', 'b'))]).toEqual([0o700, 0o700]);
    await files.append(join(base, 'a', 'b', 'c'), 'x');
    await files.remove(join(base, 'a'));
    expect(await files.list(base)).toEqual(['log.copy']);
    expect(await codeOf(files.makeFolder(join(base, 'log.copy')))).toBe('EEXIST');
  });

  it('D17: never show half of a file, whenever the writer is killed', async () => {
    const base = await temporaryFolder();
    const bundle = join(base, 'writer.cjs');
    await build({ entryPoints: [new URL('writer.ts', import.meta.url).pathname], bundle: true, platform: 'node', format: 'cjs', outfile: bundle, logLevel: 'error' });
    for (const pieces of [1, 5, 12]) {
      const child = spawn(process.execPath, [bundle, base], { stdio: ['ignore', 'pipe', 'inherit'] });
      let seen = 0;
      child.stdout.on('data', (piece: Buffer) => {
        seen += piece.length;
        if (seen >= pieces) child.kill('SIGKILL');
      });
      await once(child, 'close');
      expect(child.signalCode).toBe('SIGKILL');
      for (const name of (await readdir(base)).filter((one) => one.startsWith('whole'))) {
        const content = await readFile(join(base, name), 'utf8');
        expect([content.length, new Set(content).size]).toEqual([1_000_000, 1]);
      }
    }
    expect((await readdir(base)).some((name) => name.startsWith('whole-created'))).toBe(true);
  });
});
