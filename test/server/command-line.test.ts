import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemProcesses } from '../../src/runners/ports/processes.ts';
import { octopusServer } from '../../src/server/command-line.ts';
import { NEW, OLD } from '../support/estate-pieces.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'octopus-server-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An `Octopus.Server` that notes its arguments and says what it is told. */
function saying(output: string, exitCode = 0) {
  const executable = join(folder, 'Octopus.Server');
  writeFileSync(join(folder, 'output'), output);
  writeFileSync(executable, `#!/bin/sh\nprintf '%s\\n' "$@" >>'${join(folder, 'arguments')}'\ncat '${join(folder, 'output')}'\nexit ${exitCode}\n`, { mode: 0o755 });
  return octopusServer(systemProcesses, executable);
}
const given = () => readFileSync(join(folder, 'arguments'), 'utf8').trim().split('\n');
const MADE = `The server currently uses a certificate with thumbprint: ${OLD}\nA new certificate has been generated with thumbprint: ${NEW}\nThe new certificate has been written to /s/new.pfx.\n`;

describe('Octopus.Server', () => {
  it('A35: makes a new certificate into a file and never lets it replace the one in force', async () => {
    expect(await saying(MADE).newCertificate('/s/new.pfx', 'secret')).toEqual({ current: OLD, made: NEW });
    expect(given()).toEqual(['new-certificate', '--instance=OctopusServer', '--export-pfx=/s/new.pfx', '--pfx-password=secret', '--console']);
  });

  it.each([0, 1])('A22: that says "the private key was not loaded" has failed, with exit code %i too', async (exitCode) => {
    const server = saying(`${MADE}Exporting the certificate, but the private key was not loaded.\n`, exitCode);
    await expect(server.newCertificate('/s/new.pfx', 'secret')).rejects.toMatchObject({ code: 'PRIVATE_KEY_NOT_LOADED', failureMode: 'A22' });
  });

  it('C15: exit code 0 without its lines is not taken for success', async () => {
    await expect(saying('Done.\n').importCertificate('/s/new.pfx', 'secret')).rejects.toMatchObject({ code: 'SERVER_OUTPUT_UNEXPECTED' });
  });

  it('A23: a password that the command repeats is not shown', async () => {
    const error = await saying('cannot open with canary-password\n', 1).importCertificate('/s/new.pfx', 'canary-password').catch((one: unknown) => one as Error);
    expect((error as Error).message).toContain('********');
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('canary-password');
  });

  it('A15: says what its node is called, where Tentacles connect to, and which folder the nodes share, if any', async () => {
    const configuration = { 'Octopus.Communications.ServicesPort': '10943', 'Octopus.Folder.ClusterSharedDirectory': 'C:\\Shared "a"', 'Octopus.Storage.NodeName': 'NODE1' };
    expect(await saying(JSON.stringify(configuration, null, 2)).node()).toEqual({ name: 'NODE1', port: 10943, sharedFolder: 'C:\\Shared "a"' });
    const { 'Octopus.Folder.ClusterSharedDirectory': _, ...alone } = configuration;
    expect(await saying(JSON.stringify(alone)).node()).toEqual({ name: 'NODE1', port: 10943, sharedFolder: null });
    await expect(saying('{}').node()).rejects.toMatchObject({ code: 'SERVER_OUTPUT_UNEXPECTED' });
  });
});
