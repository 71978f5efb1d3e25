import { X509Certificate } from 'node:crypto';
import { basename } from 'node:path';
import type { Server } from 'node:tls';
import { ArtifactStore } from './artifacts.ts';
import { listenForTentacles } from './comms-listener.ts';
import type { Database } from './database/database.ts';
import { Faults } from './faults.ts';
import { foldersOf } from './folders.ts';
import type { Configuration } from './instance.ts';
import { databaseOf } from './open-database.ts';
import { PackageStore } from './packages.ts';
import { PollingQueues } from './polling-queues.ts';
import { createApp } from './rest/app.ts';
import type { ServerContext } from './rest/context.ts';
import { ServerLog } from './server-log.ts';
import { adHocScriptRunner } from './tasks/adhoc-script.ts';
import type { CertificateInForce } from './tasks/engine-seam.ts';
import { healthRunner } from './tasks/health.ts';
import { TaskQueue } from './tasks/queue.ts';
import { regenerateTaskRunner } from './tasks/regenerate-task.ts';
import { runbookRunRunner } from './tasks/runbook-run.ts';
import { TaskLogs } from './tasks/task-logs.ts';
import { trustTaskRunner } from './tasks/trust-task.ts';
import { homeOfMachine, TruthLog } from './truth-log.ts';
import { installedVersion } from './installed-version.ts';
import { giveSignOfLife, registerNode } from './node-registration.ts';
import { TentacleThumbprints } from './tentacle-thumbprints.ts';
import { nodeOfflineAfterMs, pollingPauseFactor } from '../machines/sandbox-file.ts';
import { reportRunning } from '../truth/running.ts';

/** How many signs of life a node gives in the time after which it would count as offline. */
const heartbeats = 6;

/** The certificate in the database now, opened with the master key. Throws `Padding is invalid ..` under another key. */
export function readCertificate(database: Database): CertificateInForce {
  const [stored] = database.read().Collections.Certificates;
  if (!stored) throw new Error('The database holds no server certificate.');
  return { thumbprint: stored.Thumbprint, keyPem: database.reveal(stored.PrivateKey), certificatePem: new X509Certificate(Buffer.from(stored.Certificate, 'base64')).toString() };
}

interface Stores { packages: PackageStore; artifacts: ArtifactStore }

export interface RunningServer { stop(): Promise<void> }

/**
 * Runs one node until stopped. The certificate is read once, here: an import takes effect at the next start
 * (octopus-server-cli.md section 5). REST answers 503 until everything else is up.
 */
export async function runServer(machineDir: string, configuration: Configuration): Promise<RunningServer> {
  const home = homeOfMachine(machineDir);
  const folders = foldersOf(configuration);
  const log = new ServerLog(folders.home);
  const truth = new TruthLog(machineDir);
  const faults = new Faults(home, basename(machineDir));
  if (faults.current().serverStart === 'fails') {
    truth.event('server-start-failed', {});
    throw new Error('The server was told not to start.');
  }
  const nodeName = configuration.get('Octopus.Storage.NodeName') ?? basename(machineDir);
  const database = databaseOf(machineDir, configuration);
  const web = new URL(configuration.get('Octopus.WebPortal.ListenPrefixes') ?? '');
  const logs = new TaskLogs(folders.taskLogs);
  const offlineAfterMs = nodeOfflineAfterMs(home);
  const queue = new TaskQueue({ database, nodeName, logs, log, truth, faults, offlineAfterMs });
  const stores: Stores = { packages: new PackageStore(database, folders.packages), artifacts: new ArtifactStore(database, folders.artifacts) };
  const uri = database.read().PortalUri ?? web.origin;
  const version = installedVersion(machineDir) ?? database.read().ServerVersion;
  const thumbprints = new TentacleThumbprints(database, {
    isStale: () => faults.current().staleThumbprints ?? true,
    changed: (expected) => reportRunning(machineDir, 'expected-thumbprints', { node: nodeName, expected }),
  });
  const context: ServerContext = { database, folders, faults, log, truth, queue, logs, thumbprints, nodeName, version, offlineAfterMs, uri, startedAt: new Date(), phase: 'starting' };
  log.write('INFO', `Octopus Server ${version} is starting (node ${nodeName})`);
  const app = await createApp(context, stores);
  await app.listen({ host: '127.0.0.1', port: Number(web.port) });
  const { listener, heart } = await startUp(context, stores, configuration, pollingPauseFactor(home)).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  return {
    stop: async () => {
      context.phase = 'stopping';
      log.write('INFO', 'Octopus Server is stopping');
      clearInterval(heart);
      queue.stop();
      listener.close();
      await app.close();
      truth.event('server-stopped', { node: nodeName, pid: process.pid });
    },
  };
}

/** What follows once the web port answers 503: certificate, communications port, lost tasks, queue. */
async function startUp(context: ServerContext, stores: Stores, configuration: Configuration, pauseFactor: number): Promise<{ listener: Server; heart: NodeJS.Timeout }> {
  const { database, queue, truth, faults, log, nodeName, uri, thumbprints, offlineAfterMs } = context;
  const certificate = readCertificate(database);
  const queues = new PollingQueues(pauseFactor);
  const parts = { database, artifacts: stores.artifacts, certificate, thumbprints, queues, serverUri: uri };
  queue.runner('Health', healthRunner(parts));
  queue.runner('AdHocScript', adHocScriptRunner(parts));
  queue.runner('TentacleAddTrust', trustTaskRunner(parts, faults, '--trust'));
  queue.runner('TentacleRemoveTrust', trustTaskRunner(parts, faults, '--remove-trust'));
  queue.runner('TentacleRegenerateCertificate', regenerateTaskRunner(parts, faults, truth));
  queue.runner('RunbookRun', runbookRunRunner({ ...parts, packages: stores.packages }));
  const listener = await listenForTentacles({
    port: Number(configuration.get('Octopus.Communications.ServicesPort')), certificate, queues, log, pauseFactor,
    isRegistered: (thumbprint) => thumbprints.isRegistered(thumbprint),
    poller: (event, detail) => truth.event(event, { node: nodeName, ...detail }),
  });
  registerNode(database, { name: nodeName, version: context.version, webPort: Number(new URL(configuration.get('Octopus.WebPortal.ListenPrefixes') ?? '').port) });
  const heart = setInterval(() => {
    try {
      giveSignOfLife(database, nodeName);
      queue.markAbandoned();
    } catch (error) {
      log.write('ERROR', `The node could not give a sign of life: ${error instanceof Error ? error.message : String(error)}`);
    }
  }, offlineAfterMs / heartbeats);
  queue.markLost();
  truth.effective({ unit: 'octopusserver.service', node: nodeName, pid: process.pid, presents: certificate.thumbprint, startedAt: context.startedAt.toISOString() });
  truth.event('server-started', { node: nodeName, pid: process.pid, thumbprint: certificate.thumbprint });
  if (faults.current().serverStart !== 'hangs') {
    context.phase = 'ready';
    queue.start();
    log.write('INFO', `Listening for Tentacles with the certificate ${certificate.thumbprint}; web portal at ${uri}`);
  }
  return { listener, heart };
}
