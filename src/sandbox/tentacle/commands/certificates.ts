import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { CertificateWithKey } from '../../server/certificate.ts';
import type { Command, CommandContext } from '../command.ts';
import { ControlledFailure, UnexpectedFailure } from '../failures.ts';
import { flag, valued } from '../options.ts';
import { capabilitiesOf } from '../version.ts';

// The PFX code brings node-forge with it, which most commands never need.
const loadCertificates = () => import('../../server/certificate.ts');

/** Below this many bits an imported key is warned of (CertificateGenerator.RecommendedKeyBitLength). */
const recommendedBits = 2048;

/** `new-certificate`: installed, or written to a file and not installed. A Tentacle that is too old does not know --export-pfx. */
export function newCertificate(version: string): Command {
  let [ifBlank, exportFile, exportPfx, password] = [false, '', '', ''];
  return {
    target: 'instance',
    options: [
      flag('b|if-blank', () => { ifBlank = true; }),
      valued('e|export-file', (value) => { exportFile = value; }),
      ...(capabilitiesOf(version).exportsPfx ? [valued('export-pfx', (value) => { exportPfx = value; }), valued('pfx-password', (value) => { password = value; })] : []),
    ],
    async run(context) {
      if (ifBlank && exportFile.trim()) throw new ControlledFailure('Invalid command: --if-blank and --export-file cannot be specified together');
      if (ifBlank && exportPfx.trim()) throw new ControlledFailure('Invalid command: --if-blank and --export-pfx cannot be specified together');
      if (exportFile.trim() && exportPfx.trim()) throw new ControlledFailure('Invalid command: --export-file and --export-pfx cannot be specified together');
      const own = context.ownCertificate();
      if (ifBlank && own.load()) return context.log('INFO', 'A certificate already exists, no changes will be applied.');
      const { generateCertificate, toPfx } = await loadCertificates();
      const certificate = generateCertificate('Octopus Tentacle', { digest: context.host.strikes('sha1Certificates') ? 'sha1' : 'sha256' });
      const target = exportFile.trim() || exportPfx.trim();
      if (target) {
        if (exportPfx.trim()) writeOut(context, target, toPfx(certificate, password || null));
        else writeOut(context, target, `\uFEFF${toPfx(certificate, '').toString('base64')}`);
        context.log('INFO', `A new certificate has been generated and written to ${target}. Thumbprint:`);
      } else {
        own.install(toPfx(certificate, ''), certificate.thumbprint);
        context.voteForRestart();
        context.log('INFO', 'A new certificate has been generated and installed. Thumbprint:');
      }
      context.log('INFO', certificate.thumbprint);
    },
  };
}

/** As .NET's File.WriteAllBytes: mode 0644 less the umask, over whatever is there; on a full disk an empty file stays. */
function writeOut({ host }: CommandContext, target: string, content: Buffer | string): void {
  const path = resolve(host.cwd, target);
  const isFull = host.strikes('diskFull');
  try {
    writeFileSync(path, isFull ? '' : content);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UnexpectedFailure(`Could not find a part of the path '${path}'.`, 'System.IO.DirectoryNotFoundException');
    if (code === 'EACCES' || code === 'EISDIR') throw new UnexpectedFailure(`Access to the path '${path}' is denied.`, 'System.UnauthorizedAccessException');
    if (code === 'ENOSPC') throw noSpace(path);
    throw error;
  }
  if (isFull) throw noSpace(path);
}

export function noSpace(path: string): UnexpectedFailure {
  return new UnexpectedFailure(`No space left on device : '${path}'`, 'System.IO.IOException');
}

/** `import-certificate`: from a PFX file, an old export file, or base64 (which ignores the password). */
export function importCertificate(version: string): Command {
  let [fromRegistry, file, base64, password] = [false, '', '', ''];
  return {
    target: 'instance',
    options: [
      flag('r|from-registry', () => { fromRegistry = true; }),
      valued('f|from-file', (value) => { file = value; }),
      ...(capabilitiesOf(version).importsBase64 ? [valued('b|from-base64', (value) => { base64 = value; })] : []),
      valued('pw|pfx-password', (value) => { password = value; }),
    ],
    async run(context) {
      const own = context.ownCertificate();
      const given = [fromRegistry, file.trim() !== '', base64.trim() !== ''].filter(Boolean).length;
      if (given === 0) throw new ControlledFailure('Please specify the certificate to import.');
      if (given > 1) throw new ControlledFailure('Please specify only one of either from-registry, from-file or from-base64.');
      if (fromRegistry) throw new UnexpectedFailure('Registry is not supported on this platform.', 'System.PlatformNotSupportedException');
      const { toPfx } = await loadCertificates();
      const certificate = base64 ? await fromBase64(context, base64, 'Importing the certificate via base64...') : await fromFile(context, file, password);
      if (context.host.strikes('importFails')) throw new UnexpectedFailure('Keyset does not exist', 'System.Security.Cryptography.CryptographicException');
      own.install(toPfx(certificate, ''), certificate.thumbprint);
      context.voteForRestart();
      if (bitsOf(certificate) < recommendedBits) context.log('WARN', "The imported certificate's private key is smaller than the currently-recommended bit length; generating a new key for the tentacle is advised.");
      context.log('INFO', `Certificate with thumbprint ${certificate.thumbprint} imported successfully.`);
    },
  };
}

const bitsOf = ({ certificatePem }: CertificateWithKey) => new X509Certificate(certificatePem).publicKey.asymmetricKeyDetails?.modulusLength ?? 0;

async function fromFile(context: CommandContext, file: string, password: string): Promise<CertificateWithKey> {
  const path = resolve(context.host.cwd, file);
  if (!existsSync(path)) throw new ControlledFailure(`Certificate '${file}' was not found.`);
  const bytes = readFileSync(path);
  // Whatever does not end in .pfx is taken for an old export first, and for a PFX when it is no base64.
  if (extname(file).toLowerCase() !== '.pfx') {
    const text = bytes.toString('utf8').replace(/^\uFEFF/, '').trim();
    const message = `Importing the certificate stored in ${file}...`;
    if (/^[A-Za-z0-9+/\s]+={0,2}$/.test(text) && text.replaceAll(/\s/g, '').length % 4 === 0) return fromBase64(context, text, message);
    context.log('INFO', message);
  }
  return fromPfxFile(context, file, bytes, password);
}

/** Without a password; what is loaded goes into the user's store at once. */
async function fromBase64(context: CommandContext, text: string, message: string): Promise<CertificateWithKey> {
  const { certificatesIn, toPfx, withKey } = await loadCertificates();
  context.log('INFO', message);
  let loaded: CertificateWithKey | undefined;
  try {
    const [first] = certificatesIn(Buffer.from(text, 'base64'), null);
    if (first?.keyPem) loaded = withKey(first.certificatePem, first.keyPem);
  } catch {
    // As below: whatever is wrong with it, the real one says the same.
  }
  if (loaded === undefined) throw new UnexpectedFailure('Unable to load certificate', 'System.InvalidOperationException');
  context.ownCertificate().addToStore(toPfx(loaded, ''));
  return loaded;
}

async function fromPfxFile(context: CommandContext, file: string, bytes: Buffer, password: string): Promise<CertificateWithKey> {
  const { certificatesIn, withKey } = await loadCertificates();
  context.log('INFO', `Importing the certificate stored in PFX file in ${file}${password ? ' using the provided password' : ''}...`);
  let certificates: ReturnType<typeof certificatesIn>;
  try {
    certificates = certificatesIn(bytes, password || null);
  } catch (error) {
    throw new UnexpectedFailure((error as Error).message, 'System.Security.Cryptography.CryptographicException');
  }
  const [first] = certificates;
  if (!first) throw new UnexpectedFailure(`The PFX file (${file}) does not contain any certificates.`, 'System.Exception');
  if (certificates.length > 1) context.log('INFO', `PFX file ${file} contains multiple certificates, taking the first one.`);
  if (first.keyPem) return withKey(first.certificatePem, first.keyPem);
  context.log('WARN', `The X509 certificate ${first.subject} was loaded but the private key was not loaded.`);
  throw new UnexpectedFailure('Unable to load X509 Certificate file. The X509 certificate file you provided does not include the private key. Please make sure the private key is included in your X509 certificate file and try again.', 'System.Security.Cryptography.CryptographicException');
}
