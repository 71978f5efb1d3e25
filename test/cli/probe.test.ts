import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPfx } from '../../src/certificates/pfx.ts';
import { runCommandLine } from '../../src/cli/commands.ts';
import type { OpenedPfx } from '../../src/certificates/contract.ts';
import { Listener } from '../tentacle/fakes/listener.ts';

const fixtures = join(import.meta.dirname, '..', 'conformance', 'fixtures', 'certificates');
let listener: Listener;
let tentacle: OpenedPfx;
let trusted: OpenedPfx;
beforeAll(async () => {
  tentacle = await openPfx(readFileSync(join(fixtures, 'T.pfx')), '', 'T.pfx');
  trusted = await openPfx(readFileSync(join(fixtures, 'A.pfx')), '', 'A.pfx');
  listener = await Listener.start({ key: tentacle.identity.keyPem, cert: tentacle.identity.certificatePem }, [trusted.facts.thumbprint]);
});
afterAll(() => listener.stop());

async function probe(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const [out, error]: string[][] = [[], []];
  const io = { out: (text: string) => void out!.push(text), error: (text: string) => void error!.push(text), write: () => undefined, environment: { EMPTY: '', WRONG: 'wrong' }, folder: fixtures, isTerminal: false, columns: 80 };
  const code = await runCommandLine(['probe', ...args], io);
  return { code, out: out!.join('\n'), error: error!.join('\n') };
}
const here = () => `127.0.0.1:${listener.port}`;

describe('octopus-rotation probe', () => {
  it('A36: answers 0, 3, 4 and 5, and the Tentacle logs no Error', async () => {
    expect(await probe(here(), '--pfx', 'A.pfx', '--pfx-password-env', 'EMPTY', '--peer', tentacle.facts.thumbprint.toLowerCase())).toMatchObject({ code: 0, out: expect.stringMatching(/^trusted: /) as string });
    expect(await probe(here(), '--pfx', 'B.pfx', '--pfx-password-env', 'EMPTY')).toMatchObject({ code: 3, out: expect.stringMatching(/^not trusted: .*restarted/) as string });
    expect(await probe(here(), '--pfx', 'A.pfx', '--peer', 'A'.repeat(40))).toMatchObject({ code: 4, out: expect.stringMatching(/^wrong peer: /) as string });
    expect(await probe('127.0.0.1:1', '--pfx', 'A.pfx')).toMatchObject({ code: 5, out: expect.stringMatching(/^inconclusive: .*ECONNREFUSED/) as string });
    expect(listener.errors).toEqual([]);
  });

  it('says the same as one JSON line', async () => {
    const { code, out } = await probe(here(), '--pfx', 'A.pfx', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ host: '127.0.0.1', port: listener.port, certificate: trusted.facts.thumbprint, verdict: 'trusted', peer: tentacle.facts.thumbprint });
  });

  it.each<[string, string[], RegExp]>([
    ['no address', ['--pfx', 'A.pfx'], /HOST:PORT is missing/],
    ['no port', ['web-01', '--pfx', 'A.pfx'], /not HOST:PORT/],
    ['a port too high', ['web-01:70000', '--pfx', 'A.pfx'], /not HOST:PORT/],
    ['no PFX', ['web-01:10933'], /--pfx is missing/],
    ['an unknown option', ['web-01:10933', '--pfx', 'A.pfx', '--force'], /--force/],
    ['a word too many', ['web-01:10933', 'x', '--pfx', 'A.pfx'], /one word too many/],
    ['a variable that is not set', ['web-01:10933', '--pfx', 'A.pfx', '--pfx-password-env', 'NOT_SET'], /NOT_SET.*is not set/],
    ['a wrong password', ['web-01:10933', '--pfx', 'A.pfx', '--pfx-password-env', 'WRONG'], /PFX_WRONG_PASSWORD/],
    ['a missing file', ['web-01:10933', '--pfx', 'none.pfx'], /PFX_UNREADABLE.*ENOENT/],
    ['a thumbprint with U+200E in it', ['web-01:10933', '--pfx', 'A.pfx', '--peer', `\u200e${'A'.repeat(40)}`], /THUMBPRINT_MALFORMED.*<U\+200E>/],
  ])('refuses %s with exit code 1 and a remedy', async (_name, args, text) => {
    const answer = await probe(...args);
    expect(answer).toMatchObject({ code: 1, out: '', error: expect.stringMatching(text) as string });
    expect(answer.error).toMatch(/Next: ./);
  });
});
