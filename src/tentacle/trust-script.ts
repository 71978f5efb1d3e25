import { isThumbprint } from '../certificates/thumbprint.ts';
import { tentacleErrors } from '../errors/tentacle.ts';
import { CHANGE } from './bash/change.ts';
import { CONFIGURATION } from './bash/configuration.ts';
import { LIST } from './bash/list.ts';
import { LISTENING } from './bash/listening.ts';
import { POLLING } from './bash/polling.ts';
import { RESTARTER } from './bash/restarter.ts';
import { SERVICE } from './bash/service.ts';
import { TWINS } from './bash/twins.ts';
import type { TrustScript } from './contract.ts';
import { powershellScript } from './powershell/script.ts';

const ROTATION_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const MOST_SECONDS = 86_400;

/** How the script restarts: as a phase asks, or before the eyes of the person who runs it on the machine. */
export type ScriptOptions = Omit<Parameters<TrustScript>[0], 'restart'> & { restart: 'detached' | 'none' | 'here' };

/**
 * The script by which a Tentacle changes its own trust list (tentacle-trust.md sections 2 to 6; rules 3, 9, 14; A2, A3, A6, A19,
 * A25, A37 to A39, A41, D15). Bash needs coreutils, awk, sed, flock and, for a restart, systemd; as root, or through `sudo -n` where
 * that is allowed. Ends with one line for machine-result.ts and exit code 0 whenever it can say its result.
 * Throws TRUST_SCRIPT_TOKEN for anything but typed tokens.
 */
export const trustScript: TrustScript = (options) => {
  matching('restart', options.restart, /^(detached|none)$/);
  return scriptOf(options, 'sudo -n');
};

/** The same for repair.ts: `restart: here`, and a sudo that may ask for a password. */
export function scriptOf(options: ScriptOptions, sudo: 'sudo' | 'sudo -n'): string {
  const values = scriptSettings(options);
  return options.shell === 'PowerShell' ? powershellScript(values) : bashScript(values, sudo);
}

function bashScript(values: Record<string, string>, sudo: 'sudo' | 'sudo -n'): string {
  const settings = Object.entries(values).map(([name, value]) => [`or_${name}`, value] as const);
  const names = settings.map(([name]) => name).join(' ');
  const shell = `bash -c "$(declare -p ${names}; declare -f $(compgen -A function or_)); or_main"`;
  const allowed = sudo === 'sudo' ? 'command -v sudo >/dev/null 2>&1' : 'sudo -n true >/dev/null 2>&1';
  return [
    '# Octopus Rotation: trust of this Tentacle in an Octopus Server certificate.',
    settings.map(([name, value]) => `${name}='${value}'`).join('\n'),
    ...[LIST, SERVICE, RESTARTER, ...(values['route'] === 'polling' ? [TWINS, CONFIGURATION, POLLING] : [LISTENING]), CHANGE].map((text) => text.trim()),
    // A shell of its own either way: the one that Calamari prepared keeps its options and its variables.
    `if test "$(id -u)" != 0 && ${allowed}; then
  ${sudo} env "PATH=$PATH" "TentacleExecutablePath=$TentacleExecutablePath" "TentacleInstanceName=$TentacleInstanceName" "TentacleHome=$TentacleHome" \\
    "OCTOPUS_CONTRIBUTE_ENV_SETTINGS=$OCTOPUS_CONTRIBUTE_ENV_SETTINGS" "TENTACLE_TRUSTED_SERVERS=$TENTACLE_TRUSTED_SERVERS" \\
    ${shell} </dev/null
else
  ${shell} </dev/null
fi`,
    '',
  ].join('\n\n');
}

/** Everything that a script is told, as tokens of fixed form (rule 14). */
export function scriptSettings(options: ScriptOptions): Record<string, string> {
  const route = matching('route', options.route ?? 'listening', /^(listening|polling)$/);
  const shell = matching('shell', options.shell ?? 'Bash', /^(Bash|PowerShell)$/);
  // Only a polling Tentacle goes by update-trust, and only Bash has the job that goes back by itself.
  const operation = matching('operation', options.operation, route === 'polling' && shell === 'Bash' ? /^(observe|add|remove|update-trust)$/ : /^(observe|add|remove)$/);
  const besides = route === 'polling' && (operation === 'add' || operation === 'update-trust');
  return {
    rotation: matching('rotationId', options.rotationId, ROTATION_ID),
    fence: whole('fence', options.fence, Number.MAX_SAFE_INTEGER),
    route,
    operation,
    thumbprint: thumbprint('thumbprint', options.thumbprint),
    keep: operation === 'remove' ? otherThan(options.thumbprint, 'keep', options.keep) : '',
    beside: besides ? otherThan(options.thumbprint, 'beside', options.beside) : '',
    place: matching('place', options.place ?? 'tentacle', /^(tentacle|host)$/),
    restart: matching('restart', options.restart, /^(detached|none|here)$/),
    delay_seconds: whole('restartDelaySeconds', options.restartDelaySeconds, MOST_SECONDS),
    watch_seconds: whole('restartWatchSeconds', options.restartWatchSeconds, MOST_SECONDS),
    idle_seconds: whole('idleLimitSeconds', options.idleLimitSeconds, MOST_SECONDS),
    return_seconds: operation === 'update-trust' ? whole('returnAfterSeconds', options.returnAfterSeconds ?? -1, MOST_SECONDS) : '0',
  };
}

function otherThan(taken: string, name: string, value: string | undefined): string {
  const other = thumbprint(name, value ?? '');
  if (other === taken) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value: other });
  return other;
}

function thumbprint(name: string, value: string): string {
  if (!isThumbprint(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}

function matching(name: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}

function whole(name: string, value: number, most: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || value > most) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value: String(value) });
  return String(value);
}
