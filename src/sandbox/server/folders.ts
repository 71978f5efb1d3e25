import { join } from 'node:path';
import type { Configuration } from './instance.ts';

/** Where a node keeps files; `Octopus.Server path` may have moved some of them. */
export interface Folders { home: string; database: string; packages: string; artifacts: string; taskLogs: string }

export function foldersOf(configuration: Configuration): Folders {
  const home = configuration.get('Octopus.Home') ?? '';
  const shared = configuration.get('Octopus.Folder.ClusterSharedDirectory') || home;
  const of = (key: string, name: string) => configuration.get(key) || join(shared, name);
  return {
    home,
    database: (configuration.get('Octopus.Storage.ExternalDatabaseConnectionString') ?? '').replace(/^Data Source=/, ''),
    packages: of('Octopus.Folder.NuGetRepositoryDirectory', 'packages'),
    artifacts: of('Octopus.Folder.ArtifactsDirectory', 'artifacts'),
    taskLogs: of('Octopus.Folder.TaskLogsDirectory', 'tasklogs'),
  };
}
