import { CHANGE } from './change.ts';
import { CONFIGURATION } from './configuration.ts';
import { CONTROL } from './control.ts';
import { LIST } from './list.ts';
import { LISTENING } from './listening.ts';
import { MACHINE, PRELUDE } from './machine.ts';
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
  const texts = [PRELUDE, LIST, MACHINE, SERVICE, CONTROL, RESTARTER, ...(steps[0]!['route'] === 'polling' ? [CONFIGURATION, TWINS] : [LISTENING]), CHANGE];
  return powershellText('trust of this Tentacle in an Octopus Server certificate', texts, steps.map(settingsOf));
}

/** A script of these texts, which is kept in a here-string (what runs later in a task is the same), and of settings for each step of it. */
export function powershellText(subject: string, texts: readonly string[], steps: readonly string[]): string {
  return [
    `# Octopus Rotation: ${subject}.`,
    `$script:orBody = @'\n${texts.map((text) => text.trim()).join('\n\n')}\n'@`,
    ...steps.map((step) => `$script:orSettings = @'\n${step}\n'@\n. ([scriptblock]::Create($script:orBody))\n. ([scriptblock]::Create($script:orSettings))\nOr-Main\nif ($script:orCode -ne 0) { exit $script:orCode }`),
    'exit 0',
    '',
  ].join('\n\n');
}

function settingsOf(step: Record<string, string>): string {
  const lines = Object.entries(NAMES).map(([name, variable]) => `$script:${variable} = ${name.endsWith('_seconds') ? '[int]' : ''}'${step[name]!}'`);
  // Whichever it is: the certificate beside which a twin is made, or that stays.
  return [...lines, `$script:orPartner = '${step['keep']!}${step['beside']!}'`].join('\n');
}
