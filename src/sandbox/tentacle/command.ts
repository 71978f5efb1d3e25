import type { TentacleConfiguration } from './configuration.ts';
import type { LogLevel } from './log-file.ts';
import type { OwnCertificate } from './own-certificate.ts';
import type { Option } from './options.ts';

/**
 * What commands can be told to do wrong: those that write trust fail; an import fails; what is written finds no space; a certificate
 * that is made comes out with SHA-1, as on old Windows.
 */
export type TentacleTrouble = 'configureFails' | 'importFails' | 'diskFull' | 'sha1Certificates';

/** What the executable runs in: the machine it is on, and its streams. */
export interface TentacleHost {
  /** The folder that plays `/` of the machine. */
  root: string;
  cwd: string;
  env: Record<string, string | undefined>;
  /** The path that is written into units: the machine's `Tentacle`. */
  executable: string;
  version: string;
  /** On a Windows machine: the program that controls its services. */
  windowsServices?: string;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Runs a program of the machine to its end. */
  run(command: string[]): { exitCode: number; output: string };
  /** Told of every write of a configuration file. */
  configurationWritten(path: string): void;
  /** The home of the user whose certificate store is used; null where there is no such store (Windows). */
  userHome: string | null;
  /** Whether this is to go wrong now: each yes may use up one of its times. */
  strikes(trouble: TentacleTrouble): boolean;
  /** Becomes the agent; resolves with the exit code. */
  runAgent(configuration: TentacleConfiguration, instanceName: string | null): Promise<number>;
}

/** What a command's body works with. */
export interface CommandContext {
  host: TentacleHost;
  /** Throws the documented failures when no instance can be chosen. */
  configuration(): TentacleConfiguration;
  ownCertificate(): OwnCertificate;
  instanceName(): string | null;
  log(level: LogLevel, message: string): void;
  /** Text that is not a log line: it goes to stdout as it is. */
  print(text: string): void;
  voteForRestart(): void;
}

export interface Command {
  /** `instance`: takes `--instance` and `--config`; `none`: has whatever options it declares itself. */
  target: 'instance' | 'none';
  /** Only what {@link CommandContext.print} prints reaches stdout. */
  silent?: boolean;
  options: Option[];
  run(context: CommandContext): void | number | Promise<void | number>;
}
