import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fromPfx, generateCertificate, toPfx, type CertificateWithKey } from '../certificate.ts';
import { storeCertificate } from '../creation.ts';
import type { Database } from '../database/database.ts';
import { Faults } from '../faults.ts';
import { readCertificate } from '../run.ts';
import { homeOfMachine, TruthLog } from '../truth-log.ts';
import { compatibility, type Command, type CommandContext } from './command.ts';
import { ControlledFailure, print, restartNotice } from './console.ts';

const masterKeyCheck = 'Checking the Octopus Master Key has been configured.';

/** `grpc` is a certificate of its own, which this sandbox does not have. */
function onlyTentacleType(options: Map<string, string>): void {
  const type = options.get('type')?.toLowerCase() ?? 'tentacle';
  if (type === 'grpc') throw new ControlledFailure('sandbox: the certificate of type grpc is not simulated.');
  if (type !== 'tentacle') throw new ControlledFailure(`Unrecognized certificate type '${type}'. Expected: tentacle, grpc.`);
}

function current(database: Database): CertificateWithKey {
  const inDatabase = readCertificate(database);
  return { ...inDatabase, subject: new X509Certificate(inDatabase.certificatePem).subject.split('\n').join(', ') };
}

/** Replaces the certificate in the database; the running server keeps the one that it read at its start. */
function replace(context: CommandContext, certificate: CertificateWithKey, event: string): string {
  const database = context.database();
  const old = database.write((content) => {
    const thumbprint = content.Collections.Certificates[0]?.Thumbprint ?? '';
    storeCertificate(database, content, certificate);
    return thumbprint;
  });
  new TruthLog(context.machineDir).event(event, { from: old, to: certificate.thumbprint });
  return old;
}

const password = (options: Map<string, string>): string | null => options.get('pfx-password') || null;

export const exportCertificate: Command = {
  summary: 'Exports the X.509 certificate that is used by Octopus Server to authenticate itself with its Tentacles',
  options: { 'export-pfx': 'value', 'pfx-password': 'value', type: 'value' },
  run: (context) => {
    const path = context.options.get('export-pfx');
    if (!path) throw new ControlledFailure('Please specify the filename of the PFX to export to, e.g., --export-pfx=VALUE');
    onlyTentacleType(context.options);
    print(masterKeyCheck);
    print('Exporting certificate...');
    writeFileSync(path, toPfx(current(context.database()), password(context.options)), { mode: 0o600 });
    print(`The certificate has been written to ${path}.`);
  },
};

export const newCertificate: Command = {
  summary: 'Creates a new X.509 certificate that can be used by Octopus Server to authenticate itself with its Tentacles',
  options: { replace: 'flag', 'export-pfx': 'value', 'pfx-password': 'value', type: 'value', ...compatibility },
  run: (context) => {
    const path = context.options.get('export-pfx');
    const replaces = context.options.has('replace');
    if (!path && !replaces) throw new ControlledFailure('Please specify either --replace or --export-pfx=VALUE');
    onlyTentacleType(context.options);
    print(masterKeyCheck);
    print('Generating certificate...');
    const old = current(context.database());
    const certificate = generateCertificate('Octopus Portal');
    if (path) {
      print('The Octopus Server currently uses a certificate with thumbprint:');
      print(old.thumbprint);
      print('A new certificate has been generated with thumbprint:');
      print(certificate.thumbprint);
      writeFileSync(path, toPfx(certificate, password(context.options)), { mode: 0o600 });
      print(`The new certificate has been written to ${path}.`);
    }
    if (!replaces) return;
    const thumbprint = replace(context, certificate, 'certificate-replaced');
    print(`The certificate ${certificate.subject} was regenerated; old thumbprint = ${thumbprint}, new thumbprint = ${certificate.thumbprint}`);
    print(restartNotice);
  },
};

export const importCertificate: Command = {
  summary: 'Replaces the X.509 certificate that Octopus Server uses to authenticate itself with its Tentacles',
  options: { 'from-file|f': 'value', 'pfx-password|pw': 'value', type: 'value', ...compatibility },
  run: (context) => {
    const given = context.options.get('from-file');
    if (!given) throw new ControlledFailure('Please specify the certificate to import.');
    onlyTentacleType(context.options);
    const path = resolve(given);
    if (!existsSync(path)) throw new ControlledFailure(`Certificate '${given}' was not found.`);
    const secret = password(context.options);
    print(`Importing the certificate stored in PFX file in ${given}${secret === null ? '' : ' using the provided password'}...`);
    print(masterKeyCheck);
    const fault = new Faults(homeOfMachine(context.machineDir), basename(context.machineDir)).current().importCertificate;
    if (fault === 1) throw new ControlledFailure('The certificate could not be imported.');
    if (fault !== undefined) throw new Error('The certificate could not be imported.');
    const { certificate, several } = fromPfx(readFileSync(path), secret);
    if (several) print(`PFX file ${given} contains multiple certificates, taking the first one.`);
    const old = replace(context, certificate, 'certificate-imported');
    print(`The certificate ${certificate.subject} was updated; old thumbprint = ${old}, new thumbprint = ${certificate.thumbprint}`);
    print('Certificate imported successfully.');
    print(restartNotice);
  },
};

export const showThumbprint: Command = {
  summary: 'Shows the squid and thumbprint of this instance',
  options: { 'export-file|e': 'value', format: 'value' },
  run: (context) => {
    const format = context.options.get('format')?.toLowerCase() ?? 'text';
    if (format !== 'text' && format !== 'json') throw new ControlledFailure(`The format '${format}' is not supported. Try text or json.`);
    const [stored] = context.database().read().Collections.Certificates;
    const text = format === 'json' ? JSON.stringify({ Thumbprint: stored?.Thumbprint ?? null }) : stored?.Thumbprint ?? '';
    const file = context.options.get('export-file');
    if (file) writeFileSync(file, text);
    else process.stdout.write(text);
  },
};
