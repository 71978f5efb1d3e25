import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineLayout } from '../machines/layout.ts';
import type { MachineRecord } from '../machines/sandbox-file.ts';
import { TentacleConfiguration } from '../tentacle/configuration.ts';
import type { TrustedServer } from '../tentacle/trusted-servers.ts';
import { readEvents, type TruthEvent } from './events.ts';
import { isReportCurrent, readReport, type RunningReport } from './running.ts';

/** What really is, whatever anybody believes. Thumbprints are 40 upper-case hex digits. */
export interface GroundTruth {
  server: {
    database: { thumbprint: string | null };
    /** `presents`: the certificate in force in the running process; null when it does not run. */
    nodes: { name: string; machine: string; running: boolean; pid: number | null; presents: string | null; drained?: unknown }[];
  };
  tentacles: TentacleTruth[];
  events: TruthEvent[];
}

export interface TentacleTruth {
  machine: string;
  on: boolean;
  running: boolean;
  pid: number | null;
  /** How often its agent has started since the sandbox was made. */
  starts: number;
  ownThumbprint: string | null;
  /** As the configuration file has it; null when it cannot be read. */
  stored: TrustedServer[] | null;
  /** As the running agent read it at its start; null when it does not run. */
  effective: TrustedServer[] | null;
  /** The polling loops of the running agent; null when it does not run. `connected`: a server that satisfies the entry serves it. */
  polling?: { address: string; subscription: string; thumbprint: string; connected: boolean }[] | null;
  port: number;
  config: string;
}

/** Reads configuration files, database and what the processes reported of themselves, now. */
export function readGroundTruth(home: string, machines: MachineRecord[]): GroundTruth {
  return {
    server: {
      database: { thumbprint: databaseCertificate(home)?.thumbprint ?? null },
      nodes: machines.filter(({ isServer }) => isServer).map((machine) => nodeTruth(machine)),
    },
    tentacles: machines.map((machine) => tentacleTruth(machine)),
    events: readEvents(home),
  };
}

function nodeTruth(machine: MachineRecord): GroundTruth['server']['nodes'][number] {
  const report = readReport<{ node?: string; name?: string; presents?: string }>(machine.dir, 'octopusserver');
  const running = isReportCurrent(report);
  return {
    name: report?.node ?? report?.name ?? machine.name, machine: machine.name, running,
    pid: running ? report?.pid ?? null : null, presents: running ? report?.presents ?? null : null,
  };
}

function tentacleTruth(machine: MachineRecord): TentacleTruth {
  const report = readReport<{ effective: TrustedServer[] }>(machine.dir, 'tentacle');
  const running = isReportCurrent(report as RunningReport | undefined);
  const loops = readReport<{ loops: NonNullable<TentacleTruth['polling']> }>(machine.dir, 'polling');
  const polling = isReportCurrent(loops) ? loops?.loops ?? [] : [];
  const configuration = new TentacleConfiguration(machine.config);
  return {
    machine: machine.name,
    on: readText(machineLayout(machine.dir).power).trim() !== 'off',
    running,
    pid: running ? report?.pid ?? null : null,
    starts: report?.starts ?? 0,
    ownThumbprint: attempt(() => configuration.get('Tentacle.CertificateThumbprint')),
    stored: attempt(() => configuration.trustedServers),
    effective: running ? report?.effective ?? null : null,
    polling: running ? polling : null,
    port: machine.port,
    config: machine.config,
  };
}

/** The server certificate that the database holds now; null when there is no database that can be read. */
export function databaseCertificate(home: string): { thumbprint: string; der: Buffer } | null {
  return attempt(() => {
    const content = JSON.parse(readText(join(home, 'server', 'octopus.db.json'))) as { Collections: { Certificates: { Id: string; Thumbprint: string; Certificate: string }[] } };
    const found = content.Collections.Certificates.find(({ Id }) => Id === 'certificate-global');
    return found ? { thumbprint: found.Thumbprint, der: Buffer.from(found.Certificate, 'base64') } : null;
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A file that is just being written, or broken, has no content to tell. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
