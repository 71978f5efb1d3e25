import type { OptionSpec } from './options.ts';
import type { Configuration } from '../instance.ts';
import type { Database } from '../database/database.ts';

/** What a command sees of the machine it runs on. */
export interface CommandContext {
  machineDir: string;
  /** Values by the first name of each option. */
  options: Map<string, string>;
  instance: { name: string; configurationFile: string };
  configuration: Configuration;
  database(): Database;
}

export interface Command {
  options: OptionSpec;
  summary: string;
  /** Works without an instance. */
  standalone?: boolean;
  /** Resolves with an exit code when it is not 0. */
  run(context: CommandContext): Promise<number | void> | number | void;
}

export const compatibility: OptionSpec = { skipDatabaseCompatibilityCheck: 'flag', skipDatabaseSchemaUpgradeCheck: 'flag' };
