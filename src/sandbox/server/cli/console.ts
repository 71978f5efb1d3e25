/** An expected failure: its text on stderr and exit code 1, without a stack trace. */
export class ControlledFailure extends Error {
  override name = 'ControlledFailure';
}

/** Info and Warn go to stdout, Error and Fatal to stderr (octopus-server-cli.md section 4). */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);
export const printError = (line: string): void => void process.stderr.write(`${line}\n`);

export const restartNotice = 'These changes require a restart of the Octopus Server.';

/** What every code but 0, 1 and 2 ends with. */
export function terminationBlock(exitCode: number, logFolder: string): string {
  const rule = '-'.repeat(79);
  return `${rule}\nTerminating process with exit code ${exitCode}\nFull error details are available in the log files at: ${logFolder}\n${rule}`;
}
