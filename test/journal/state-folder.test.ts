import { chmod, chown, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseThumbprint } from '../../src/certificates/thumbprint.ts';
import { newRotationId, parseRotationId } from '../../src/journal/rotation-id.ts';
import { openStateFolder } from '../../src/journal/state-folder.ts';
import type { FileFacts, Files } from '../../src/ports/files.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import { systemRandom } from '../../src/runners/ports/random.ts';
import { codeOf, ROTATION, temporaryFolder } from './support.ts';

const refusal = async (path: string, files: Files = systemFiles): Promise<Error & { code: string; next: string }> =>
  openStateFolder(files, path).then(() => Promise.reject(new Error('It was not refused.')), (error: Error & { code: string; next: string }) => error);

/** The real files, but one path looks different. */
const pretend = (at: string, change: Partial<FileFacts>): Files => ({ ...systemFiles, facts: async (path) => {
  const found = await systemFiles.facts(path);
  return path === at && found !== null ? { ...found, ...change } : found;
} });

describe('The state folder', () => {
  it('is made with its parents, private, and opens a second time', async () => {
    const path = join(await temporaryFolder(), 'a', 'state');
    for (const _ of [1, 2]) await openStateFolder(systemFiles, path);
    for (const folder of [path, join(path, '..'), join(path, 'rotations'), join(path, 'relay'), join(path, 'locks')]) expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('lays out a rotation by its id, and lists only what is one', async () => {
    const path = join(await temporaryFolder(), 'state');
    const folder = await openStateFolder(systemFiles, path);
    expect(await folder.rotationIds()).toEqual([]);
    expect(await folder.hasJournal(ROTATION)).toBe(false);
    await folder.prepare(ROTATION);
    await folder.prepare(ROTATION);
    expect(await folder.hasJournal(ROTATION)).toBe(true);
    await mkdir(join(path, 'rotations', 'lost+found'));
    const earlier = parseRotationId('sc-20250105-ffffffff');
    expect(await folder.folderOf(earlier)).toBe(join(path, 'rotations', earlier));
    expect(await folder.rotationIds()).toEqual([earlier, ROTATION]);
    expect(folder.pfxPath(ROTATION, parseThumbprint('ab'.repeat(20)))).toBe(join(path, 'rotations', ROTATION, `${'AB'.repeat(20)}.pfx`));
    expect((await stat(await folder.relayFolder(ROTATION))).mode & 0o777).toBe(0o700);
  });

  it('keeps the fence, and refuses one that is no number', async () => {
    const path = join(await temporaryFolder(), 'state');
    const folder = await openStateFolder(systemFiles, path);
    expect(await folder.readFence()).toBe(0);
    await folder.writeFence(12);
    expect(await folder.readFence()).toBe(12);
    for (const text of ['', 'x', '-1', '1.5', '1 2']) {
      await writeFile(join(path, 'fence'), text);
      expect(await codeOf(folder.readFence()), text).toBe('STATE_FOLDER_FENCE_UNREADABLE');
    }
  });

  it('refuses a relative path', async () => {
    for (const path of ['state', './state', '']) expect((await refusal(path)).code).toBe('STATE_FOLDER_RELATIVE');
  });

  it('refuses a link, also to a good folder, and does not follow it', async () => {
    const base = await temporaryFolder();
    await mkdir(join(base, 'real'), { mode: 0o700 });
    await symlink(join(base, 'real'), join(base, 'state'));
    expect(await refusal(join(base, 'state'))).toMatchObject({ code: 'STATE_FOLDER_LINK', next: expect.stringContaining(join(base, 'state')) });
    await symlink(join(base, 'nothing'), join(base, 'dangling'));
    expect((await refusal(join(base, 'dangling'))).code).toBe('STATE_FOLDER_LINK');
    expect(await systemFiles.facts(join(base, 'nothing'))).toBeNull();
  });

  it('refuses what is no folder', async () => {
    const path = join(await temporaryFolder(), 'it is a file');
    await writeFile(path, '');
    expect(await refusal(path)).toMatchObject({ code: 'STATE_FOLDER_NOT_A_FOLDER', next: expect.stringContaining(`mv '${path}' '${path}.moved'`) });
  });

  it.each([0o770, 0o750, 0o705, 0o702, 0o777])('refuses the mode %o, with the chmod that mends it', async (mode) => {
    const path = join(await temporaryFolder(), 'state');
    await mkdir(path);
    await chmod(path, mode);
    expect(await refusal(path)).toMatchObject({ code: 'STATE_FOLDER_OPEN_TO_OTHERS', message: expect.stringContaining(`0${mode.toString(8)}`), next: expect.stringContaining(`chmod 0700 ${path}`) });
    await chmod(path, 0o700);
    await openStateFolder(systemFiles, path);
  });

  it('refuses a foreign owner, with the chown that mends it', async () => {
    const path = join(await temporaryFolder(), 'state');
    await mkdir(path, { mode: 0o700 });
    // Only root can give a folder away; everybody else looks at one that seems to be.
    const files = systemFiles.account === 0 ? systemFiles : pretend(path, { owner: 4242 });
    if (systemFiles.account === 0) await chown(path, 4242, 4242);
    expect(await refusal(path, files)).toMatchObject({ code: 'STATE_FOLDER_FOREIGN_OWNER', message: expect.stringContaining('4242'), next: expect.stringContaining(`sudo chown -R ${systemFiles.account} ${path}`) });
  });

  it('refuses one that cannot be read or made', async () => {
    const path = join(await temporaryFolder(), 'state');
    const denied = async (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
    expect(await refusal(path, { ...systemFiles, makeFolder: denied })).toMatchObject({ code: 'STATE_FOLDER_NOT_CREATED', next: expect.stringContaining(`sudo install -d -m 0700 -o ${systemFiles.account} ${path}`) });
    await mkdir(path, { mode: 0o700 });
    expect(await refusal(path, { ...systemFiles, list: denied })).toMatchObject({ code: 'STATE_FOLDER_UNREADABLE', message: expect.stringContaining('EACCES') });
    expect((await refusal(path, { ...systemFiles, facts: denied })).code).toBe('STATE_FOLDER_UNREADABLE');
  });

  it('refuses a journal or a folder inside that was exchanged for a link', async () => {
    const base = await temporaryFolder();
    const folder = await openStateFolder(systemFiles, join(base, 'state'));
    await symlink(base, join(base, 'state', 'rotations', ROTATION));
    expect(await codeOf(folder.prepare(ROTATION))).toBe('STATE_FOLDER_LINK');
    await symlink(base, join(base, 'state', 'relay', ROTATION));
    expect(await codeOf(folder.relayFolder(ROTATION))).toBe('STATE_FOLDER_LINK');
  });

  it('keeps its commands on one line whatever the path holds', async () => {
    const path = join(await temporaryFolder(), "it's\n; rm -rf \u202e x");
    await mkdir(path);
    await chmod(path, 0o755);
    const { message, next } = await refusal(path);
    expect(`${message}${next}`).not.toMatch(/[\n\u202e]/);
  });
});

describe('The id of a rotation', () => {
  it('is its kind, its day in UTC and chance, and reads back', () => {
    const id = newRotationId('server-certificate', new Date('2026-01-05T23:59:59.999Z'), systemRandom);
    expect(id).toMatch(/^sc-20260105-[0-9a-f]{8}$/);
    expect(parseRotationId(id)).toBe(id);
    expect(newRotationId('server-certificate', new Date('2026-01-05T00:00:00Z'), systemRandom)).not.toBe(id);
  });

  it('is refused in any other form', async () => {
    for (const text of ['', 'sc-20260105-0A1B2C3D', 'sc-20260105-0a1b2c3d\n', ' sc-20260105-0a1b2c3d', 'sc-20260105-0a1b2c3d/..', '../..', 'mk-20260105-0a1b2c3d', 'sc-20260105-0a1b2c3d0']) {
      expect(await codeOf((async () => parseRotationId(text))()), JSON.stringify(text)).toBe('ROTATION_ID_MALFORMED');
    }
  });
});
