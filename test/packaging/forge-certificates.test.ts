import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeServerCertificate } from '../../src/certificates/make.ts';
import { openPfx } from '../../src/certificates/pfx.ts';
// @ts-expect-error A plain script without types.
import { withoutForgeCertificates } from '../../src/packaging/forge-certificates.mjs';
// @ts-expect-error A plain script without types.
import { productOptions } from '../../src/packaging/product-bundle.mjs';
import { systemRandom } from '../../src/runners/ports/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'forge-'));
const bundle = (entry: string) => build({ ...productOptions(process.cwd()), logLevel: 'silent', entryPoints: [entry], plugins: [withoutForgeCertificates()] });
let bundled: typeof openPfx;
beforeAll(async () => {
  const { outputFiles } = await bundle('src/certificates/pfx.ts');
  writeFileSync(join(folder, 'pfx.cjs'), outputFiles![0]!.contents);
  bundled = (createRequire(import.meta.url)(join(folder, 'pfx.cjs')) as { openPfx: typeof openPfx }).openPfx;
  writeFileSync(join(folder, 'built-in.pfx'), await makeServerCertificate({ keyBits: 2048, lifetimeYears: 100, now: new Date(), random: systemRandom, password: 'secret' }));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key', '-out', 'crt', '-subj', '/CN=Octopus \u00e9/O=More than one', '-utf8', '-addext', 'subjectAltName=DNS:octopus.example.com', '-days', '30');
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'ec.key', '-out', 'ec.crt', '-subj', '/CN=curve', '-days', '30');
  const pfx = (name: string, key: string, ...how: string[]) => openssl('pkcs12', '-export', '-inkey', `${key}key`, '-in', `${key}crt`, '-out', name, '-passout', 'pass:secret', ...how);
  pfx('aes.pfx', '');
  pfx('3des.pfx', '', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1');
  pfx('curve.pfx', 'ec.');
  pfx('two.pfx', '', '-certfile', 'ec.crt');
});
afterAll(() => rmSync(folder, { recursive: true }));

const outcome = (open: typeof openPfx, name: string, password: string) => open(readFileSync(join(folder, name)), password, name).catch((error: { code: string; message: string }) => ({ refused: error.code, message: error.message }));

it.each([['built-in.pfx', 'secret'], ['aes.pfx', 'secret'], ['3des.pfx', 'secret'], ['aes.pfx', 'wrong'], ['curve.pfx', 'secret'], ['two.pfx', 'secret']])('a bundle without forge\'s certificates makes of %s, opened with "%s", what the sources make of it', async (name, password) => {
  const expected = await outcome(openPfx, name, password);
  expect(await outcome(bundled, name, password)).toEqual(expected);
  expect('facts' in expected).toBe(password === 'secret' && !['curve.pfx', 'two.pfx'].includes(name));
});

it('a bundle that makes certificates is not built without them', async () => {
  await expect(bundle('src/certificates/make.ts')).rejects.toThrow('needs all of node-forge');
});
