import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultInstance, listInstances, readConfiguration, type InstanceRecord } from '../instance.ts';
import { databaseOf } from '../open-database.ts';
import { exportCertificate, importCertificate, newCertificate, showThumbprint } from './certificate-commands.ts';
import type { Command } from './command.ts';
import { ControlledFailure, print, printError, terminationBlock } from './console.ts';
import { listInstancesCommand, path, showConfiguration, versionCommand } from './instance-commands.ts';
import { node } from './node-command.ts';
import { optionsIn } from '../version-differences.ts';
import { version } from './version.ts';
import { parseOptions } from './options.ts';
import { run } from './run-command.ts';
import { service } from './service-command.ts';

const commands: Record<string, Command> = {
  'export-certificate': exportCertificate, 'import-certificate': importCertificate, 'list-instances': listInstancesCommand, 'new-certificate': newCertificate, node, path, run, service,
  'show-configuration': showConfiguration, 'show-thumbprint': showThumbprint, version: versionCommand,
};

/** Commands of a real server that this sandbox does not have: refused by name, so that nobody takes a typo for a gap. */
const notSimulated = ['admin', 'builtin-worker', 'checkservices', 'configure', 'create-instance', 'database', 'delete-instance', 'license', 'lost-master-key', 'proxy', 'regenerate-certificate', 'rotate-master-key', 'set-master-key', 'show-master-key', 'ssl-certificate', 'watchdog'];

function help(): void {
  print('Usage: Octopus.Server <command> [<options>]');
  print('');
  print('Where <command> is one of:');
  print('');
  for (const [name, { summary }] of Object.entries(commands)) print(`  ${name.padEnd(22)} ${summary}`);
  print('');
  print('Or use --help <command> for more details.');
}

function commandHelp(name: string, command: Command): void {
  print(`Usage: Octopus.Server ${name} [<options>]`);
  print('');
  print('Where [<options>] is any of:');
  print('');
  for (const [names, kind] of Object.entries({ instance: 'value', config: 'value', ...command.options })) print(`      --${names.split('|').join(', --')}${kind === 'value' ? '=VALUE' : ''}`);
}

function chosenInstance(machineDir: string, options: Map<string, string>): InstanceRecord {
  const config = options.get('config');
  if (config !== undefined) {
    if (!existsSync(config)) throw new ControlledFailure(`Specified configuration file ${config} does not exist.`);
    return { name: defaultInstance, configurationFile: config };
  }
  const instances = listInstances(machineDir);
  const available = `Available instances: ${instances.map(({ name }) => name).join(', ')}.`;
  const wanted = options.get('instance');
  const found = instances.find(({ name }) => name.toLowerCase() === (wanted ?? defaultInstance).toLowerCase());
  if (found) return found;
  throw new ControlledFailure(wanted === undefined ? `Unable to find default instance of Octopus Server. ${available}` : `Instance ${wanted} of Octopus Server has not been configured on this machine. ${available}`);
}

async function perform(machineDir: string, name: string, command: Command, args: string[]): Promise<number> {
  const common = command.standalone ? {} : name === 'service' ? { instance: 'value' as const } : { instance: 'value' as const, config: 'value' as const };
  const { values, unrecognized, missing } = parseOptions(args, { ...common, help: 'flag', ...optionsIn(version(machineDir), command) });
  if (values.has('help')) {
    commandHelp(name, command);
    return 0;
  }
  if (unrecognized.length > 0) throw new ControlledFailure(`Unrecognized command line arguments: ${unrecognized.join(' ')}`);
  if (missing.length > 0) throw new Error(`Missing required value for option '--${missing[0]}'.`);
  const instance = command.standalone ? { name: '', configurationFile: '' } : chosenInstance(machineDir, values);
  const configuration = command.standalone ? new Map<string, string>() : readConfiguration(instance.configurationFile);
  const database = () => databaseOf(machineDir, configuration);
  return (await command.run({ machineDir, options: values, instance, configuration, database })) ?? 0;
}

/** `Octopus.Server <command> [<options>]` with the exit codes and streams of octopus-server-cli.md section 4. */
export async function main(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const machineDir = environment.SANDBOX_MACHINE;
  if (!machineDir) {
    printError('sandbox: SANDBOX_MACHINE is not set; start Octopus.Server through the wrapper of a sandbox machine.');
    return 1;
  }
  const [first, ...rest] = args.filter((argument) => !/^(?:--|-|\/)(?:console|noninteractive|nologo|noconsolelogging)$/i.test(argument));
  const name = first?.toLowerCase() ?? '';
  if (['help', '--help', '-h', '-?', '/?'].includes(name)) {
    const asked = rest[0]?.toLowerCase();
    if (asked && commands[asked]) commandHelp(asked, commands[asked]);
    else help();
    return 0;
  }
  const command = commands[name];
  if (!command) {
    if (first !== undefined) printError(notSimulated.includes(name) ? `sandbox: the command '${first}' is not simulated` : `Command '${first}' is not supported`);
    help();
    return 2;
  }
  try {
    return await perform(machineDir, name, command, rest);
  } catch (error) {
    if (error instanceof ControlledFailure) {
      printError(error.message);
      return 1;
    }
    printError(error instanceof Error ? error.stack ?? error.message : String(error));
    printError(terminationBlock(100, join(machineDir, 'octopus', 'Logs')));
    return 100;
  }
}
