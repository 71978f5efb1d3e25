import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command, CommandContext, TentacleHost } from './command.ts';
import { importCertificate, newCertificate, noSpace } from './commands/certificates.ts';
import { configure } from './commands/configure.ts';
import { createInstance, deleteInstance } from './commands/instances.ts';
import { runAgentCommand } from './commands/run.ts';
import { service } from './commands/service.ts';
import { listInstancesCommand, showConfiguration, showThumbprint } from './commands/show.ts';
import { clearTrustedServers, pollServer, serverComms, updateTrust } from './commands/trust.ts';
import { TentacleConfiguration } from './configuration.ts';
import { ControlledFailure, describeFailure, UnexpectedFailure } from './failures.ts';
import { listInstances } from './instances.ts';
import { LogFile, type LogLevel } from './log-file.ts';
import { OwnCertificate } from './own-certificate.ts';
import { flag, parseOptions, valued } from './options.ts';
import { capabilitiesOf } from './version.ts';

const commands: Record<string, (version: string) => Command> = {
  'clear-trusted-servers': clearTrustedServers,
  configure,
  'create-instance': createInstance,
  'delete-instance': deleteInstance,
  'import-certificate': importCertificate,
  'list-instances': listInstancesCommand,
  'new-certificate': newCertificate,
  'poll-server': pollServer,
  run: runAgentCommand,
  'server-comms': serverComms,
  service,
  'show-configuration': showConfiguration,
  'show-thumbprint': showThumbprint,
  'update-trust': updateTrust,
};

/** Commands of the real executable that the embedded one refuses rather than imitates badly. */
const notEmbedded = ['agent', 'check-services', 'deregister-from', 'deregister-worker', 'extract', 'polling-proxy', 'proxy', 'register-k8s-cluster', 'register-k8s-worker', 'register-with', 'register-worker', 'watchdog'];

/**
 * The `Tentacle` executable.
 * @returns the exit code: 0, 1 expected failure, 2 unknown command, 100 any other exception (octopus-server-cli.md section 4).
 */
export async function main(argv: string[], host: TentacleHost): Promise<number> {
  const state = { instance: '', config: '', help: false, silent: false, restart: false };
  let logFile: LogFile | undefined;
  const log = (level: LogLevel, message: string): void => {
    logFile?.write(level, message);
    const error = level === 'ERROR' || level === 'FATAL';
    if (error) host.stderr(`${message}\n`);
    else if (!state.silent && (level === 'INFO' || level === 'WARN')) host.stdout(`${message}\n`);
  };
  try {
    const args = parseOptions([
      flag('nologo', () => undefined),
      flag('noconsolelogging', () => { state.silent = true; }),
      flag('help', () => { state.help = true; }),
    ], argv);
    const name = (args[0] ?? '').replace(/^\W+/, '').toLowerCase();
    const make = Object.hasOwn(commands, name) && (name !== 'update-trust' || capabilitiesOf(host.version).updatesTrust) ? commands[name] : undefined;
    if (!make || state.help) return help(host, args[0], make !== undefined, log);
    const command = make(host.version);
    state.silent ||= command.silent ?? false;
    const rest = args.slice(1).filter((arg) => !/^(--|-|\/)(console|noninteractive)$/i.test(arg));
    const target = command.target === 'none' ? [] : [valued('instance', (value) => { state.instance = value; }), valued('config', (value) => { state.config = value; })];
    const unrecognised = parseOptions([...command.options, ...target], rest);
    if (unrecognised.length > 0) throw new ControlledFailure(`Unrecognized command line arguments: ${unrecognised.join(' ')}`);

    if (command.target === 'instance') checkOverride(host, name);
    let chosen: { name: string | null; configuration: TentacleConfiguration } | undefined;
    const current = () => (chosen ??= choose(host, state.instance, state.config));
    const context: CommandContext = {
      host, log,
      configuration: () => current().configuration,
      ownCertificate: () => new OwnCertificate(current().configuration, { machineDir: host.root, userHome: host.userHome }),
      instanceName: () => current().name,
      print: (text) => host.stdout(text),
      voteForRestart: () => { state.restart = true; },
    };
    if (command.target === 'instance') logFile = new LogFile(current().configuration.home, host.env.OCTOPUS__TENTACLE__LOGLEVEL);
    // At this level the real one's log lines come before the output, JSON included.
    if (host.env.OCTOPUS__TENTACLE__LOGLEVEL?.toLowerCase() === 'trace') host.stdout('Creating and configuring the Autofac container\n');
    const exitCode = await command.run(context);
    if (state.restart) log('WARN', `These changes require a restart of the ${state.config && !state.instance ? 'service' : 'Tentacle'}.`);
    return exitCode ?? 0;
  } catch (error) {
    if (error instanceof ControlledFailure) {
      log('FATAL', error.message);
      return 1;
    }
    const failure = error instanceof UnexpectedFailure ? error : new UnexpectedFailure(error instanceof Error ? error.message : String(error), 'System.Exception');
    log('ERROR', '='.repeat(79));
    log('FATAL', describeFailure(failure).join('\n'));
    log('FATAL', [
      '-'.repeat(79), 'Terminating process with exit code 100', 'Full error details are available in the log files at:', join(host.root, 'etc', 'octopus', 'Logs'),
      'If you need help, please send these log files to https://octopus.com/support', '-'.repeat(79), '',
    ].join('\n'));
    return 100;
  }
}

/**
 * A list from the environment (tentacle-trust.md section 4): `show-thumbprint` does not read it, `show-configuration` fails by it as the
 * real one does; whatever would write it into the file or start with it is refused.
 */
function checkOverride({ env }: TentacleHost, name: string): void {
  if (env.OCTOPUS_CONTRIBUTE_ENV_SETTINGS?.toLowerCase() !== 'true' || !env.TENTACLE_TRUSTED_SERVERS || name === 'show-thumbprint') return;
  if (name === 'show-configuration') throw new UnexpectedFailure("Given configuration setting name is not supported. 'Tentacle.Services.IsRegistered'", 'System.ArgumentException');
  throw new ControlledFailure('The embedded Tentacle does not support TENTACLE_TRUSTED_SERVERS');
}

/** Which instance: `--instance`, `--config`, a `Tentacle.config` in the current folder, the instance `Tentacle` (tentacle-trust.md section 1). */
function choose(host: TentacleHost, instance: string, config: string): { name: string | null; configuration: TentacleConfiguration } {
  const open = (path: string) => {
    if (!existsSync(path)) throw new ControlledFailure(`The configuration file at ${path} could not be located at the specified location.`);
    return new TentacleConfiguration(path, {
      beforeWrite(written) {
        if (host.strikes('diskFull')) throw noSpace(written);
      },
      written: (written) => host.configurationWritten(written),
    });
  };
  const known = listInstances(host.root);
  const find = (name: string) => known.find((entry) => entry.name.toLowerCase() === name.toLowerCase());
  const available = `Available instances: ${known.map(({ name }) => name).join(', ')}.`;
  if (instance) {
    const found = find(instance);
    if (!found) throw new ControlledFailure(`Instance ${instance} of Tentacle has not been configured on this machine. ${available}`);
    return { name: found.name, configuration: open(found.configurationFile) };
  }
  if (config) return { name: null, configuration: open(resolve(host.cwd, config)) };
  const here = join(host.cwd, 'Tentacle.config');
  if (existsSync(here)) return { name: null, configuration: open(here) };
  const standard = find('Tentacle');
  if (!standard) throw new ControlledFailure(`Unable to find default instance of Tentacle. ${available}`);
  return { name: standard.name, configuration: open(standard.configurationFile) };
}

function help(host: TentacleHost, asked: string | undefined, known: boolean, log: (level: LogLevel, message: string) => void): number {
  const name = (asked ?? '').replace(/^\W+/, '').toLowerCase();
  if (name === 'version') {
    host.stdout(`${host.version}\n`);
    return 0;
  }
  if (notEmbedded.includes(name)) throw new ControlledFailure(`The embedded Tentacle does not implement the command '${name}'`);
  if (asked !== undefined && !known && name !== 'help') {
    log('ERROR', `Command '${asked}' is not supported`);
    host.stdout("See 'Tentacle help'\n");
    return 2;
  }
  host.stdout(`Usage: Tentacle <command> [<options>]\n\nWhere <command> is one of:\n\n${Object.keys(commands).map((command) => `  ${command}\n`).join('')}`);
  return asked === undefined ? 2 : 0;
}
