/** What a command of the command line may touch of its surroundings. Handed in, so that a test sees what a user sees. */
export interface Io {
  /** One line (or several) on standard output. */
  out(text: string): void;
  /** One line (or several) on standard error. */
  error(text: string): void;
  /** Standard output without a line end: for lines that are rewritten on a terminal. */
  write(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from, and below which results are put. */
  readonly folder: string;
  /** Standard output is a terminal that lines may be rewritten on. */
  readonly isTerminal: boolean;
  /** Width of the terminal in characters; 80 where there is none or it says 0. */
  readonly columns: number;
}

/** A command: arguments after its own name in, exit code out. Refusals are thrown; main.ts shows them. */
export type RunCommand = (args: string[], io: Io) => Promise<number>;

/** The surroundings of this process. */
export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    write: (text) => void process.stdout.write(text),
    environment: process.env,
    folder: process.cwd(),
    isTerminal: process.stdout.isTTY === true && process.env['TERM'] !== 'dumb' && process.env['NO_COLOR'] === undefined && process.env['CI'] === undefined,
    columns: process.stdout.columns || 80,
  };
}
