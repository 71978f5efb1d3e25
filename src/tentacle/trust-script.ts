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

const ROTATION_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const MOST_SECONDS = 86_400;

/**
 * The Bash script by which a Linux Tentacle changes its own trust list (tentacle-trust.md sections 2 to 6; rules 3, 9, 14; A3, A6, A19,
 * A25, A37 to A39, A41, D15). Needs bash, coreutils, awk, sed, flock and, for a restart, systemd. As root, or through `sudo -n` where
 * that is allowed. Ends with one line for machine-result.ts and exit code 0 whenever it can say its result.
 * Throws TRUST_SCRIPT_TOKEN for anything but typed tokens.
 */
export const trustScript: TrustScript = (options) => {
  const route = matching('route', options.route ?? 'listening', /^(listening|polling)$/);
  matching('shell', options.shell ?? 'Bash', /^Bash$/);
  const values: [string, string][] = [
    ['or_rotation', matching('rotationId', options.rotationId, ROTATION_ID)],
    ['or_fence', whole('fence', options.fence, Number.MAX_SAFE_INTEGER)],
    ['or_route', route],
    ['or_operation', matching('operation', options.operation, /^(observe|add|remove)$/)],
    ['or_thumbprint', thumbprint('thumbprint', options.thumbprint)],
    ['or_keep', options.operation === 'remove' ? otherThan(options.thumbprint, 'keep', options.keep) : ''],
    ['or_beside', route === 'polling' && options.operation === 'add' ? otherThan(options.thumbprint, 'beside', options.beside) : ''],
    ['or_place', matching('place', options.place ?? 'tentacle', /^(tentacle|host)$/)],
    ['or_restart', matching('restart', options.restart, /^(detached|none)$/)],
    ['or_delay_seconds', whole('restartDelaySeconds', options.restartDelaySeconds, MOST_SECONDS)],
    ['or_watch_seconds', whole('restartWatchSeconds', options.restartWatchSeconds, MOST_SECONDS)],
    ['or_idle_seconds', whole('idleLimitSeconds', options.idleLimitSeconds, MOST_SECONDS)],
  ];
  const names = values.map(([name]) => name).join(' ');
  const settings = values.map(([name, value]) => `${name}='${value}'`).join('\n');
  return [
    '# Octopus Rotation: trust of this Tentacle in an Octopus Server certificate.',
    settings,
    LIST.trim(),
    SERVICE.trim(),
    RESTARTER.trim(),
    ...(route === 'polling' ? [TWINS, CONFIGURATION, POLLING] : [LISTENING]).map((text) => text.trim()),
    CHANGE.trim(),
    // A shell of its own either way: the one that Calamari prepared keeps its options and its variables.
    `if test "$(id -u)" != 0 && sudo -n true >/dev/null 2>&1; then
  sudo -n env "PATH=$PATH" "TentacleExecutablePath=$TentacleExecutablePath" "TentacleInstanceName=$TentacleInstanceName" "TentacleHome=$TentacleHome" \\
    "OCTOPUS_CONTRIBUTE_ENV_SETTINGS=$OCTOPUS_CONTRIBUTE_ENV_SETTINGS" "TENTACLE_TRUSTED_SERVERS=$TENTACLE_TRUSTED_SERVERS" \\
    bash -c "$(declare -p ${names}; declare -f $(compgen -A function or_)); or_main" </dev/null
else
  bash -c "$(declare -p ${names}; declare -f $(compgen -A function or_)); or_main" </dev/null
fi`,
    '',
  ].join('\n\n');
};

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
