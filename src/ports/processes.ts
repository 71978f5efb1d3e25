/** A process that can be told from any other that ever had its number. */
export interface ProcessIdentity { pid: number; /** Start time in the kernel's own unit, as text. */ started: string; /** Id of this boot of the machine. */ boot: string }

export interface Command {
  file: string;
  args: string[];
  env?: Record<string, string>;
  folder?: string;
  stdin?: string | Uint8Array;
  timeoutMs: number;
  /** Values to be hidden wherever this command's output is shown. */
  secrets?: string[];
}

export interface CommandResult {
  /** null when it did not end by itself: then the outcome is unknown, never "no". */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** Set when the program could not be started at all (code ENOENT, EACCES ...): nothing has happened then. */
  notStarted?: string;
}

/** Child processes and what is known of other processes, handed in. */
export interface Processes {
  readonly self: ProcessIdentity;
  run(command: Command): Promise<CommandResult>;
  /** Absolute path of a program on PATH, or null. */
  find(name: string): Promise<string | null>;
  alive(identity: ProcessIdentity): Promise<'alive' | 'dead' | 'unknown'>;
  /** The program that runs us (node), absolute. */
  readonly runtime: string;
  /** Name of this machine. */
  readonly host: string;
}
