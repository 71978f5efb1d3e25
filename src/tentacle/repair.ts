import { isThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { tentacleErrors } from '../errors/tentacle.ts';
import type { RepairCommand, RepairScript, TrustRoute, TrustShell } from './contract.ts';

interface Options { route?: TrustRoute; shell?: TrustShell; trust: Thumbprint; distrust?: Thumbprint }

/**
 * One line that mends a listening Tentacle left behind, to be pasted into a shell of somebody who may use sudo, or into an elevated
 * PowerShell. It works whether Tentacle is on PATH or in its usual folder, holds nothing but thumbprints (rule 14), and may run twice.
 * The Tentacle is restarted, as it reads its list only when it starts (tentacle-trust.md sections 2, 3, 5).
 * null for polling: what `configure --trust` adds there is never polled, and `--remove-trust` orphans the Tentacle (A2, A3).
 */
export const repairCommand = ((options: Options): string | null => {
  const trust = checked('trust', options.trust);
  const distrust = options.distrust === undefined ? '' : ` --remove-trust ${checked('distrust', options.distrust)}`;
  if (options.route === 'polling') return null;
  const configure = `configure --instance Tentacle${distrust} --trust ${trust}`;
  const restart = 'service --instance Tentacle --stop --start';
  if (options.shell === 'PowerShell') {
    // No && in Windows PowerShell 5.1; single quotes only, so that nothing is expanded where it is pasted.
    return `$t = 'Tentacle.exe'; if (-not (Get-Command $t -ErrorAction SilentlyContinue)) { $t = $env:ProgramFiles + '\\Octopus Deploy\\Tentacle\\Tentacle.exe' }; & $t ${configure}; if ($LASTEXITCODE -eq 0) { & $t ${restart} }`;
  }
  return `sudo env "PATH=$PATH:/opt/octopus/tentacle" sh -c 'Tentacle ${configure} && Tentacle ${restart}'`;
}) as RepairCommand;

/** The same as a script of its own, for the artifacts of a report. */
export const repairScript: RepairScript = (options) => {
  const command = repairCommand(options);
  if (command === null) throw new TypeError('No script can be made for a polling Tentacle.');
  return options.shell === 'PowerShell' ? `${command}\r\n` : `#!/bin/sh\nset -eu\n${command}\n`;
};

function checked(name: string, value: string): string {
  if (!isThumbprint(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}
