import type { Thumbprint } from '../certificates/thumbprint.ts';
import { certificateFactsOf } from '../certificates/certificate.ts';
import type { CertificateFacts } from '../certificates/contract.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import type { OctopusServerCommands } from '../server/command-line.ts';
import { readPeer } from '../tentacle/trust-probe.ts';
import type { PhaseContext } from './context.ts';

/** The node of this machine is asked at its own address, never through a load balancer (rule 8). */
export const NODE_ADDRESS = '127.0.0.1';

/** Which certificate the server shows, from three independent sides. */
export interface ServerObservation {
  rest: Thumbprint;
  database: Thumbprint;
  node: CertificateFacts;
}

export async function observeServer(context: PhaseContext, octopus: OctopusClient, server: OctopusServerCommands): Promise<ServerObservation> {
  return { rest: (await octopus.certificate()).thumbprint, database: await server.showThumbprint(), node: await presentedByNode(context, await server.communicationsPort()) };
}

/** The certificate that the node presents on a new connection, ended so that it logs no error (tentacle-trust.md section 8). */
export async function presentedByNode(context: Pick<PhaseContext, 'network'>, port: number): Promise<CertificateFacts> {
  return certificateFactsOf((await readPeer(context.network, { host: NODE_ADDRESS, port, timeoutMs: 10_000 })).der);
}
