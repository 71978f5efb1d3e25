import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { ControlledFailure, UnexpectedFailure } from '../failures.ts';
import { flag, valued } from '../options.ts';

// The PFX code brings node-forge with it, which most commands never need.
const loadPfx = () => import('../../server/certificate.ts');

/** `new-certificate`: installed, or written to a file and not installed. */
export function newCertificate(): Command {
  let [ifBlank, exportFile, exportPfx, password] = [false, '', '', ''];
  return {
    target: 'instance',
    options: [
      flag('b|if-blank', () => { ifBlank = true; }),
      valued('e|export-file', (value) => { exportFile = value; }),
      valued('export-pfx', (value) => { exportPfx = value; }),
      valued('pfx-password', (value) => { password = value; }),
    ],
    async run(context) {
      if (ifBlank && exportFile) throw new ControlledFailure('Invalid command: --if-blank and --export-file cannot be specified together');
      if (ifBlank && exportPfx) throw new ControlledFailure('Invalid command: --if-blank and --export-pfx cannot be specified together');
      if (exportFile && exportPfx) throw new ControlledFailure('Invalid command: --export-file and --export-pfx cannot be specified together');
      const configuration = context.configuration();
      if (ifBlank && configuration.certificate) return context.log('INFO', 'A certificate already exists, no changes will be applied.');
      const { generateCertificate, toPfx } = await loadPfx();
      const certificate = generateCertificate('Octopus Tentacle');
      const target = exportFile || exportPfx;
      if (target) {
        const path = resolve(context.host.cwd, target);
        if (exportPfx) writeFileSync(path, toPfx(certificate, password || null), { mode: 0o600 });
        else writeFileSync(path, `\uFEFF${toPfx(certificate, '').toString('base64')}`, { mode: 0o600 });
        context.log('INFO', `A new certificate has been generated and written to ${target}. Thumbprint:`);
      } else {
        configuration.installCertificate(toPfx(certificate, ''), certificate.thumbprint);
        context.voteForRestart();
        context.log('INFO', 'A new certificate has been generated and installed. Thumbprint:');
      }
      context.log('INFO', certificate.thumbprint);
    },
  };
}

/** `import-certificate`: from a PFX file, an old export file, or base64 (which ignores the password). */
export function importCertificate(): Command {
  let [fromRegistry, file, base64, password] = [false, '', '', ''];
  return {
    target: 'instance',
    options: [
      flag('r|from-registry', () => { fromRegistry = true; }),
      valued('f|from-file', (value) => { file = value; }),
      valued('b|from-base64', (value) => { base64 = value; }),
      valued('pw|pfx-password', (value) => { password = value; }),
    ],
    async run(context) {
      const configuration = context.configuration();
      const given = [fromRegistry, file !== '', base64 !== ''].filter(Boolean).length;
      if (given === 0) throw new ControlledFailure('Please specify the certificate to import.');
      if (given > 1) throw new ControlledFailure('Please specify only one of either from-registry, from-file or from-base64.');
      if (fromRegistry) throw new UnexpectedFailure('Registry is not supported on this platform.', 'System.PlatformNotSupportedException');
      const { fromPfx, toPfx } = await loadPfx();
      const read = (pfx: Buffer, secret: string) => fromPfx(pfx, secret === '' ? null : secret).certificate;
      let certificate;
      if (base64) {
        context.log('INFO', 'Importing the certificate via base64...');
        try {
          certificate = read(Buffer.from(base64, 'base64'), '');
        } catch {
          throw new UnexpectedFailure('Unable to load certificate', 'System.InvalidOperationException');
        }
      } else {
        const path = resolve(context.host.cwd, file);
        if (!existsSync(path)) throw new ControlledFailure(`Certificate '${file}' was not found.`);
        const bytes = readFileSync(path);
        const text = bytes.toString('utf8').replace(/^\uFEFF/, '').trim();
        const encoded = extname(file).toLowerCase() !== '.pfx' && /^[A-Za-z0-9+/=\s]+$/.test(text);
        if (encoded) context.log('INFO', `Importing the certificate stored in ${file}...`);
        else context.log('INFO', `Importing the certificate stored in PFX file in ${file}${password ? ' using the provided password' : ''}...`);
        try {
          certificate = encoded ? read(Buffer.from(text, 'base64'), '') : read(bytes, password);
        } catch (error) {
          throw new UnexpectedFailure((error as Error).message, 'System.Security.Cryptography.CryptographicException');
        }
      }
      configuration.installCertificate(toPfx(certificate, ''), certificate.thumbprint);
      context.voteForRestart();
      context.log('INFO', `Certificate with thumbprint ${certificate.thumbprint} imported successfully.`);
    },
  };
}
