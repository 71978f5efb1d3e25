import { CHANGE, PRELUDE } from './change.ts';
import { LIST } from './list.ts';
import { LISTENING } from './listening.ts';
import { RESTARTER } from './restarter.ts';
import { SERVICE } from './service.ts';
import { TWINS } from './twins.ts';

/** Names of the settings as the PowerShell text knows them. */
const NAMES: Record<string, string> = {
  rotation: 'orRotation', fence: 'orFence', route: 'orRoute', operation: 'orOperation', thumbprint: 'orThumbprint', place: 'orPlace',
  restart: 'orRestartHow', delay_seconds: 'orDelaySeconds', watch_seconds: 'orWatchSeconds', idle_seconds: 'orIdleSeconds',
};

/**
 * The trust script for Windows (Windows PowerShell 5.1 or later; the Tentacle's account must be an administrator, as its service's
 * usually is). The steps are checked settings of one route, done in this order until one of them fails. What runs later in a scheduled
 * task is this same text, kept in a here-string.
 */
export function powershellScript(...steps: Record<string, string>[]): string {
  const body = [PRELUDE, LIST, SERVICE, RESTARTER, steps[0]!['route'] === 'polling' ? TWINS : LISTENING, CHANGE].map((text) => text.trim());
  return [
    '# Octopus Rotation: trust of this Tentacle in an Octopus Server certificate.',
    `$script:orBody = @'\n${body.join('\n\n')}\n'@`,
    ...steps.map((step) => `$script:orSettings = @'\n${settingsOf(step)}\n'@\n. ([scriptblock]::Create($script:orBody))\n. ([scriptblock]::Create($script:orSettings))\nOr-Main\nif ($script:orCode -ne 0) { exit $script:orCode }`),
    'exit 0',
    '',
  ].join('\n\n');
}

function settingsOf(step: Record<string, string>): string {
  const lines = Object.entries(NAMES).map(([name, variable]) => `$script:${variable} = ${name.endsWith('_seconds') ? '[int]' : ''}'${step[name]!}'`);
  // Whichever it is: the certificate beside which a twin is made, or that stays.
  return [...lines, `$script:orPartner = '${step['keep']!}${step['beside']!}'`].join('\n');
}
