import { writeFileSync } from 'node:fs';
import { listInstances, masterKeyName, writeConfiguration, type Configuration } from '../instance.ts';
import { compatibility, type Command, type CommandContext } from './command.ts';
import { ControlledFailure, print, restartNotice } from './console.ts';
import { version } from './version.ts';

const formatOf = ({ options }: CommandContext, allowed: string[]): string => {
  const format = options.get('format') ?? allowed[0] ?? '';
  const found = allowed.find((candidate) => candidate.toLowerCase() === format.toLowerCase());
  if (!found) throw new ControlledFailure(`The format '${format}' is not supported. Try ${allowed.join(' or ')}.`);
  return found;
};

export const listInstancesCommand: Command = {
  standalone: true, summary: 'Lists all installed Octopus instances', options: { format: 'value' },
  run: (context) => {
    const instances = listInstances(context.machineDir);
    if (formatOf(context, ['text', 'json']) === 'json') print(JSON.stringify(instances.map(({ name, configurationFile }) => ({ InstanceName: name, ConfigurationFilePath: configurationFile })), null, 2));
    else if (instances.length === 0) print('No instances installed');
    else instances.forEach(({ name, configurationFile }) => print(`Instance '${name}' uses configuration '${configurationFile}'.`));
  },
};

export const versionCommand: Command = {
  standalone: true, summary: 'Show the Octopus Server version information', options: { format: 'value' },
  run: (context) => {
    const number = version(context.machineDir);
    print(formatOf(context, ['text', 'json']) === 'json' ? JSON.stringify({ Version: number }) : number);
  },
};

/** The master key is never shown by this command. */
function shown(configuration: Configuration): [string, string][] {
  return [...configuration].filter(([key]) => key !== masterKeyName).sort(([a], [b]) => (a < b ? -1 : 1));
}

function nested(entries: [string, string][]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    const parts = key.split('.');
    const last = parts.pop() ?? '';
    const owner = parts.reduce<Record<string, unknown>>((at, part) => (at[part] ??= {}) as Record<string, unknown>, root);
    owner[last] = value;
  }
  return root;
}

export const showConfiguration: Command = {
  summary: 'Outputs the server configuration', options: { file: 'value', format: 'value' },
  run: (context) => {
    const entries = shown(context.configuration);
    const format = formatOf(context, ['XML', 'json', 'json-hierarchical']);
    const xml = () => `<?xml version="1.0" encoding="utf-8"?>\n<octopus-settings>\n${entries.map(([key, value]) => `  <set key="${key}">${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</set>`).join('\n')}\n</octopus-settings>`;
    const text = format === 'XML' ? xml() : JSON.stringify(format === 'json' ? Object.fromEntries(entries) : nested(entries), null, 2);
    const file = context.options.get('file');
    if (file) writeFileSync(file, text);
    else print(text);
  },
};

const folders: Record<string, string> = {
  cacheDirectory: 'Octopus.Storage.CacheDirectory', clusterShared: 'Octopus.Folder.ClusterSharedDirectory', nugetRepository: 'Octopus.Folder.NuGetRepositoryDirectory', artifacts: 'Octopus.Folder.ArtifactsDirectory',
  imports: 'Octopus.Folder.ImportsDirectory', taskLogs: 'Octopus.Folder.TaskLogsDirectory', eventExports: 'Octopus.Folder.EventExportsDirectory', telemetry: 'Octopus.Folder.TelemetryDirectory',
};

export const path: Command = {
  summary: 'Set the file paths that Octopus will use for storage', options: { ...Object.fromEntries(Object.keys(folders).map((name) => [name, 'value' as const])), ...compatibility },
  run: ({ options, configuration, instance }) => {
    const given = Object.keys(folders).filter((name) => options.has(name));
    if (given.length === 0) return;
    for (const name of given) {
      configuration.set(folders[name] ?? '', options.get(name) ?? '');
      print(`${name} set to: ${options.get(name)}`);
    }
    writeConfiguration(instance.configurationFile, configuration);
    print(restartNotice);
  },
};
