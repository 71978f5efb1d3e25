import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineLayout } from '../machines/layout.ts';
import type { LoadBalancerRecord, MachineRecord, NodeRecord, SandboxFile } from '../machines/sandbox-file.ts';
import type { LoadedCertificate } from '../tentacle/certificate-store.ts';
import { TentacleConfiguration } from '../tentacle/configuration.ts';
import { OwnCertificate, thumbprintKey } from '../tentacle/own-certificate.ts';
import { signatureAlgorithmOf } from '../tentacle/thumbprint.ts';
import type { TrustedServer } from '../tentacle/trusted-servers.ts';
import { readEvents, type TruthEvent } from './events.ts';
import { isReportCurrent, readReport, type RunningReport } from './running.ts';

/** What really is, whatever anybody believes. Thumbprints are 40 upper-case hex digits. */
export interface GroundTruth {
  server: {
    database: { thumbprint: string | null };
    /** `presents`: the certificate in force in the running process; null when it does not run. */
    nodes: NodeTruth[];
    /** Null when the estate has none. `inService`: the nodes that get requests. */
    loadBalancer: { machine: string; on: boolean; running: boolean; pid: number | null; inService: string[] } | null;
    /** What the mount points lead to; null with a single node. */
    share: string | null;
  };
  tentacles: TentacleTruth[];
  /** Targets and workers of every space that have a Tentacle's thumbprint. */
  registrations: RegistrationTruth[];
  events: TruthEvent[];
}

export interface NodeTruth {
  name: string;
  machine: string;
  running: boolean;
  pid: number | null;
  presents: string | null;
  /** How often the process has come up since the sandbox was made. */
  starts: number;
  /** As the database has it; null when it has no node of this name. */
  drained: boolean | null;
  lastSeen: string | null;
  /** Of the process that started last. */
  version: string | null;
  webPort: number | null;
  commsPort: number | null;
}

export interface TentacleTruth {
  machine: string;
  on: boolean;
  running: boolean;
  pid: number | null;
  /** How often its agent has started since the sandbox was made. */
  starts: number;
  /** As its configuration names it: `Tentacle.CertificateThumbprint`. */
  ownThumbprint: string | null;
  ownCertificate: OwnCertificateTruth;
  /** As the configuration file has it; null when it cannot be read. */
  stored: TrustedServer[] | null;
  /** As the running agent read it at its start; null when it does not run. */
  effective: TrustedServer[] | null;
  /** The polling loops of the running agent; null when it does not run. `connected`: a server that satisfies the entry serves it. */
  polling?: { address: string; subscription: string; thumbprint: string; connected: boolean }[] | null;
  port: number;
  config: string;
}

/** A Tentacle's own certificate: the three places where it is, and what follows from them. Thumbprints are those of the certificates themselves. */
export interface OwnCertificateTruth {
  /** By the running agent, which read it at its start; null when it does not run. */
  presented: CertificateTruth | null;
  /** In `Tentacle.Certificate`; null when there is none that can be read. */
  stored: CertificateTruth | null;
  /** In the x509stores of the user that the service runs as. */
  inStore: string[];
  /** What a start would present now; null when it would make a new one, or could not start. */
  nextStart: CertificateTruth | null;
}
export interface CertificateTruth { thumbprint: string; signatureAlgorithm: string }

export interface RegistrationTruth {
  id: string;
  space: string;
  name: string;
  as: 'target' | 'worker';
  /** The machine whose Tentacle is at the address; null when none is. */
  machine: string | null;
  uri: string | null;
  /** In the database. */
  thumbprint: string | null;
  /** As the last full health check found it. */
  signatureAlgorithm: string | null;
  isDisabled: boolean;
  healthStatus: string;
  /** What each node that runs expects, by the node's name; empty with a single node, which expects what the database holds. */
  expected: Record<string, string>;
}

/** Reads configuration files, database and what the processes reported of themselves, now. */
export function readGroundTruth(home: string, { machines, server, loadBalancer, share }: Pick<SandboxFile, 'machines' | 'server' | 'loadBalancer' | 'share'>): GroundTruth {
  const content = databaseContent(home);
  return {
    server: {
      database: { thumbprint: certificateIn(content)?.thumbprint ?? null },
      nodes: machines.filter(({ isServer }) => isServer).map((machine) => nodeTruth(machine, server?.nodes?.find((node) => node.machine === machine.name), content?.Collections.OctopusServerNodes ?? [])),
      loadBalancer: loadBalancer ? balancerTruth(loadBalancer) : null,
      share: share ?? null,
    },
    tentacles: machines.map((machine) => tentacleTruth(machine)),
    registrations: content ? registrationsIn(content, machines) : [],
    events: readEvents(home),
  };
}

function nodeTruth(machine: MachineRecord, made: NodeRecord | undefined, rows: StoredNode[]): NodeTruth {
  const report = readReport<{ node?: string; name?: string; presents?: string }>(machine.dir, 'octopusserver');
  const running = isReportCurrent(report);
  const name = (running ? report?.node ?? report?.name : undefined) ?? made?.name ?? report?.node ?? machine.name;
  const row = rows.find(({ Name }) => Name === name);
  return {
    name, machine: machine.name, running,
    pid: running ? report?.pid ?? null : null, presents: running ? report?.presents ?? null : null, starts: report?.starts ?? 0,
    drained: row?.IsInMaintenanceMode ?? null, lastSeen: row?.LastSeen ?? null, version: row?.Version ?? null, webPort: made?.webPort ?? null, commsPort: made?.commsPort ?? null,
  };
}

function balancerTruth({ machine, dir }: LoadBalancerRecord): GroundTruth['server']['loadBalancer'] {
  const report = readReport<{ inService: string[] }>(dir, 'load-balancer');
  const running = isReportCurrent(report);
  return { machine, on: isOn(dir), running, pid: running ? report?.pid ?? null : null, inService: running ? report?.inService ?? [] : [] };
}

function tentacleTruth(machine: MachineRecord): TentacleTruth {
  const report = readReport<{ effective: TrustedServer[]; thumbprint?: string; signatureAlgorithm?: string }>(machine.dir, 'tentacle');
  const running = isReportCurrent(report as RunningReport | undefined);
  const loops = readReport<{ loops: NonNullable<TentacleTruth['polling']> }>(machine.dir, 'polling');
  const polling = isReportCurrent(loops) ? loops?.loops ?? [] : [];
  const configuration = new TentacleConfiguration(machine.config);
  const own = new OwnCertificate(configuration, { machineDir: machine.dir, userHome: machine.platform === 'windows' ? null : machineLayout(machine.dir).root });
  const described = (loaded: LoadedCertificate | null): CertificateTruth | null => loaded && { thumbprint: loaded.thumbprint, signatureAlgorithm: signatureAlgorithmOf(loaded.der) };
  return {
    machine: machine.name,
    on: isOn(machine.dir),
    running,
    pid: running ? report?.pid ?? null : null,
    starts: report?.starts ?? 0,
    ownThumbprint: attempt(() => configuration.get(thumbprintKey)),
    ownCertificate: {
      presented: running && report?.thumbprint !== undefined ? { thumbprint: report.thumbprint, signatureAlgorithm: report.signatureAlgorithm ?? 'unknown' } : null,
      stored: described(attempt(() => own.stored())),
      inStore: attempt(() => own.inStore()) ?? [],
      nextStart: described(attempt(() => own.load(false))),
    },
    stored: attempt(() => configuration.trustedServers),
    effective: running ? report?.effective ?? null : null,
    polling: running ? polling : null,
    port: machine.port,
    config: machine.config,
  };
}

function registrationsIn({ Collections }: StoredContent, machines: MachineRecord[]): RegistrationTruth[] {
  const expectations = machines.filter(({ isServer }) => isServer).flatMap(({ dir }) => {
    const report = readReport<{ node: string; expected: Record<string, string> }>(dir, 'expected-thumbprints');
    return report && isReportCurrent(report) ? [report] : [];
  });
  const described = (as: RegistrationTruth['as'], rows: StoredRegistration[]): RegistrationTruth[] => rows.filter(({ Endpoint }) => Endpoint.Thumbprint).map(({ Id, SpaceId, Name, Endpoint, IsDisabled, HealthStatus }) => ({
    id: Id, space: Collections.Spaces.find((space) => space.Id === SpaceId)?.Name ?? SpaceId, name: Name, as, machine: machines.find((machine) => isAt(machine, Endpoint.Uri ?? ''))?.name ?? null, uri: Endpoint.Uri ?? null,
    thumbprint: Endpoint.Thumbprint ?? null, signatureAlgorithm: Endpoint.CertificateSignatureAlgorithm ?? null, isDisabled: IsDisabled, healthStatus: HealthStatus,
    expected: Object.fromEntries(expectations.flatMap(({ node, expected }) => (expected[Id] === undefined ? [] : [[node, expected[Id]]]))),
  }));
  return [...described('target', Collections.Machines), ...described('worker', Collections.Workers)];
}

function isAt({ port, subscription }: MachineRecord, uri: string): boolean {
  return uri.startsWith('poll:') ? subscription !== null && subscription !== undefined && uri.toLowerCase() === subscription.toLowerCase() : new RegExp(`:${port}/?$`).test(uri);
}

const isOn = (machineDir: string): boolean => readText(machineLayout(machineDir).power).trim() !== 'off';

/** The server certificate that the database holds now; null when there is no database that can be read. */
export function databaseCertificate(home: string): { thumbprint: string; der: Buffer } | null {
  return certificateIn(databaseContent(home));
}

interface StoredNode { Name: string; LastSeen: string; IsInMaintenanceMode: boolean; Version?: string }
interface StoredRegistration { Id: string; SpaceId: string; Name: string; IsDisabled: boolean; HealthStatus: string; Endpoint: { Uri?: string | null; Thumbprint?: string | null; CertificateSignatureAlgorithm?: string | null } }
interface StoredContent { Collections: { Certificates: { Id: string; Thumbprint: string; Certificate: string }[]; OctopusServerNodes: StoredNode[]; Spaces: { Id: string; Name: string }[]; Machines: StoredRegistration[]; Workers: StoredRegistration[] } }

export function databasePath(home: string): string {
  return join(home, 'server', 'octopus.db.json');
}

function databaseContent(home: string): StoredContent | null {
  return attempt(() => JSON.parse(readText(databasePath(home))) as StoredContent);
}

function certificateIn(content: StoredContent | null): { thumbprint: string; der: Buffer } | null {
  const found = content?.Collections.Certificates.find(({ Id }) => Id === 'certificate-global');
  return found ? { thumbprint: found.Thumbprint, der: Buffer.from(found.Certificate, 'base64') } : null;
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
