import { isThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { tentacleErrors } from '../errors/tentacle.ts';
import type { RepairCommand, RepairScript, TrustRoute, TrustShell } from './contract.ts';
import { powershellScript } from './powershell/script.ts';
import { scriptOf, scriptSettings, type ScriptOptions } from './trust-script.ts';

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

const WATCH_SECONDS = 150;
const IDLE_LIMIT_SECONDS = 900;

/**
 * A script for the machine itself, in its own shell: first `trust` (for polling a twin beside each entry with `old`), restarted with the
 * usual net before the person's eyes, then, if wished, `distrust` taken away, with a second restart. Every step is skipped where it is
 * done already, so it may run twice. Exit code 0 only when all of it is in force. Thumbprints only (rule 14).
 */
export const repairScript: RepairScript = (options) => {
  const common = { route: options.route, shell: options.shell, rotationId: 'repair', fence: 0, restart: 'here' as const, place: 'host' as const, restartDelaySeconds: 0, restartWatchSeconds: WATCH_SECONDS, idleLimitSeconds: IDLE_LIMIT_SECONDS };
  const steps: ScriptOptions[] = [{ ...common, operation: 'add', thumbprint: options.trust, ...(options.old === undefined ? {} : { beside: options.old }) }];
  if (options.distrust !== undefined) steps.push({ ...common, operation: 'remove', thumbprint: options.distrust, keep: options.trust });
  if (options.shell === 'PowerShell') return powershellScript(...steps.map(scriptSettings)).replaceAll('\n', '\r\n');
  return ['#!/usr/bin/env bash', ...steps.map((step) => `(\n${scriptOf(step, 'sudo')}) || exit 1`), ''].join('\n');
};

function checked(name: string, value: string): string {
  if (!isThumbprint(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}
