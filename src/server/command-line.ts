import { isThumbprint, parseThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { serverErrors } from '../errors/server.ts';
import type { CommandResult, Processes } from '../ports/processes.ts';

/** Octopus.Server on this machine. Each call succeeds only by exit code 0 and every mandatory line; the caller adds an independent check (octopus-server-cli.md section 4). */
export interface OctopusServerCommands {
  readonly executable: string;
  /** Writes the certificate of the database into a PFX file. */
  exportCertificate(path: string, password: string): Promise<void>;
  /** Makes a new certificate into a PFX file, without using it. Never `--replace` (A35). */
  newCertificate(path: string, password: string): Promise<{ current: Thumbprint; made: Thumbprint }>;
  /** Puts a certificate into the database; in force after a restart. */
  importCertificate(path: string, password: string): Promise<{ before: Thumbprint; after: Thumbprint }>;
  /** The thumbprint that the database shows now. */
  showThumbprint(): Promise<Thumbprint>;
  /** Port that polling Tentacles connect to; the certificate in force is shown there. */
  communicationsPort(): Promise<number>;
  /** What the configuration of this node says of it: its name, that port, and the folder that all nodes share, where it says one. */
  node(): Promise<{ name: string; port: number; sharedFolder: string | null }>;
  /** Stops and starts the service. Exit code 0 proves nothing (section 3): the caller looks. */
  restartService(): Promise<void>;
  startService(): Promise<void>;
}

const INSTANCE = 'OctopusServer';
const STANDARD_PLACES = ['/opt/octopus/octopusserver/Octopus.Server', '/Octopus/Octopus.Server', '/opt/octopus/server/Octopus.Server'];
const COMMAND_TIMEOUT_MS = 180_000;

/** Finds the executable: where the administrator says, on PATH, or in the standard places (section 1). */
export async function findOctopusServer(processes: Processes, exists: (path: string) => Promise<boolean>, configured?: string): Promise<string> {
  const tried = configured ? [configured] : STANDARD_PLACES;
  if (!configured) {
    const found = await processes.find('Octopus.Server');
    if (found) return found;
  }
  for (const path of tried) if (await exists(path)) return path;
  throw serverErrors.SERVER_EXECUTABLE_MISSING({ tried: configured ? tried : ['PATH', ...tried] });
}

/** Commands of the default instance, run with the executable given. */
export function octopusServer(processes: Processes, executable: string, restartCommand?: string): OctopusServerCommands {
  async function run(command: string, options: string[], secrets: string[] = []): Promise<string> {
    const result = await processes.run({ file: executable, args: [command, `--instance=${INSTANCE}`, ...options, '--console'], timeoutMs: COMMAND_TIMEOUT_MS, secrets });
    return checked(command, result, secrets);
  }

  return {
    executable,
    async exportCertificate(path, password) {
      const output = await run('export-certificate', [`--export-pfx=${path}`, `--pfx-password=${password}`], [password]);
      demand('export-certificate', output, /^The certificate has been written to .+\.\s*$/m, 'The certificate has been written to');
    },
    async newCertificate(path, password) {
      const output = await run('new-certificate', [`--export-pfx=${path}`, `--pfx-password=${password}`], [password]);
      const current = demand('new-certificate', output, /currently uses a certificate with thumbprint:\s*([0-9a-fA-F]{40})\b/, 'currently uses a certificate with thumbprint');
      const made = demand('new-certificate', output, /has been generated with thumbprint:\s*([0-9a-fA-F]{40})\b/, 'A new certificate has been generated with thumbprint');
      demand('new-certificate', output, /^The new certificate has been written to .+\.\s*$/m, 'The new certificate has been written to');
      return { current: parseThumbprint(current[1]!), made: parseThumbprint(made[1]!) };
    },
    async importCertificate(path, password) {
      const output = await run('import-certificate', [`--from-file=${path}`, `--pfx-password=${password}`], [password]);
      const line = demand('import-certificate', output, /was (?:updated|regenerated); old thumbprint = ([0-9a-fA-F]{40}),\s*new thumbprint = ([0-9a-fA-F]{40})/, 'old thumbprint = ..., new thumbprint = ...');
      demand('import-certificate', output, /^Certificate imported successfully\.\s*$/m, 'Certificate imported successfully.');
      return { before: parseThumbprint(line[1]!), after: parseThumbprint(line[2]!) };
    },
    async showThumbprint() {
      const output = await run('show-thumbprint', ['--format=text']);
      const found = output.match(/[0-9a-fA-F]{40}(?![0-9a-fA-F])/g)?.at(-1)?.toUpperCase() ?? '';
      if (!isThumbprint(found)) throw serverErrors.SERVER_OUTPUT_UNEXPECTED({ command: 'show-thumbprint', missing: '40 hexadecimal digits', output });
      return found;
    },
    async communicationsPort() {
      return portIn(await run('show-configuration', ['--format=json']));
    },
    async node() {
      const output = await run('show-configuration', ['--format=json']);
      const text = (key: string) => new RegExp(`"Octopus\\.${key}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`);
      const name = demand('show-configuration', output, text('(?:Storage|Server)\\.NodeName'), 'Octopus.Storage.NodeName');
      const shared = output.match(text('[A-Za-z]+\\.ClusterShared(?:Directory)?'))?.[1];
      return { name: JSON.parse(name[1]!) as string, port: portIn(output), sharedFolder: shared === undefined ? null : (JSON.parse(shared) as string) || null };
    },
    async restartService() {
      if (restartCommand) {
        await runShell('restart', restartCommand);
        return;
      }
      await run('service', ['--stop', '--start']);
    },
    async startService() {
      if (restartCommand) {
        await runShell('start', restartCommand);
        return;
      }
      await run('service', ['--start']);
    },
  };

  async function runShell(command: string, line: string): Promise<void> {
    checked(command, await processes.run({ file: '/bin/sh', args: ['-c', line], timeoutMs: COMMAND_TIMEOUT_MS }), []);
  }
}

function portIn(output: string): number {
  return Number(demand('show-configuration', output, /"Octopus\.Communications\.ServicesPort"\s*:\s*"?(\d{1,5})"?/, 'Octopus.Communications.ServicesPort')[1]);
}

function checked(command: string, result: CommandResult, secrets: string[]): string {
  const hide = (text: string) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '********'), text);
  if (result.notStarted) throw serverErrors.SERVER_EXECUTABLE_MISSING({ tried: [`it could not be started: ${result.notStarted}`] });
  if (result.exitCode === null) throw serverErrors.SERVER_COMMAND_UNKNOWN({ command, seconds: Math.round(COMMAND_TIMEOUT_MS / 1000) });
  const output = hide(`${result.stdout}\n${result.stderr}`.replaceAll('\r\n', '\n').trim());
  if (/the private key was not loaded/.test(output)) throw serverErrors.PRIVATE_KEY_NOT_LOADED({ command });
  if (result.exitCode !== 0) throw serverErrors.SERVER_COMMAND_FAILED({ command, exitCode: result.exitCode, output: lastLines(output) });
  return hide(result.stdout.replaceAll('\r\n', '\n'));
}

function demand(command: string, output: string, pattern: RegExp, missing: string): RegExpMatchArray {
  const found = output.match(pattern);
  if (!found) throw serverErrors.SERVER_OUTPUT_UNEXPECTED({ command, missing, output: lastLines(output) });
  return found;
}

function lastLines(text: string): string {
  return text.split('\n').filter((line) => line.trim() !== '').slice(-4).join(' | ');
}
