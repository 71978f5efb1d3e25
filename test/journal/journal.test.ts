import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../../src/journal/contract.ts';
import { readJournal } from '../../src/journal/journal.ts';
import { sealLine, FIRST_PREVIOUS, type Unsealed } from '../../src/journal/line.ts';
import { openIntents, plan } from '../../src/journal/views.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import { OPENED } from './examples.ts';
import { codeOf, KEY, openTestJournal, preparedFolder, ROTATION, temporaryFolder } from './support.ts';

const open: NewEntry<'opened'> = { kind: 'opened', subject: 'server', data: OPENED };
const intent = (subject: string): NewEntry<'intent'> => ({ kind: 'intent', subject, data: { effect: 'add-trust', detail: { n: 1, text: 'ü \u2028 #{x}' } } });

async function written(count: number): Promise<{ folder: Awaited<ReturnType<typeof preparedFolder>>; path: string; bytes: Buffer }> {
  const folder = await preparedFolder();
  const journal = await openTestJournal(folder);
  await journal.append(open);
  for (let index = 1; index < count; index++) await journal.append(intent(`machine-${index}`));
  const path = folder.journalPath(ROTATION);
  return { folder, path, bytes: await readFile(path) };
}

describe('The journal', () => {
  it('gives back after reopening what was appended, in order and with everything filled in', async () => {
    const { folder, path } = await written(3);
    const again = await openTestJournal(folder, { phase: 'trust-server-certificate', fenceNumber: 2 });
    const entry = await again.append(intent('machine-9'));
    expect(entry).toMatchObject({ sequence: 3, fence: 2, runner: 'runbook', taskId: 'ServerTasks-1', phase: 'trust-server-certificate', subject: 'machine-9' });
    const read = await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY });
    expect(read).toEqual(again.entries());
    expect(read.map((one) => one.subject)).toEqual(['server', 'machine-1', 'machine-2', 'machine-9']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('keeps the order of appends that are not waited for', async () => {
    const folder = await preparedFolder();
    const journal = await openTestJournal(folder);
    await Promise.all([journal.append(open), ...Array.from({ length: 40 }, (_, index) => journal.append(intent(`machine-${index}`)))]);
    const read = await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY });
    expect(read.map((one) => one.subject)).toEqual(['server', ...Array.from({ length: 40 }, (_, index) => `machine-${index}`)]);
  });

  it('writes what waits together with one fsync, and a refused entry among it takes nobody down', async () => {
    const folder = await preparedFolder();
    let appends = 0;
    const files = { ...systemFiles, append: async (path: string, content: string) => (appends++, systemFiles.append(path, content)) };
    const journal = await openTestJournal(folder, { files });
    const all = await Promise.allSettled([journal.append(open), journal.append(intent('a')), journal.append({ kind: 'intent', subject: '', data: {} as never }), journal.append(open), journal.append(intent('b'))]);
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value.sequence : (one.reason as { code: string }).code))).toEqual([0, 1, 'JOURNAL_ENTRY_INVALID', 'JOURNAL_FIXED', 2]);
    expect(appends).toBe(2);
    expect(await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY })).toEqual(journal.entries());
  });

  it('cuts off a torn last line and says how long it was', async () => {
    const { folder, path, bytes } = await written(2);
    await appendFile(path, '{"sequence":2,"at":"20');
    const journal = await openTestJournal(folder);
    expect(journal.tornBytes).toBe(22);
    expect(journal.entries()).toHaveLength(2);
    expect(await readFile(path)).toEqual(bytes);
  });

  it('leaves a torn last line alone when it is only read', async () => {
    const { folder, path, bytes } = await written(2);
    await appendFile(path, '{"sequ');
    expect(await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY })).toHaveLength(2);
    expect(await readFile(path)).toHaveLength(bytes.length + 6);
  });

  it('opens every prefix of its file as a prefix of its entries', async () => {
    const { folder, path, bytes } = await written(4);
    const whole = (await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY })).slice();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (length) => {
        await writeFile(path, bytes.subarray(0, length));
        const journal = await openTestJournal(folder);
        const complete = bytes.subarray(0, length).toString('latin1').split('\n').length - 1;
        expect(journal.entries()).toEqual(whole.slice(0, complete));
        // And it can be gone on with.
        await journal.append(complete === 0 ? open : intent('next'));
        expect(await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY })).toHaveLength(complete + 1);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses any changed byte of a complete line, and names the line', async () => {
    const { folder, path, bytes } = await written(3);
    const lastEnd = bytes.length - 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: lastEnd - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = changed[at]! ^ flip;
        await writeFile(path, changed);
        const line = bytes.subarray(0, at).toString('latin1').split('\n').length;
        const error = await openTestJournal(folder).then(() => null, (refusal: Error & { code?: string }) => refusal);
        expect(error?.code).toBe('JOURNAL_TAMPERED');
        expect(error?.message).toContain(`Line ${line} `);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses lines that were left out, exchanged, repeated, or taken from another rotation', async () => {
    const { folder, path, bytes } = await written(4);
    const lines = bytes.toString('utf8').trimEnd().split('\n');
    for (const order of [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 2, 1, 3], [0, 1, 1, 2]]) {
      await writeFile(path, order.map((index) => `${lines[index]}\n`).join(''));
      expect(await codeOf(openTestJournal(folder)), String(order)).toBe('JOURNAL_TAMPERED');
    }
    await writeFile(path, bytes);
    expect(await codeOf(openTestJournal(folder, { key: new Uint8Array(32) }))).toBe('JOURNAL_TAMPERED');
  });

  it('refuses an authentic line that does not fit the schema', async () => {
    const folder = await preparedFolder();
    const unsealed = { sequence: 0, at: '2026-01-05T10:00:00.000Z', fence: 1, runner: 'runbook', taskId: null, phase: 'p', kind: 'opened', subject: 'server', data: { ...OPENED, rotation: 'other' }, previous: FIRST_PREVIOUS } as unknown as Unsealed;
    await writeFile(folder.journalPath(ROTATION), `${sealLine(unsealed, KEY).line}\n`);
    await expect(openTestJournal(folder)).rejects.toMatchObject({ code: 'JOURNAL_TAMPERED', message: expect.stringContaining('/data/rotation') });
  });

  it('refuses to write what does not fit the schema, and writes nothing then', async () => {
    const { folder, path, bytes } = await written(2);
    const journal = await openTestJournal(folder);
    expect(await codeOf(journal.append({ kind: 'intent', subject: 'm', data: { effect: 'add-trust', detail: {}, extra: 1 } as never }))).toBe('JOURNAL_ENTRY_INVALID');
    expect(await codeOf(journal.append({ kind: 'nonsense' as 'intent', subject: 'm', data: {} as never }))).toBe('JOURNAL_ENTRY_INVALID');
    expect(await readFile(path)).toEqual(bytes);
    await journal.append(intent('m'));
    expect(journal.entries()).toHaveLength(3);
  });

  it('fixes certificate and plan once (rule 1), and begins with "opened"', async () => {
    const folder = await preparedFolder();
    const journal = await openTestJournal(folder);
    expect(await codeOf(journal.append(intent('m')))).toBe('JOURNAL_ENTRY_INVALID');
    await journal.append(open);
    const certificate: NewEntry<'new-certificate'> = { kind: 'new-certificate', subject: 'server', data: { thumbprint: 'A'.repeat(40) as never, sha256: 'b'.repeat(64), notAfter: '2126', signatureAlgorithm: 'sha256RSA', keyBits: 2048 } };
    await journal.append(certificate);
    expect(await codeOf(journal.append(certificate))).toBe('JOURNAL_FIXED');
    const again = await openTestJournal(folder);
    expect(await codeOf(again.append(certificate))).toBe('JOURNAL_FIXED');
  });

  it('A28: takes in another plan of the same OLD, and never one of another OLD (rule 1)', async () => {
    const folder = await preparedFolder();
    const journal = await openTestJournal(folder);
    const planned = (old: string, planHash: string): NewEntry<'planned'> => ({ kind: 'planned', subject: 'estate', data: { planHash, old: old.repeat(40) as never, oldSignature: 's', nodes: [], spaces: [], machines: [], outOfScope: [], options: { offlineMachines: 'refuse', waivers: [], enableDisabled: false, pollingRoute: 'twin', waves: { by: 'size', size: 50, canaries: 1, stopAfter: 2 }, atOnce: 10, drainLimitMinutes: 1, restartWatchSeconds: 1 }, notTouched: [] } });
    const results = await Promise.allSettled([journal.append(open), journal.append(planned('A', '1')), journal.append(planned('B', '2')), journal.append(planned('A', '3'))]);
    expect(results.map((one) => (one.status === 'fulfilled' ? 'written' : (one.reason as { code: string }).code))).toEqual(['written', 'written', 'JOURNAL_FIXED', 'written']);
    const again = await openTestJournal(folder);
    expect(await codeOf(again.append(planned('B', '4')))).toBe('JOURNAL_FIXED');
    expect(plan(again.entries())?.planHash).toBe('3');
  });

  it('D4: writes nothing once it is fenced out, and cuts nothing either', async () => {
    const { folder, path } = await written(2);
    let isLost = false;
    const fence = async (): Promise<void> => {
      if (isLost) throw Object.assign(new Error('overtaken'), { code: 'LEASE_LOST' });
    };
    const journal = await openTestJournal(folder, { fence });
    isLost = true;
    expect(await codeOf(journal.append(intent('m')))).toBe('LEASE_LOST');
    expect(journal.entries()).toHaveLength(2);
    await appendFile(path, 'torn');
    expect(await codeOf(openTestJournal(folder, { fence }))).toBe('LEASE_LOST');
    expect((await readFile(path)).toString()).toMatch(/torn$/);
  });

  it('D4: sees that somebody else wrote to its file', async () => {
    const { folder } = await written(2);
    const mine = await openTestJournal(folder);
    const theirs = await openTestJournal(folder);
    await theirs.append(intent('theirs'));
    expect(await codeOf(mine.append(intent('mine')))).toBe('JOURNAL_CHANGED');
  });

  it('stays closed after a failed write, because the end of the file is unknown then', async () => {
    const { folder } = await written(2);
    let fails = true;
    const files = { ...systemFiles, append: async (path: string, content: string) => {
      if (!fails) return systemFiles.append(path, content);
      await systemFiles.append(path, content.slice(0, 10));
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    } };
    const journal = await openTestJournal(folder, { files });
    await expect(journal.append(intent('m'))).rejects.toMatchObject({ code: 'JOURNAL_NOT_WRITTEN', message: expect.stringContaining('ENOSPC') });
    fails = false;
    expect(await codeOf(journal.append(intent('m')))).toBe('JOURNAL_NOT_WRITTEN');
    const again = await openTestJournal(folder);
    expect(again.tornBytes).toBe(10);
    await again.append(intent('m'));
  });

  it('D20: does not begin a new journal where one is missing', async () => {
    const folder = await preparedFolder();
    await systemFiles.remove(folder.journalPath(ROTATION));
    expect(await codeOf(openTestJournal(folder))).toBe('JOURNAL_MISSING');
  });

  it('D17: holds after SIGKILL every entry that was reported as written, and goes on', async () => {
    const folder = await preparedFolder();
    const bundle = join(await temporaryFolder(), 'writer.cjs');
    await build({ entryPoints: [new URL('writer.ts', import.meta.url).pathname], bundle: true, platform: 'node', format: 'cjs', outfile: bundle, logLevel: 'error' });
    let reported = 0;
    for (const round of [1, 2, 3]) {
      const child = spawn(process.execPath, [bundle, folder.path, ROTATION], { stdio: ['ignore', 'pipe', 'inherit'] });
      const target = reported + 20 * round;
      let text = '';
      for await (const piece of child.stdout) {
        text += String(piece);
        const whole = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd().split('\n');
        reported = Math.max(reported, Number(whole.at(-1)) || 0);
        if (reported >= target) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      const read = await readJournal({ files: systemFiles, folder, rotationId: ROTATION, key: KEY });
      expect(read.length).toBeGreaterThanOrEqual(reported);
      expect(openIntents(read).length).toBeLessThanOrEqual(1);
    }
    const journal = await openTestJournal(folder);
    await journal.append(intent('after'));
  });

  it('opens 50,000 lines in under 2 seconds of processor time and appends without reading them again', async () => {
    const folder = await preparedFolder();
    let previous = FIRST_PREVIOUS;
    const lines: string[] = [];
    for (let sequence = 0; sequence < 50_000; sequence++) {
      const addition = sequence === 0 ? open : intent(`machine-${sequence}`);
      const sealed = sealLine({ sequence, at: '2026-01-05T10:00:00.000Z', fence: 1, runner: 'runbook', taskId: null, phase: 'p', ...addition, previous } as Unsealed, KEY);
      previous = sealed.hash;
      lines.push(`${sealed.line}\n`);
    }
    await writeFile(folder.journalPath(ROTATION), lines.join(''));
    let reads = 0;
    const files = { ...systemFiles, read: async (path: string) => (reads++, systemFiles.read(path)) };
    // The time on the wall depends on what else the machine does.
    const begin = process.cpuUsage();
    const journal = await openTestJournal(folder, { files });
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1000).toBeLessThan(2000);
    expect(journal.entries()).toHaveLength(50_000);
    await journal.append(intent('one more'));
    expect(reads).toBe(1);
  });
});
