import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';
import { type AgentOptions, startAgent, type Agent } from '../../../src/sandbox/tentacle/agent.ts';
import { TentacleConfiguration } from '../../../src/sandbox/tentacle/configuration.ts';
import type { TrustedServer } from '../../../src/sandbox/tentacle/trusted-servers.ts';
import { newRoot, tentacle } from './host.ts';

const certificates = join(import.meta.dirname, '../../conformance/fixtures/certificates');

/** One of the recorded certificates, read by the server's own PFX code: A, B and C play servers, T is the Tentacle's. */
export async function certificate(name: 'A' | 'B' | 'C' | 'T') {
  const { fromPfx } = await import('../../../src/sandbox/server/certificate.ts');
  return fromPfx(readFileSync(join(certificates, `${name}.pfx`)), null).certificate;
}

export interface RunningAgent { root: string; port: number; configuration: TentacleConfiguration; agent: Agent; log(): string }

/** A Tentacle with certificate T on a free port, its agent running in this process. */
export async function runningAgent(trusted: Partial<TrustedServer>[], change: Partial<AgentOptions> & { noListen?: boolean; root?: string } = {}): Promise<RunningAgent> {
  const root = change.root ?? newRoot();
  const config = join(root, 'Tentacle.config');
  const port = await freePort();
  if (!change.root) {
    await tentacle(root, ['create-instance', `--config=${config}`, '--instance=Tentacle']);
    await tentacle(root, ['import-certificate', `--config=${config}`, `--from-file=${join(certificates, 'T.pfx')}`]);
    await tentacle(root, ['configure', `--config=${config}`, `--port=${port}`, ...(change.noListen ? ['--noListen=true'] : [])]);
  }
  const configuration = new TentacleConfiguration(config);
  if (!change.root) configuration.set({ 'Tentacle.Communication.TrustedOctopusServers': JSON.stringify(trusted) });
  const agent = await startAgent({
    configuration, place: { machineDir: root, userHome: join(root, 'root') }, instanceName: 'Tentacle', version: '8.3.2', executable: join(root, 'bin', 'Tentacle'), env: { PATH: process.env.PATH },
    started: () => undefined, dropConnections: () => false, ...change,
  });
  return { root, port: configuration.port, configuration, agent, log: () => readFileSync(join(root, 'Logs', 'OctopusTentacle.txt'), 'utf8') };
}

/** An entry as `configure --trust` writes it. */
export function passive(thumbprint: string): TrustedServer {
  return { Thumbprint: thumbprint, CommunicationStyle: 1, Address: null, Squid: null, SubscriptionId: null };
}
