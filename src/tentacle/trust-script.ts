import { tentacleErrors } from '../errors/tentacle.ts';
import { CHANGE } from './bash/change.ts';
import { CONTROL } from './bash/control.ts';
import { CONFIGURATION } from './bash/configuration.ts';
import { INSTANCES } from './bash/instances.ts';
import { LIST } from './bash/list.ts';
import { LISTENING } from './bash/listening.ts';
import { MACHINE } from './bash/machine.ts';
import { POLLING } from './bash/polling.ts';
import { RESTARTER } from './bash/restarter.ts';
import { bashText, type Sudo } from './bash/script.ts';
import { SERVICE } from './bash/service.ts';
import { TWINS } from './bash/twins.ts';
import type { TrustScript } from './contract.ts';
import { powershellScript } from './powershell/script.ts';
import { matching, MOST_SECONDS, ROTATION_ID, thumbprint, whole } from './tokens.ts';

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
export function scriptOf(options: ScriptOptions, sudo: Sudo): string {
  const values = scriptSettings(options);
  return options.shell === 'PowerShell' ? powershellScript(values) : bashScript(values, sudo);
}

function bashScript(values: Record<string, string>, sudo: Sudo): string {
  return bashText('trust of this Tentacle in an Octopus Server certificate', values, [LIST, MACHINE, SERVICE, CONTROL, RESTARTER, ...(values['route'] === 'polling' ? [TWINS, INSTANCES, CONFIGURATION, POLLING] : [LISTENING]), CHANGE], sudo);
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
