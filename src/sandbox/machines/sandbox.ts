import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateKind } from '../server/certificate.ts';
import { createServer, createServerCertificate } from '../server/creation.ts';
import { makeKeyPair } from '../server/certificate.ts';
import { findPwsh } from '../windows/pwsh.ts';
import type { Estate } from './estate.ts';
import { freePort } from './free-port.ts';
import { copyCertificate, createLoadBalancer, createMachine, type MachineRecord, type MachineSpec } from './machine.ts';
import { readSandboxFile, sandboxFilePath, writeSandboxFile, type SandboxFile } from './sandbox-file.ts';

/** Linux allows 107 bytes for the path of a unix socket. */
const longestSocketPath = 107;

/**
 * Makes the sandbox of an estate below `home`, or takes the one that is there. `programs` is the folder of the bundles.
 * Nothing runs afterwards. `pauseFactor` divides the pauses of polling, whatever the estate says. A home that was left half made has no sandbox.json and is refused.
 */
export async function createSandbox(home: string, estate: Estate | null, programs: string, pauseFactor?: number): Promise<SandboxFile> {
  if (existsSync(sandboxFilePath(home))) {
    const file = readSandboxFile(home);
    if (pauseFactor === undefined || pauseFactor === file.pollingPauseFactor) return file;
    const changed = { ...file, pollingPauseFactor: pauseFactor };
    writeSandboxFile(home, changed);
    return changed;
  }
  if (!estate) throw new Error(`There is no sandbox in ${home} yet: say with --estate what to make it from.`);
  if (existsSync(join(home, 'machines'))) throw new Error(`The sandbox in ${home} was not made completely. Delete the folder, or take another one.`);
  // Made while everything else is made, a PowerShell looked for included.
  const serverKeys = makeKeyPair();
  const keys = estate.machines.map(() => makeKeyPair());
  const pwsh = estate.machines.some(({ platform }) => platform === 'windows') ? findPwsh(process.env) : null;
  const machineSpecs = estate.machines.filter(({ platform }) => platform !== 'windows' || pwsh !== null);
  const notRehearsed = estate.machines.filter((machine) => !machineSpecs.includes(machine)).map(({ name }) => `${name}: no pwsh`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const certificate = createServerCertificate(await serverKeys);
  const machines: MachineRecord[] = [];
  const commsPorts: number[] = [];
  for (let node = 0; node < estate.server.nodes.length; node += 1) commsPorts.push(await freePort());
  const addresses = commsPorts.map((port) => `https://127.0.0.1:${port}`);
  const hasSeveralNodes = estate.server.nodes.length > 1;
  const preload = hasSeveralNodes ? join(programs, 'machine-preload.js') : undefined;
  const share = hasSeveralNodes ? join(home, 'share') : undefined;
  if (share !== undefined) mkdirSync(share, { mode: 0o700 });
  for (const [index, { name, state, platform, mode, noListen = true, tentacleVersion, foreignTrust = [], ownCertificate }] of machineSpecs.entries()) {
    machines.push(await createMachine(home, {
      name, state, tentacleVersion, programs, node: process.execPath, certificate: { ...kindOf(ownCertificate), keys: await keys[index]! },
      trusted: [certificate.thumbprint, ...foreignTrust],
      ...(mode === 'polling' ? { polls: { addresses, noListen } } : {}),
      ...(platform === 'windows' && pwsh ? { windows: pwsh } : {}),
      ...(preload === undefined ? {} : { preload }),
      ...serverParts(estate, name, share),
    }));
  }
  for (const { name, cloneOf } of machineSpecs) {
    const [copy, original] = [name, cloneOf].map((wanted) => machines.find((machine) => machine.name === wanted));
    if (copy && original) copyCertificate(original, copy);
  }
  const balancer = estate.server.loadBalancer;
  const loadBalancer = balancer && await createLoadBalancer(home, { name: balancer.machine, programs, node: process.execPath, ...(preload === undefined ? {} : { preload }) });
  const server = await createServer(home, { ...estate, machines: machineSpecs }, machines, certificate, { commsPorts, ...(loadBalancer ? { portal: `http://127.0.0.1:${loadBalancer.port}` } : {}) });
  const file: SandboxFile = {
    ...(loadBalancer ? { loadBalancer } : {}), ...(share === undefined ? {} : { share }), offlineAfterSeconds: estate.server.offlineAfterSeconds,
    controlPort: await freePort(), controlToken: randomBytes(24).toString('base64url'), supervisorSocket: socketPath(home), machines, server, notRehearsed, pollingPauseFactor: pauseFactor ?? estate.pollingPauseFactor,
  };
  writeSandboxFile(home, file);
  return file;
}

function kindOf(own: Estate['machines'][number]['ownCertificate']): CertificateKind {
  return {
    ...(own?.signatureAlgorithm === 'sha1RSA' ? { digest: 'sha1' as const } : {}),
    ...(own?.madeOn === undefined ? {} : { now: new Date(`${own.madeOn}T12:00:00Z`) }),
    ...(own?.validTo === undefined ? {} : { notAfter: new Date(`${own.validTo}T00:00:00Z`) }),
  };
}

function serverParts(estate: Estate, machine: string, share: string | undefined): Pick<MachineSpec, 'isServer' | 'share' | 'serverVersion'> {
  const node = estate.server.nodes.find((candidate) => candidate.machine === machine);
  return { isServer: node !== undefined, ...(node?.version === undefined ? {} : { serverVersion: node.version }), ...(node && share !== undefined ? { share } : {}) };
}

function socketPath(home: string): string {
  const inside = join(home, 'supervisor.sock');
  if (Buffer.byteLength(inside) <= longestSocketPath) return inside;
  return join(tmpdir(), `octopus-sandbox-${createHash('sha256').update(home).digest('hex').slice(0, 16)}.sock`);
}
