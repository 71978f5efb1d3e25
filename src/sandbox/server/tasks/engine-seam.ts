import type { ConnectToTentacle, TentacleConnection } from '../../wire/contract.ts';
import type { EngineMachine, RunAdHocScript, RunHealthCheck, RunRunbook } from '../../engine/contract.ts';
import type { MachineBase, Target } from '../database/documents.ts';
import type { PollingQueues } from '../polling-queues.ts';
import type { TentacleThumbprints } from '../tentacle-thumbprints.ts';

/** The certificate that the running process read at its start, not the one in the database now. */
export interface CertificateInForce { thumbprint: string; keyPem: string; certificatePem: string }

/** The engine, loaded when the first task needs it: a server that only answers REST starts faster. */
export const engine = {
  runbook: async (): Promise<RunRunbook> => (await import('../../engine/runbook.ts')).runRunbook,
  adHocScript: async (): Promise<RunAdHocScript> => (await import('../../engine/adhoc-script.ts')).runAdHocScript,
  health: async (): Promise<RunHealthCheck> => (await import('../../engine/health.ts')).runHealthCheck,
};

const connect: ConnectToTentacle = async (options) => (await import('../../wire/client.ts')).connectToTentacle(options);

/** Bounds how long a dead machine may take; a refused connection ends at once. */
const connectTimeoutMs = 10_000;

/** A registration as the engine sees it. */
export function engineMachine(machine: MachineBase, { certificate, thumbprints, queues }: { certificate: CertificateInForce; thumbprints: TentacleThumbprints; queues: PollingQueues }): EngineMachine {
  return {
    id: machine.Id, name: machine.Name, roles: (machine as Partial<Target>).Roles ?? [], isDisabled: machine.IsDisabled, healthStatus: machine.HealthStatus,
    connect: async (cancelled): Promise<TentacleConnection> => {
      const { Uri, CommunicationStyle } = machine.Endpoint;
      if (CommunicationStyle === 'TentacleActive') return queues.connect(Uri ?? '', cancelled);
      if (CommunicationStyle !== 'TentaclePassive') throw new Error(`sandbox: machines of style ${CommunicationStyle} are not simulated.`);
      const uri = new URL(Uri ?? '');
      return connect({ host: uri.hostname, port: Number(uri.port || 10933), keyPem: certificate.keyPem, certificatePem: certificate.certificatePem, expectedThumbprint: thumbprints.of(machine), timeoutMs: connectTimeoutMs });
    },
  };
}
