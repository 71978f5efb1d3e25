import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromPfx, generateCertificate, toPfx } from '../../../src/sandbox/server/certificate.ts';
import { parseOptions } from '../../../src/sandbox/server/cli/options.ts';
import { ServerHarness } from './harness.ts';

let server: ServerHarness;
beforeAll(async () => {
  server = await ServerHarness.create();
});
afterAll(() => server.dispose());

const file = (name: string) => join(server.home, name);
const current = () => server.database.read().Collections.Certificates[0]?.Thumbprint;

describe('certificates', () => {
  it('are made as Octopus makes them', () => {
    const now = new Date('2026-03-04T15:16:17Z');
    const x509 = new X509Certificate(generateCertificate('Octopus Portal', { now }).certificatePem);
    expect([x509.subject, x509.issuer, new Date(x509.validFrom).toISOString(), new Date(x509.validTo).toISOString()]).toEqual(['CN=Octopus Portal', 'CN=Octopus Portal', '2026-03-03T00:00:00.000Z', '2126-03-04T00:00:00.000Z']);
    expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: x509.toString() }).toString();
    expect(text).toContain('sha256WithRSAEncryption');
    expect(text).not.toContain('X509v3 extensions');
    expect(x509.verify(x509.publicKey)).toBe(true);
  });

  it('export to a PFX with 3DES and a SHA-1 MAC that Node and openssl open, with and without a password', () => {
    const certificate = generateCertificate('Octopus Portal');
    const pfx = toPfx(certificate, 'secret');
    writeFileSync(file('check.pfx'), pfx);
    const info = execFileSync('openssl', ['pkcs12', '-in', file('check.pfx'), '-passin', 'pass:secret', '-info', '-noout'], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    expect(info).toBeDefined();
    expect(() => createSecureContext({ pfx, passphrase: 'secret' })).not.toThrow();
    expect(fromPfx(pfx, 'secret')).toMatchObject({ certificate: { thumbprint: certificate.thumbprint }, several: false });
    expect(fromPfx(toPfx(certificate, null), null).certificate.thumbprint).toBe(certificate.thumbprint);
    expect(fromPfx(toPfx(certificate, ''), null).certificate.thumbprint).toBe(certificate.thumbprint);
    expect(() => fromPfx(pfx, 'wrong')).toThrow('The certificate data cannot be read with the provided password, the password may be incorrect.');
  });
});

describe('export-certificate', () => {
  it('prints the documented lines and writes the certificate in use', async () => {
    const path = file('old.pfx');
    const { code, stdout, stderr } = await server.run(['export-certificate', '--instance=OctopusServer', `--export-pfx=${path}`, '--pfx-password', 'secret', '--console']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`Checking the Octopus Master Key has been configured.\nExporting certificate...\nThe certificate has been written to ${path}.\n`);
    expect(fromPfx(readFileSync(path), 'secret').certificate.thumbprint).toBe(current());
  });
});

describe('new-certificate', () => {
  it('writes a new certificate without installing it', async () => {
    const path = file('new.pfx');
    const before = current();
    const { code, stdout } = await server.run(['new-certificate', `--export-pfx=${path}`, '--pfx-password=secret']);
    const { thumbprint } = fromPfx(readFileSync(path), 'secret').certificate;
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(1)).toEqual(['Generating certificate...', 'The Octopus Server currently uses a certificate with thumbprint:', before, 'A new certificate has been generated with thumbprint:', thumbprint, `The new certificate has been written to ${path}.`, '']);
    expect(current()).toBe(before);
  });

  it('wants to be told what to do, and replaces at once when it is', async () => {
    expect((await server.run(['new-certificate'])).code).toBe(1);
    const before = current();
    const { stdout } = await server.run(['new-certificate', '--replace']);
    expect(stdout).toContain(`old thumbprint = ${before}, new thumbprint = ${current()}`);
    expect(current()).not.toBe(before);
  });

  it('does not know the certificate of type grpc', async () => {
    expect((await server.run(['new-certificate', `--export-pfx=${file('grpc.pfx')}`, '--type=grpc'])).code).toBe(1);
    expect(existsSync(file('grpc.pfx'))).toBe(false);
  });
});

describe('import-certificate', () => {
  it('prints the documented lines, changes the database and says that a restart is needed', async () => {
    await server.run(['new-certificate', `--export-pfx=${file('next.pfx')}`, '--pfx-password=secret']);
    const before = current();
    const { code, stdout } = await server.run(['import-certificate', `--from-file=${file('next.pfx')}`, '--pfx-password=secret']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `Importing the certificate stored in PFX file in ${file('next.pfx')} using the provided password...`, 'Checking the Octopus Master Key has been configured.',
      `The certificate CN=Octopus Portal was updated; old thumbprint = ${before}, new thumbprint = ${current()}`, 'Certificate imported successfully.', 'These changes require a restart of the Octopus Server.', '']);
    expect(server.truth().at(-1)).toMatchObject({ event: 'certificate-imported', from: before, to: current() });
  });

  it('refuses a wrong password, a file that is none, one without a key, and an EC key, changing nothing', async () => {
    const before = current();
    const certificate = generateCertificate('Octopus Portal');
    writeFileSync(file('some.pfx'), toPfx(certificate, 'secret'));
    writeFileSync(file('cert.pem'), certificate.certificatePem);
    writeFileSync(file('none.pfx'), 'not a PFX');
    execFileSync('openssl', ['pkcs12', '-export', '-nokeys', '-in', file('cert.pem'), '-out', file('nokey.pfx'), '-passout', 'pass:secret']);
    const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(file('ec.key'), ec);
    execFileSync('openssl', ['req', '-x509', '-key', file('ec.key'), '-subj', '/CN=EC', '-out', file('ec.pem')]);
    execFileSync('openssl', ['pkcs12', '-export', '-inkey', file('ec.key'), '-in', file('ec.pem'), '-out', file('ec.pfx'), '-passout', 'pass:secret']);
    for (const [name, password, code, text] of [['some.pfx', 'wrong', 100, 'the password may be incorrect'], ['none.pfx', 'x', 100, 'ASN1 corrupted data'], ['nokey.pfx', 'secret', 100, 'the private key was not loaded'], ['ec.pfx', 'secret', 100, 'RSA'], ['absent.pfx', 'x', 1, 'was not found']] as const) {
      const answer = await server.run(['import-certificate', '-f', file(name), '--pw', password]);
      expect([name, answer.code], name).toEqual([name, code]);
      expect(answer.stderr, name).toContain(text);
      if (code === 100) expect(answer.stderr).toContain('Terminating process with exit code 100\nFull error details are available in the log files at:');
    }
    expect(current()).toBe(before);
  });

  it('takes PFX files of openssl, AES and RC2, and the first of several certificates', async () => {
    const certificate = generateCertificate('Octopus Portal');
    writeFileSync(file('own.key'), certificate.keyPem);
    writeFileSync(file('own.pem'), certificate.certificatePem);
    for (const legacy of [[], ['-legacy']]) {
      execFileSync('openssl', ['pkcs12', '-export', ...legacy, '-inkey', file('own.key'), '-in', file('own.pem'), '-out', file('own.pfx'), '-passout', 'pass:secret']);
      expect((await server.run(['import-certificate', '-f', file('own.pfx'), '--pw', 'secret'])).code, legacy.join()).toBe(0);
    }
    expect(current()).toBe(certificate.thumbprint);
    writeFileSync(file('more.pem'), generateCertificate('Another').certificatePem);
    execFileSync('openssl', ['pkcs12', '-export', '-inkey', file('own.key'), '-in', file('own.pem'), '-certfile', file('more.pem'), '-out', file('two.pfx'), '-passout', 'pass:secret']);
    expect((await server.run(['import-certificate', '-f', file('two.pfx'), '--pw', 'secret'])).stdout).toContain(`PFX file ${file('two.pfx')} contains multiple certificates, taking the first one.`);
  });

  it('fails with the exit code of the switch and changes nothing', async () => {
    const before = current();
    for (const code of [1, 100]) {
      server.faults({ importCertificate: code });
      expect((await server.run(['import-certificate', '-f', file('next.pfx'), '--pw', 'secret'])).code).toBe(code);
    }
    server.faults({});
    expect(current()).toBe(before);
  });
});

describe('the other commands', () => {
  it('show-thumbprint: the bare thumbprint, or JSON', async () => {
    expect((await server.run(['show-thumbprint'])).stdout).toBe(current());
    expect(JSON.parse((await server.run(['show-thumbprint', '--format=json'])).stdout)).toEqual({ Thumbprint: current() });
  });

  it('list-instances, version and show-configuration, without the master key', async () => {
    const config = join(server.machineDir, 'octopus', 'OctopusServer.config');
    expect((await server.run(['list-instances'])).stdout).toBe(`Instance 'OctopusServer' uses configuration '${config}'.\n`);
    expect(JSON.parse((await server.run(['list-instances', '--format=json'])).stdout)).toEqual([{ InstanceName: 'OctopusServer', ConfigurationFilePath: config }]);
    expect((await server.run(['version'])).stdout).toBe('2026.2.1000\n');
    const flat = JSON.parse((await server.run(['show-configuration', '--format=json'])).stdout);
    expect(flat).toMatchObject({ 'Octopus.Communications.ServicesPort': String(server.server.commsPort), 'Octopus.Storage.NodeName': 'NODE1' });
    expect(JSON.parse((await server.run(['show-configuration', '--format=json-hierarchical'])).stdout).Octopus.Storage.NodeName).toBe('NODE1');
    const xml = (await server.run(['show-configuration', `--config=${config}`])).stdout;
    expect(xml).toContain('<set key="Octopus.Home">');
    expect(xml + JSON.stringify(flat)).not.toContain('MasterKey');
  });

  it('node: sets cap and drain, and refuses what does not go together', async () => {
    expect((await server.run(['node', '--drain=true', '--wait=1', '--taskCap=3'])).code).toBe(0);
    expect(server.database.read().Collections.OctopusServerNodes[0]).toMatchObject({ IsInMaintenanceMode: true, MaxConcurrentTasks: 3 });
    expect((await server.run(['node', '--drain=false'])).code).toBe(0);
    expect(server.database.read().Collections.OctopusServerNodes[0]?.IsInMaintenanceMode).toBe(false);
    expect((await server.run(['node', '--wait=3'])).code).toBe(1);
    expect((await server.run(['node', '--drain=maybe'])).code).toBe(1);
  });

  it('service: exit code 0 even when systemctl fails, 1 without sudo', async () => {
    const bin = file('bin');
    mkdirSync(bin);
    const tool = (name: string, body: string) => {
      writeFileSync(join(bin, name), `#!/bin/bash\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    tool('sudo', 'exit 0');
    tool('systemctl', `echo "$@" >> ${file('systemctl.log')}; [ "$1" != stop ]`);
    const { code, stdout, stderr } = await server.run(['service', '--instance', 'OctopusServer', '--start', '--stop'], bin);
    expect(code).toBe(0);
    expect(stdout).toBe('Stopping service: OctopusDeploy\nService started: OctopusDeploy\n');
    expect(stderr).toBe("The command 'systemctl stop octopusserver' failed with exit code: 1\nThe service could not be stopped\n");
    expect(readFileSync(file('systemctl.log'), 'utf8')).toBe('stop octopusserver\nstart octopusserver\n');
    tool('systemctl', '[ "$1" != is-active ]');
    expect((await server.run(['service', '--restart'], bin)).stdout).toContain("wasn't restarted as it is not running");
    expect((await server.run(['service', '--config=x', '--start'], bin)).code).toBe(1);
    tool('sudo', 'exit 1');
    const refused = await server.run(['service', '--start'], bin);
    expect([refused.code, refused.stderr]).toEqual([1, 'Requires elevated privileges. Please run command as sudo.\n']);
  });

  it('unknown options, commands and instances end as documented', async () => {
    const option = await server.run(['show-thumbprint', '--x=y']);
    expect([option.code, option.stderr]).toEqual([1, 'Unrecognized command line arguments: --x=y\n']);
    const command = await server.run(['frobnicate']);
    expect([command.code, command.stderr]).toEqual([2, "Command 'frobnicate' is not supported\n"]);
    expect((await server.run([])).code).toBe(2);
    expect((await server.run(['rotate-master-key'])).stderr).toContain("sandbox: the command 'rotate-master-key' is not simulated");
    const instance = await server.run(['show-thumbprint', '--instance=Other']);
    expect([instance.code, instance.stderr]).toEqual([1, 'Instance Other of Octopus Server has not been configured on this machine. Available instances: OctopusServer.\n']);
    expect((await server.run(['node', '--help'])).stdout).toContain('--drain=VALUE');
  });

  it('options may be written in every accepted form, in any case', () => {
    for (const args of [['--Drain=true'], ['--drain', 'true'], ['-drain', 'true'], ['/drain:true'], ['--noninteractive', '--DRAIN=true', '--console']]) {
      expect(parseOptions(args, { drain: 'value' }), args.join(' ')).toEqual({ values: new Map([['drain', 'true']]), unrecognized: [], missing: [] });
    }
    expect(parseOptions(['--pw', 'a=b'], { 'pfx-password|pw': 'value' }).values.get('pfx-password')).toBe('a=b');
  });
});
