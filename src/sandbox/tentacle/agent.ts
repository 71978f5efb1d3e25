import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { Server } from 'node:tls';
import type { ScriptRequest } from '../wire/contract.ts';
import type { Call } from '../wire/frames.ts';
import type { TentacleConfiguration } from './configuration.ts';
import { UnexpectedFailure } from './failures.ts';
import type { LoadedCertificate } from './certificate-store.ts';
import { listen } from './listener.ts';
import { LogFile } from './log-file.ts';
import { LostResults } from './lost-results.ts';
import { OwnCertificate, type CertificatePlace } from './own-certificate.ts';
import { startPoller, type Poller } from './poller.ts';
import { Scripts } from './scripts.ts';
import { signatureAlgorithmOf } from './thumbprint.ts';
import { absoluteUri, addOrUpdate, style, type TrustedServer } from './trusted-servers.ts';

export interface AgentOptions {
  configuration: TentacleConfiguration;
  /** Where its own certificate is kept. */
  place: CertificatePlace;
  instanceName: string | null;
  version: string;
  executable: string;
  env: NodeJS.ProcessEnv;
  /** On a Windows machine: the version of its PowerShell. */
  windows?: { shellVersion: string };
  /** Told once the trust list is read and in force: what is in it, and which certificate is presented. */
  started(state: { effective: TrustedServer[]; thumbprint: string; signatureAlgorithm: string; port: number | null }): void;
  dropConnections(): boolean;
  /** Whether the result of a script that printed this never reaches the server. */
  losesResult?(output: string): boolean;
  /** Told of every server that was let in on the listening port, by its thumbprint. */
  authenticated?(server: string): void;
  /** What the pauses of polling are divided by; 1 when absent. */
  pollingPauseFactor?: number;
  /** Told of every polling loop whenever one reaches its server or loses it. */
  polling?(loops: PollingLoop[]): void;
}

/** One entry that is polled; `connected` while a server that satisfies it serves its subscription. */
export interface PollingLoop { address: string; subscription: string; thumbprint: string; connected: boolean }

export interface Agent { stop(): Promise<void> }

/**
 * The Tentacle's service: reads trust once, logs it, polls for every complete polling entry, listens (tentacle-trust.md
 * sections 5 to 7).
 * @throws UnexpectedFailure for a list that cannot be read or repaired, or a port that is taken: the agent does not start.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { configuration } = options;
  const log = new LogFile(configuration.home, options.env.OCTOPUS__TENTACLE__LOGLEVEL);
  log.write('INFO', `Tentacle version ${options.version} (${options.version}) instance ${options.instanceName ?? 'Default'}`);
  const own = new OwnCertificate(configuration, options.place);
  const certificate = own.load() ?? await newCertificate(own, log);
  const { der, thumbprint } = certificate;

  if (!configuration.noListen) fixCommunicationStyle(configuration, log);
  const effective = configuration.trustedServers;
  for (const server of effective) log.write('INFO', `Agent will trust Octopus Servers with the thumbprint: ${server.Thumbprint}`);
  if (effective.length === 0) log.write('INFO', 'The agent is not configured to trust any Octopus Servers.');
  const scripts = new Scripts(configuration.home, scriptEnvironment(options, der));
  const lost = new LostResults((output) => options.losesResult?.(output) ?? false);
  const handle = (call: Call) => Promise.resolve().then(() => answer(scripts, lost, call, () => about(options, der)));
  const pollers = startPolling(options, effective, log, { pfx: certificate.pfx, ownThumbprint: thumbprint, handle });

  const port = configuration.noListen ? null : configuration.port;
  let server: Server | undefined;
  if (port === null) {
    log.write('INFO', 'Agent will not listen on any TCP ports');
  } else {
    const endpoint = `${configuration.listenIp || '[::]'}:${port}`;
    try {
      server = await listen({
        port, endpoint, pfx: certificate.pfx, trusted: effective.map((entry) => entry.Thumbprint), log,
        handle, dropConnections: options.dropConnections, authenticated: (thumbprint) => options.authenticated?.(thumbprint),
      });
    } catch (error) {
      for (const poller of pollers) poller.stop();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new UnexpectedFailure(`A required communications port is already in use: ${endpoint}`, 'System.Net.Sockets.SocketException');
    }
    log.write('INFO', `Agent listening on: ${endpoint}`);
  }
  options.started({ effective, thumbprint, signatureAlgorithm: signatureAlgorithmOf(der), port });
  const alive = setInterval(() => undefined, 60_000);
  return {
    async stop() {
      clearInterval(alive);
      for (const poller of pollers) poller.stop();
      if (server) await new Promise((resolve) => server.close(resolve).unref());
    },
  };
}

async function newCertificate(own: OwnCertificate, log: LogFile): Promise<LoadedCertificate> {
  const { generateCertificate, toPfx } = await import('../server/certificate.ts');
  const certificate = generateCertificate('Octopus Tentacle');
  own.install(toPfx(certificate, ''), certificate.thumbprint);
  log.write('INFO', 'A new certificate has been generated and installed as none were yet available. Thumbprint:');
  log.write('INFO', certificate.thumbprint);
  return own.load() as LoadedCertificate;
}

/** Entries without a style become passive, one by one; beside an equal one this throws, and the agent does not start. */
function fixCommunicationStyle(configuration: TentacleConfiguration, log: LogFile): void {
  for (const server of configuration.trustedServers.filter((entry) => entry.CommunicationStyle === style.none)) {
    configuration.trustedServers = addOrUpdate(configuration.trustedServers, { ...server, CommunicationStyle: style.passive });
    log.write('INFO', `Fixed communication style for: ${server.Thumbprint}`);
  }
}

/** Starts the loops of every entry that polls. Two equal entries both poll, harmlessly. */
function startPolling(options: AgentOptions, servers: TrustedServer[], log: LogFile, own: { pfx: Buffer; ownThumbprint: string; handle(call: Call): Promise<unknown> }): Poller[] {
  const connections = Math.max(1, Number(options.configuration.get('Tentacle.Communication.PollingConnectionCount') ?? 1));
  const loops: PollingLoop[] = [];
  const pollers: Poller[] = [];
  for (const server of servers.filter((entry) => entry.CommunicationStyle === style.active || entry.CommunicationStyle === style.kubernetes)) {
    if (server.Address === null) {
      log.write('WARN', `Configured to connect to server ${JSON.stringify(server)}, but its configuration is incomplete; skipping.`);
      continue;
    }
    const [address, subscription] = [server.Address, server.SubscriptionId ?? 'poll:///'];
    log.write('INFO', `Agent will poll Octopus Server at ${absoluteUri(address)} for subscription ${subscription} expecting thumbprint ${server.Thumbprint}`);
    log.write('INFO', `Starting ${connections} polling connections`);
    // Only .NET Framework can be the client of a web socket (Halibut's HalibutRuntime.Poll).
    if (/^wss:/i.test(address)) {
      for (const poller of pollers) poller.stop();
      throw new UnexpectedFailure('The netstandard build of this library cannot act as the client in a WebSocket polling setup', 'System.NotSupportedException');
    }
    for (let index = 0; index < connections; index += 1) {
      const loop: PollingLoop = { address, subscription, thumbprint: server.Thumbprint, connected: false };
      loops.push(loop);
      pollers.push(startPoller({
        address, subscription, thumbprint: server.Thumbprint, log, ...own, pauseFactor: options.pollingPauseFactor ?? 1,
        connected(is) {
          loop.connected = is;
          options.polling?.(loops);
        },
      }));
    }
  }
  options.polling?.(loops);
  return pollers;
}

function answer(scripts: Scripts, lost: LostResults, call: Call, about: () => unknown): unknown {
  switch (call.operation) {
    case 'about': return about();
    case 'startScript': return scripts.start(call.request as ScriptRequest);
    case 'getStatus': {
      const status = scripts.status(call.ticket, call.afterSequence);
      lost.check(call.ticket, status, () => scripts.status(call.ticket, 0).logs.map(({ text }) => text).join('\n'));
      return status;
    }
    case 'cancelScript': return scripts.cancel(call.ticket);
    case 'completeScript': return scripts.complete(call.ticket);
    default: throw new Error(`The embedded Tentacle does not know the operation '${(call as { operation: string }).operation}'.`);
  }
}

/** step-packages.md 8.6. The machine's own programs come first in the path. */
function scriptEnvironment(options: AgentOptions, der: Buffer): NodeJS.ProcessEnv {
  const { configuration, executable, env } = options;
  return {
    ...env,
    PATH: [dirname(executable), ...(env.PATH ?? '').split(delimiter).filter((entry) => entry !== dirname(executable))].join(delimiter),
    TentacleHome: configuration.home,
    TentacleApplications: configuration.applicationDirectory,
    TentacleJournal: configuration.journal,
    TentacleInstanceName: options.instanceName ?? '',
    TentacleVersion: options.version,
    TentacleExecutablePath: executable,
    TentacleProgramDirectoryPath: dirname(executable),
    AgentProgramDirectoryPath: dirname(executable),
    TentacleCertificateSignatureAlgorithm: signatureAlgorithmOf(der),
    TentacleUseDefaultProxy: 'True',
    TentacleProxyUsername: '',
    TentacleProxyPassword: '',
    TentacleProxyHost: '',
    TentacleProxyPort: '80',
  };
}

function about({ version, windows }: AgentOptions, der: Buffer): Record<string, string> {
  if (windows) return { version, certificateSignatureAlgorithm: signatureAlgorithmOf(der), shell: 'PowerShell', shellVersion: windows.shellVersion, operatingSystem: 'Microsoft Windows NT 10.0.20348.0' };
  const bash = spawnSync('bash', ['-c', 'echo "$BASH_VERSION"'], { encoding: 'utf8' });
  return {
    version,
    certificateSignatureAlgorithm: signatureAlgorithmOf(der),
    shell: 'Bash',
    shellVersion: (bash.stdout ?? '').trim(),
    operatingSystem: operatingSystem(),
  };
}

function operatingSystem(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    if (name) return name;
  } catch {
    // A computer without the file still has a kernel to name.
  }
  return `Linux ${release()} ${arch()}`;
}
