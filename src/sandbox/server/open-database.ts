import { machineFaults } from '../machines/faults.ts';
import { Database } from './database/database.ts';
import { foldersOf } from './folders.ts';
import { masterKeyOf, type Configuration } from './instance.ts';

/** The database as a program on this machine sees it: with what the machine is told about its way there. */
export function databaseOf(machineDir: string, configuration: Configuration): Database {
  return new Database(foldersOf(configuration).database, masterKeyOf(machineDir, configuration), () => machineFaults(machineDir).database);
}
